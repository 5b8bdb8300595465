package onnx

import (
	"math"

	"github.com/millrace-ml/millrace/models/internal/graph"
	"github.com/millrace-ml/millrace/models/internal/kernel"
	"github.com/millrace-ml/millrace/models/internal/kernel/classical"
)

const (
	svmClassAttributes = "classlabels_ints classlabels_strings coefficients kernel_params kernel_type post_transform " +
		"prob_a prob_b rho support_vectors vectors_per_class"
	svmValueAttributes = "coefficients kernel_params kernel_type n_supports one_class post_transform rho support_vectors"
)

// machine is a support vector machine.
type machine struct {
	like                       *classical.Similarity
	vectors, coefficients, rho []float64
	perClass                   []int
	probA, probB               []float64
}

func (n *nodeProto) machine() (*machine, error) {
	m := &machine{}
	for name, to := range map[string]*[]float64{
		"support_vectors": &m.vectors, "coefficients": &m.coefficients, "rho": &m.rho,
		"prob_a": &m.probA, "prob_b": &m.probB,
	} {
		var err error
		if *to, err = n.numbers(name); err != nil {
			return nil, err
		}
	}
	params, err := n.numbers("kernel_params")
	if err != nil {
		return nil, err
	}
	params = append(params, 0, 0, 0)
	kind := "LINEAR"
	if a := n.attributes["kernel_type"]; a != nil {
		kind = a.s
	}
	if m.perClass, err = graph.ToInts(n.int64s("vectors_per_class")); err != nil {
		return nil, err
	}
	vectors, count := m.vectors, 0
	for _, k := range m.perClass {
		if k < 0 || k > len(m.coefficients) {
			return nil, kernel.Invalid("a class of %d vectors", k)
		}
		count += k
	}
	if a := n.attributes["n_supports"]; a != nil {
		count = int(min(max(a.i, 0), kernel.MaxElements))
	}
	// The machine is linear, and the coefficients are its only vector.
	if count == 0 && len(m.perClass) == 0 {
		vectors, count, m.coefficients = m.coefficients, 1, []float64{1}
	}
	m.like, err = classical.NewSimilarity(kind, params[0], params[1], params[2], vectors, count)
	return m, err
}

func svmRegressor(n *nodeProto) (func(c *call) (results, error), error) {
	m, err := n.machine()
	if err != nil {
		return nil, err
	}
	if len(m.rho) < 1 || len(m.coefficients) != m.like.Count() {
		return nil, kernel.Invalid("a support vector machine of %d vectors with %d coefficients and %d rho", m.like.Count(),
			len(m.coefficients), len(m.rho))
	}
	return func(c *call) (results, error) {
		x, err := c.features()
		if err != nil {
			return nil, err
		}
		likes, err := m.like.All(x)
		if err != nil {
			return nil, err
		}
		count := m.like.Count()
		out := &tensor{Shape: []int{x.Shape[0], 1}, Data: make([]float64, x.Shape[0])}
		for i := range out.Data.([]float64) {
			out.Data.([]float64)[i] = classical.Dot(m.coefficients, likes.Data.([]float64)[i*count:(i+1)*count])
		}
		class := c.int("one_class", 0) != 0
		out, err = kernel.Map(out, func(v float64) float64 {
			if v += m.rho[0]; class {
				return math.Copysign(1, v)
			}
			return v
		})
		if err != nil {
			return nil, err
		}
		return one(kernel.Cast(out, "float32"))
	}, nil
}

// svmClassifier builds the operator in which every pair of classes votes by the vectors of both.
func svmClassifier(n *nodeProto) (func(c *call) (results, error), error) {
	m, err := n.machine()
	if err != nil {
		return nil, err
	}
	labels := n.labels("classlabels_ints")
	classes := len(m.perClass)
	if classes == 0 {
		return nil, kernel.Unsupported("a support vector machine without vectors")
	}
	total, pairs := m.like.Count(), classes*(classes-1)/2
	if classes < 2 || classes > maxSVMClasses || labels.Len() != classes || len(m.coefficients) != total*(classes-1) ||
		len(m.rho) != pairs || len(m.probA) != len(m.probB) || len(m.probA) != 0 && len(m.probA) != pairs {
		return nil,
			kernel.Invalid("a support vector machine of %d classes, %d vectors, %d coefficients and %d rho", classes, total,
				len(m.coefficients), len(m.rho))
	}
	return func(c *call) (results, error) {
		x, err := c.features()
		if err != nil {
			return nil, err
		}
		likes, err := m.like.All(x)
		if err != nil {
			return nil, err
		}
		rows := likes.Shape[0]
		best := make([]int64, rows)
		var scores []float64
		for r := range rows {
			decisions, winner := m.decide(likes.Data.([]float64)[r*total : (r+1)*total])
			best[r] = int64(winner)
			scores = append(scores, m.scores(decisions)...)
		}
		label, err := kernel.Gather(labels, &tensor{Shape: []int{rows}, Data: best}, 0)
		if err != nil {
			return nil, err
		}
		columns := len(m.scores(make([]float64, pairs)))
		out, err := kernel.Cast(&tensor{Shape: []int{rows, columns}, Data: scores}, "float32")
		return results{label, out}, err
	}, nil
}

// maxSVMClasses limits the number of pairs of classes.
const maxSVMClasses = 1 << 10

// decide compares every pair of classes. A positive decision is a vote for the first class of the pair. The winner is
// the class with most votes, or the first of several.
func (m *machine) decide(likes []float64) (decisions []float64, winner int) {
	classes, total := len(m.perClass), len(likes)
	starts, at := make([]int, classes), 0
	for i, k := range m.perClass {
		starts[i], at = at, at+k
	}
	votes := make([]int, classes)
	part := func(class, row int) float64 {
		from, to := starts[class], starts[class]+m.perClass[class]
		return classical.Dot(m.coefficients[row*total+from:row*total+to], likes[from:to])
	}
	for i := range classes {
		for j := i + 1; j < classes; j++ {
			d := m.rho[len(decisions)] + part(i, j-1) + part(j, i)
			decisions = append(decisions, d)
			if d > 0 {
				votes[i]++
			} else {
				votes[j]++
			}
		}
	}
	for i, v := range votes {
		if v > votes[winner] {
			winner = i
		}
	}
	return decisions, winner
}

// scores returns the probabilities, if the machine was fitted with them, or else the decisions.
func (m *machine) scores(decisions []float64) []float64 {
	classes := len(m.perClass)
	switch {
	case len(m.probA) == 0 && classes == 2:
		return []float64{-decisions[0], decisions[0]}
	case len(m.probA) == 0:
		return decisions
	}
	pairs := make([][]float64, classes)
	for i := range pairs {
		pairs[i] = make([]float64, classes)
	}
	at := 0
	for i := range classes {
		for j := i + 1; j < classes; j++ {
			const least = 1e-7
			p := 1 - kernel.Sigmoid(m.probA[at]*decisions[at]+m.probB[at])
			pairs[i][j] = math.Min(math.Max(p, least), 1-least)
			pairs[j][i] = 1 - pairs[i][j]
			at++
		}
	}
	return classical.Couple(pairs)
}
