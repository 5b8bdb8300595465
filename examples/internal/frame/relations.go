package frame

import (
	"cmp"
	"math"
	"slices"
	"strconv"
)

// Corr returns the names of the numeric columns and the matrix of Pearson's correlation
// between each pair of columns, over the rows where neither value is missing. The
// correlation with a constant column is NaN.
func (f *Frame) Corr() (names []string, matrix [][]float64) {
	var numeric []Column
	for _, c := range f.columns {
		if c.Floats != nil {
			numeric = append(numeric, c)
			names = append(names, c.Name)
			matrix = append(matrix, nil)
		}
	}
	for i, a := range numeric {
		matrix[i] = make([]float64, len(numeric))
		for j, b := range numeric[:i+1] {
			r := pearson(a.Floats, b.Floats)
			matrix[i][j], matrix[j][i] = r, r
		}
	}
	return names, matrix
}

func pearson(a, b []float64) float64 {
	var n, meanA, meanB float64
	for i := range a {
		if p := a[i] + b[i]; !math.IsNaN(p) {
			n++
			meanA += a[i]
			meanB += b[i]
		}
	}
	meanA /= n
	meanB /= n
	var aa, bb, ab float64
	for i := range a {
		if p := a[i] + b[i]; !math.IsNaN(p) {
			da, db := a[i]-meanA, b[i]-meanB
			aa += da * da
			bb += db * db
			ab += da * db
		}
	}
	r := ab / math.Sqrt(aa*bb)
	return max(-1, min(1, r)) // Rounding may exceed the range. NaN stays NaN.
}

// ValueCount is a value of a column and the number of its occurrences.
type ValueCount struct {
	Value string
	Count int
}

// ValueCounts returns the different values of a column, the most frequent first; values
// with the same frequency are in the order of their first row. Missing values are
// omitted. It returns an error for an unknown column.
func (f *Frame) ValueCounts(name string) ([]ValueCount, error) {
	c, err := f.Column(name)
	if err != nil {
		return nil, err
	}
	texts := c.Text
	for _, v := range c.Floats {
		text := ""
		if !math.IsNaN(v) {
			text = strconv.FormatFloat(v, 'g', -1, 64)
		}
		texts = append(texts, text)
	}
	var out []ValueCount
	at := map[string]int{"": -1}
	for _, text := range texts {
		i, seen := at[text]
		switch {
		case i < 0:
		case seen:
			out[i].Count++
		default:
			at[text] = len(out)
			out = append(out, ValueCount{Value: text, Count: 1})
		}
	}
	slices.SortStableFunc(out, func(a, b ValueCount) int { return cmp.Compare(b.Count, a.Count) })
	return out, nil
}
