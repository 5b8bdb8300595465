package frame

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
)

// Stats has statistics of the values of a numeric column, without missing values. Std is
// the sample standard deviation, with the divisor Count-1. Q25, Q50 and Q75 are
// percentiles, interpolated linearly between the two nearest values. Statistics that
// need more values are NaN.
type Stats struct {
	Name               string
	Count              int
	Mean, Std          float64
	Min, Q25, Q50, Q75 float64
	Max                float64
}

// Description has the statistics of each numeric column of a frame.
type Description []Stats

// Describe returns the statistics of every numeric column, as pandas' df.describe()
// does.
func (f *Frame) Describe() Description {
	var out Description
	for _, c := range f.columns {
		if c.Floats != nil {
			out = append(out, describe(c))
		}
	}
	return out
}

func describe(c Column) Stats {
	values := slices.DeleteFunc(slices.Clone(c.Floats), math.IsNaN)
	slices.SortFunc(values, cmp.Compare[float64])
	s := Stats{Name: c.Name, Count: len(values)}
	s.Mean, s.Std = meanStd(values)
	s.Min, s.Max = percentile(values, 0), percentile(values, 1)
	s.Q25, s.Q50, s.Q75 = percentile(values, 0.25), percentile(values, 0.5), percentile(values, 0.75)
	return s
}

// meanStd computes the mean first. Computing both from sums in one pass would lose all
// digits of a spread that is small compared to the mean.
func meanStd(values []float64) (mean, std float64) {
	n := float64(len(values))
	for _, v := range values {
		mean += v
	}
	mean /= n
	for _, v := range values {
		std += (v - mean) * (v - mean)
	}
	if n < 2 {
		return mean, math.NaN()
	}
	return mean, math.Sqrt(std / (n - 1))
}

// percentile returns the percentile p, from 0 to 1, of sorted values.
func percentile(sorted []float64, p float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := p * float64(len(sorted)-1)
	i := int(at)
	if i == len(sorted)-1 {
		return sorted[i]
	}
	return sorted[i] + (sorted[i+1]-sorted[i])*(at-float64(i))
}

// String returns the format of pandas' df.describe().transpose() on a wide terminal: a
// row for each column, and up to six decimals, as many as the longest number of the
// statistic needs.
func (d Description) String() string {
	titles := []string{"count", "mean", "std", "min", "25%", "50%", "75%", "max"}
	values := make([][]float64, len(titles))
	names := []string{""}
	for _, s := range d {
		names = append(names, s.Name)
		for j, v := range []float64{float64(s.Count), s.Mean, s.Std, s.Min, s.Q25, s.Q50, s.Q75, s.Max} {
			values[j] = append(values[j], v)
		}
	}
	lines := pad(names, -1)
	for j, title := range titles {
		for i, cell := range pad(append([]string{" " + title}, formatFloats(values[j])...), 1) {
			lines[i] += " " + cell
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// pad makes the cells equally wide. A sign of -1 aligns them to the left.
func pad(cells []string, sign int) []string {
	width := 0
	for _, c := range cells {
		width = max(width, len([]rune(c)))
	}
	out := make([]string, len(cells))
	for i, c := range cells {
		out[i] = fmt.Sprintf("%*s", sign*width, c)
	}
	return out
}

// digits is the number of decimals that pandas shows by default.
const digits = 6

// formatFloats formats the numbers of one column, each with a sign or a space. Like
// pandas, it uses exponents if six decimals would hide a small number or make a large
// one too long.
func formatFloats(values []float64) []string {
	fixed := formatAll(values, 'f')
	trimZeros(fixed)
	long, large, small := false, false, false
	for i, v := range values {
		long = long || len(fixed[i]) > digits+6
		large = large || math.Abs(v) > 1e6
		small = small || (v != 0 && math.Abs(v) < 1e-6)
	}
	if small || (long && large) {
		return formatAll(values, 'e')
	}
	return fixed
}

func formatAll(values []float64, verb rune) []string {
	out := make([]string, len(values))
	for i, v := range values {
		switch {
		case math.IsNaN(v):
			out[i] = " NaN"
		case math.IsInf(v, 0):
			out[i] = strings.ToLower(strings.TrimPrefix(fmt.Sprintf("% f", v), "+"))
		default:
			out[i] = fmt.Sprintf("% .*"+string(verb), digits, v)
		}
	}
	return out
}

var decimals = regexp.MustCompile(`\.\d+$`)

// trimZeros removes the decimals that are zero in all cells, except the first decimal.
func trimZeros(cells []string) {
	keep := 1
	for _, c := range cells {
		keep = max(keep, len(strings.TrimRight(decimals.FindString(c), "0"))-1)
	}
	for i, c := range cells {
		if at := decimals.FindStringIndex(c); at != nil {
			cells[i] = c[:at[0]+1+keep]
		}
	}
}
