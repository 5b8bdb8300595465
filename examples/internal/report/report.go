// Package report evaluates a classifier: precision and recall of each class, the
// confusion matrix, the area under the ROC curve and the log loss. The numbers and the
// output are those of scikit-learn.
package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Score has the scores of a class, or an average over classes, in the range from 0 to 1.
// Support is the number of true samples.
type Score struct {
	Name                  string
	Precision, Recall, F1 float64
	Support               int
}

// Report is the result of [Classification]. Confusion has the classes in the same order.
type Report struct {
	Classes                       []Score
	Accuracy                      float64
	MacroAverage, WeightedAverage Score
	Confusion                     ConfusionMatrix
	neverPredicted, neverTrue     []string
}

// Classification compares predicted classes with the true classes at the same index. The
// classes are 0 to len(names)-1. If names is nil, the classes are those that occur, in
// ascending order, and their names are their numbers. It returns an error if the slices
// are empty or have different lengths, and if a class has no name.
//
// Precision and recall are 0 if their divisor is zero; see [Report.Warnings].
func Classification(yTrue, yPred []int, names []string) (*Report, error) {
	if len(yTrue) == 0 || len(yTrue) != len(yPred) {
		return nil, fmt.Errorf("report: %d true and %d predicted classes; want equal numbers, at least 1",
			len(yTrue), len(yPred))
	}
	if names == nil {
		yTrue, yPred, names = numbered(yTrue, yPred)
	}
	m, err := Confusion(yTrue, yPred, len(names))
	if err != nil {
		return nil, err
	}
	r := &Report{Confusion: m}
	hits := 0
	for c, name := range names {
		r.addClass(c, name)
		hits += m[c][c]
	}
	r.Accuracy = float64(hits) / float64(len(yTrue))
	r.MacroAverage = average("macro avg", r.Classes, func(Score) float64 { return 1 })
	r.WeightedAverage = average("weighted avg", r.Classes, func(s Score) float64 { return float64(s.Support) })
	return r, nil
}

// numbered replaces each class by its rank among the classes that occur.
func numbered(yTrue, yPred []int) (rankTrue, rankPred []int, names []string) {
	classes := slices.Concat(yTrue, yPred)
	slices.Sort(classes)
	classes = slices.Compact(classes)
	ranks := func(y []int) []int {
		out := make([]int, len(y))
		for i, c := range y {
			out[i], _ = slices.BinarySearch(classes, c)
		}
		return out
	}
	for _, c := range classes {
		names = append(names, strconv.Itoa(c))
	}
	return ranks(yTrue), ranks(yPred), names
}

func (r *Report) addClass(c int, name string) {
	hits, truly, predicted := r.Confusion[c][c], 0, 0
	for k := range r.Confusion {
		truly += r.Confusion[c][k]
		predicted += r.Confusion[k][c]
	}
	if predicted == 0 {
		r.neverPredicted = append(r.neverPredicted, name)
	}
	if truly == 0 {
		r.neverTrue = append(r.neverTrue, name)
	}
	r.Classes = append(r.Classes, Score{
		Name:      name,
		Precision: ratio(hits, predicted),
		Recall:    ratio(hits, truly),
		F1:        ratio(2*hits, truly+predicted),
		Support:   truly,
	})
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

func average(name string, classes []Score, weight func(Score) float64) Score {
	out := Score{Name: name}
	total := 0.0
	for _, s := range classes {
		w := weight(s)
		total += w
		out.Precision += w * s.Precision
		out.Recall += w * s.Recall
		out.F1 += w * s.F1
		out.Support += s.Support
	}
	out.Precision /= total
	out.Recall /= total
	out.F1 /= total
	return out
}

// Warnings returns a sentence about the classes that are never predicted, whose
// precision is 0 by definition, and one about the classes that have no true samples,
// whose recall is 0. It returns nil if there are no such classes.
func (r *Report) Warnings() []string {
	var out []string
	if len(r.neverPredicted) > 0 {
		out = append(out, "The precision is 0 for classes that are never predicted: "+strings.Join(r.neverPredicted, ", "))
	}
	if len(r.neverTrue) > 0 {
		out = append(out, "The recall is 0 for classes without true samples: "+strings.Join(r.neverTrue, ", "))
	}
	return out
}

// String returns the format of scikit-learn's classification_report. In contrast to
// scikit-learn, the support is always an integer; scikit-learn prints it with a decimal
// if no sample is predicted correctly.
func (r *Report) String() string {
	width := len(r.WeightedAverage.Name)
	for _, s := range r.Classes {
		width = max(width, len([]rune(s.Name)))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%*s  %9s %9s %9s %9s\n\n", width, "", "precision", "recall", "f1-score", "support")
	line := func(s Score) {
		fmt.Fprintf(&b, "%*s  %9.2f %9.2f %9.2f %9d\n", width, s.Name, s.Precision, s.Recall, s.F1, s.Support)
	}
	for _, s := range r.Classes {
		line(s)
	}
	fmt.Fprintf(&b, "\n%*s  %9s %9s %9.2f %9d\n", width, "accuracy", "", "", r.Accuracy, r.MacroAverage.Support)
	line(r.MacroAverage)
	line(r.WeightedAverage)
	return b.String()
}
