package mlflow

import (
	"errors"
	"math"
	"testing"
	"time"
)

// TestPythonText compares texts with those of Python's str.
func TestPythonText(t *testing.T) {
	t.Parallel()
	one, name := 1, "n"
	var none *int
	for _, c := range []struct {
		value any
		want  string
	}{
		{nil, "None"},
		{none, "None"},
		{&one, "1"},
		{true, "True"},
		{false, "False"},
		{"text", "text"},
		{"", ""},
		{1, "1"},
		{uint8(255), "255"},
		{1.0, "1.0"},
		{0.0, "0.0"},
		{0.1, "0.1"},
		{float32(0.1), "0.1"},
		{1e-3, "0.001"},
		{1e-4, "0.0001"},
		{1e-5, "1e-05"},
		{1.5e-7, "1.5e-07"},
		{1e6, "1000000.0"},
		{123456789.125, "123456789.125"},
		{1e15, "1000000000000000.0"},
		{1e16, "1e+16"},
		{-2.5, "-2.5"},
		{math.NaN(), "nan"},
		{math.Inf(-1), "-inf"},
		{[]int{1, 2}, "[1, 2]"},
		{[]int(nil), "[]"},
		{[]float64{1, 0.5}, "[1.0, 0.5]"},
		{[]string{"a", "it's", `both ' and "`}, `['a', "it's", 'both \' and "']`},
		{[]any{nil, true, "x", 2, []int{3}}, "[None, True, 'x', 2, [3]]"},
		{[2]bool{true, false}, "[True, False]"},
		{map[string]any{"b": 1, "a": nil}, "{'a': None, 'b': 1}"},
		{[]*string{&name, nil}, "['n', None]"},
		{2 * time.Second, "2s"},
		{errors.New("broken"), "broken"},
	} {
		if got := pythonText(c.value); got != c.want {
			t.Errorf("%#v: got %s, want %s", c.value, got, c.want)
		}
	}
}
