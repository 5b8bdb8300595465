package report

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
)

// golden is the content of the file that testdata/make_golden.py writes.
type golden struct {
	Reports []struct {
		Name, Text, Matrix string
		True, Pred         []int
		Names              []string
	}
	Scores []struct {
		True         []int
		Score        []float64
		AUC, LogLoss float64
	}
}

func readGolden(t *testing.T) (g golden) {
	t.Helper()
	data, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestClassificationAsScikitLearn(t *testing.T) {
	for _, c := range readGolden(t).Reports {
		t.Run(c.Name, func(t *testing.T) {
			r, err := Classification(c.True, c.Pred, c.Names)
			if err != nil {
				t.Fatal(err)
			}
			if got := r.String(); got != c.Text {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.Text)
			}
			if got := r.Confusion.String(); got != c.Matrix {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.Matrix)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	for _, c := range []struct {
		yTrue, yPred []int
		want         string
	}{
		{[]int{0, 1}, []int{0, 1}, ""},
		{[]int{0, 1}, []int{0, 0}, "The precision is 0 for classes that are never predicted: malignant"},
		{[]int{0, 0}, []int{0, 1}, "The recall is 0 for classes without true samples: malignant"},
	} {
		r, err := Classification(c.yTrue, c.yPred, []string{"benign", "malignant"})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(r.Warnings(), "; "); got != c.want {
			t.Errorf("%v, %v: got %q, want %q", c.yTrue, c.yPred, got, c.want)
		}
	}
}

func TestClassificationErrors(t *testing.T) {
	names := []string{"a", "b"}
	for _, c := range []struct {
		yTrue, yPred []int
		want         string
	}{
		{nil, nil, "0 true and 0 predicted"},
		{[]int{1}, []int{1, 0}, "1 true and 2 predicted"},
		{[]int{0, 2}, []int{0, 1}, "sample 1: true class 2, predicted class 1; want 0 to 1"},
		{[]int{0}, []int{-1}, "sample 0: true class 0, predicted class -1; want 0 to 1"},
	} {
		_, err := Classification(c.yTrue, c.yPred, names)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, %v: got %v, want %q", c.yTrue, c.yPred, err, c.want)
		}
	}
	if _, err := Confusion([]int{0}, nil, 2); err == nil {
		t.Error("Confusion accepts slices of different lengths")
	}
	if _, err := Confusion(nil, nil, -1); err == nil {
		t.Error("Confusion accepts -1 classes")
	}
}

func TestScores(t *testing.T) {
	for i, c := range readGolden(t).Scores {
		if got := AUC(c.True, c.Score); math.Abs(got-c.AUC) > 1e-12 {
			t.Errorf("case %d: AUC %v, want %v", i, got, c.AUC)
		}
		if got := LogLoss(c.True, c.Score); math.Abs(got-c.LogLoss) > 1e-12 {
			t.Errorf("case %d: log loss %v, want %v", i, got, c.LogLoss)
		}
	}
}

func TestScoresOfBadInput(t *testing.T) {
	for name, v := range map[string]float64{
		"AUC of nothing":           AUC(nil, nil),
		"AUC of one class":         AUC([]int{1, 1}, []float64{0.1, 0.2}),
		"AUC of lengths":           AUC([]int{1, 0}, []float64{0.1}),
		"AUC of NaN":               AUC([]int{1, 0}, []float64{0.1, math.NaN()}),
		"log loss of nothing":      LogLoss(nil, nil),
		"log loss of lengths":      LogLoss([]int{1}, nil),
		"log loss of a percentage": LogLoss([]int{1}, []float64{50}),
		"log loss of NaN":          LogLoss([]int{1}, []float64{math.NaN()}),
	} {
		if !math.IsNaN(v) {
			t.Errorf("%s is %v", name, v)
		}
	}
}
