package onnx

import (
	"math"
	"strconv"

	"github.com/millrace-ml/millrace/models/internal/files"
	"github.com/millrace-ml/millrace/models/internal/graph"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// labelAttributes has the lists and the defaults of a LabelEncoder.
const labelAttributes = "keys_strings keys_int64s keys_floats keys_tensor values_strings values_int64s " +
	"values_floats values_tensor default_string default_int64 default_float default_tensor classes_strings"

// extractor selects columns. A tensor of one dimension is a single row.
func extractor(c *call) (results, error) {
	x := c.in(0)
	if len(x.Shape) == 1 {
		x = &tensor{Shape: []int{1, x.Shape[0]}, Data: x.Data}
	}
	at, err := kernel.Reshape(c.in(1), []int{-1})
	if err != nil {
		return nil, err
	}
	return one(kernel.Gather(x, at, -1))
}

func vectorizer(c *call) (results, error) {
	xs := make([]*tensor, len(c.values))
	for i := range xs {
		var err error
		if xs[i], err = kernel.Cast(c.in(i), "float32"); err != nil {
			return nil, err
		}
	}
	return one(kernel.Concat(xs, -1))
}

func binarizer(c *call) (results, error) {
	limit := c.float("threshold", 0)
	return one(kernel.Map(c.in(0), func(v float64) float64 {
		if v > limit {
			return 1
		}
		return 0
	}))
}

// imputer replaces a marker for missing values, a number or NaN, by one number for each feature or by one number for
// all features.
func imputer(c *call) (results, error) {
	x := c.in(0)
	values, replaced := c.firstList("imputed_value_int64s", "imputed_value_floats"),
		c.like(c.float("replaced_value_float", 0), x)
	if values == nil {
		return nil, kernel.Invalid("an imputer without values")
	}
	if values.DType() == "int64" {
		replaced = c.like(float64(c.int("replaced_value_int64", 0)), x)
	}
	values, err := kernel.Cast(values, x.DType())
	if err != nil {
		return nil, err
	}
	if out := impute(x, values, replaced); out != nil {
		return results{out}, nil
	}
	missing, err := kernel.Compare(kernel.Equal, x, replaced)
	if err != nil {
		return nil, err
	}
	if v, err := kernel.AsFloat(replaced); err == nil && math.IsNaN(v) {
		if missing, err = kernel.Compare(kernel.NotEqual, x, x); err != nil {
			return nil, err
		}
	}
	return one(kernel.Where(missing, values, x))
}

// impute replaces a number of float32 by the value of its column, or returns nil for other tensors.
func impute(x, values, replaced *tensor) *tensor {
	from, ok := x.Data.([]float32)
	list, known := values.Data.([]float32)
	marker, is := replaced.Data.([]float32)
	if !ok || !known || !is || len(marker) != 1 || len(x.Shape) == 0 || len(list) != x.Shape[len(x.Shape)-1] {
		return nil
	}
	out, err := kernel.Dirty("float32", x.Shape)
	if err != nil {
		return nil
	}
	to, n, missing := out.Data.([]float32), len(list), marker[0]
	nan := missing != missing
	for i := 0; i < len(from); i += n {
		row, result := from[i:i+n], to[i:i+n]
		for j, v := range row {
			if v == missing || nan && v != v {
				v = list[j]
			}
			result[j] = v
		}
	}
	return out
}

// asText returns numbers and strings as text, so that they can be compared with each other.
func asText(t *tensor) ([]string, error) {
	switch d := t.Data.(type) {
	case []string:
		return d, nil
	case []int64:
		return graph.Generate(len(d), func(i int) string { return strconv.FormatInt(d[i], 10) }), nil
	case []float32:
		return graph.Generate(len(d), func(i int) string { return strconv.FormatFloat(float64(d[i])+0, 'g', -1, 32) }), nil
	case []float64:
		return graph.Generate(len(d), func(i int) string { return strconv.FormatFloat(d[i]+0, 'g', -1, 64) }), nil
	}
	whole, err := kernel.Cast(t, "int64")
	if err != nil {
		return nil, err
	}
	return asText(whole)
}

// indicesOf returns the index in keys of each element of x, or -1 for an element that is not a key.
func indicesOf(x, keys *tensor) ([]int, error) {
	if keys.DType() == "int64" && x.DType() != "str" {
		var err error
		if x, err = kernel.Cast(x, "int64"); err != nil {
			return nil, err
		}
	}
	names, err := asText(keys)
	if err != nil {
		return nil, err
	}
	all, err := asText(x)
	if err != nil {
		return nil, err
	}
	places := map[string]int{}
	for i, name := range names {
		places[name] = i
	}
	return graph.Generate(len(all), func(i int) int {
		if at, ok := places[all[i]]; ok {
			return at
		}
		return -1
	}), nil
}

// oneHotEncoder adds an axis for the categories. An unknown category becomes zeros.
func oneHotEncoder(c *call) (results, error) {
	x, keys := c.in(0), c.firstList("cats_int64s", "cats_strings")
	if keys == nil {
		return nil, kernel.Invalid("an encoder without categories")
	}
	places, err := indicesOf(x, keys)
	if err != nil {
		return nil, err
	}
	n := keys.Len()
	for i, at := range places {
		if at < 0 && c.int("zeros", 1) == 0 {
			return nil, kernel.Invalid("element %d is none of the %d categories", i, n)
		}
		if at < 0 {
			places[i] = n
		}
	}
	list, err := kernel.Reshape(kernel.Ints(places), x.Shape)
	if err != nil {
		return nil, err
	}
	return one(kernel.OneHot(list, n, -1, kernel.Scalar(float32(0)), kernel.Scalar(float32(1))))
}

// firstList returns the first existing list of several attributes, or nil.
func (c *call) firstList(names ...string) *tensor {
	for _, name := range names {
		a := c.node.attributes[name]
		switch {
		case a == nil:
		case len(a.ints) > 0:
			return &tensor{Shape: []int{len(a.ints)}, Data: a.ints}
		case len(a.strings) > 0:
			return &tensor{Shape: []int{len(a.strings)}, Data: a.strings}
		case len(a.floats) > 0:
			return &tensor{Shape: []int{len(a.floats)}, Data: a.floats}
		}
	}
	return nil
}

// side returns the keys or the values of a LabelEncoder.
func (c *call) labelList(name string) (*tensor, error) {
	if a := c.node.attributes[name+"_tensor"]; a != nil && a.t != nil {
		return a.t.value(files.Dir{})
	}
	if t := c.firstList(name+"_int64s", name+"_strings", name+"_floats"); t != nil {
		return t, nil
	}
	return nil, kernel.Invalid("an encoder without %s", name)
}

// labelEncoder replaces keys by values and all other elements by a default.
func labelEncoder(c *call) (results, error) {
	keys, err := c.labelList("keys")
	if err != nil {
		return nil, err
	}
	values, err := c.labelList("values")
	if err != nil {
		return nil, err
	}
	without, err := c.labelDefault(values)
	if err != nil {
		return nil, err
	}
	if values, err = kernel.Concat([]*tensor{values, without}, 0); err != nil {
		return nil, err
	}
	places, err := indicesOf(c.in(0), keys)
	if err != nil {
		return nil, err
	}
	for i, at := range places {
		if at < 0 {
			places[i] = values.Len() - 1
		}
	}
	list, err := kernel.Reshape(kernel.Ints(places), c.in(0).Shape)
	if err != nil {
		return nil, err
	}
	return one(kernel.Gather(values, list, 0))
}

// labelDefault returns the default of a LabelEncoder as a list with one element.
func (c *call) labelDefault(values *tensor) (*tensor, error) {
	if a := c.node.attributes["default_tensor"]; a != nil && a.t != nil {
		t, err := a.t.value(files.Dir{})
		if err != nil {
			return nil, err
		}
		return kernel.Reshape(t, []int{1})
	}
	switch values.DType() {
	case "str":
		return &tensor{Shape: []int{1}, Data: []string{c.str("default_string", "_Unused")}}, nil
	case "int64":
		return &tensor{Shape: []int{1}, Data: []int64{int64(c.int("default_int64", -1))}}, nil
	}
	return kernel.Cast(&tensor{Shape: []int{1}, Data: []float64{c.float("default_float", 0)}}, values.DType())
}
