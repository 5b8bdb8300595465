package mlflow_test

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
)

func TestNested(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text, dtype string
		shape       []int
		data        any
	}{
		{"[[1,2.5],[-3,0.001]]", "float32", []int{2, 2}, []float32{1, 2.5, -3, 0.001}},
		{"[[[1],[2]]]", "int64", []int{1, 2, 1}, []int64{1, 2}},
		{"7", "int32", []int{}, []int32{7}},
		{"[true,false]", "bool", []int{2}, []bool{true, false}},
		{`["a","b\n"]`, "str", []int{2}, []string{"a", "b\n"}},
		{"[0,255]", "uint8", []int{2}, []uint8{0, 255}},
		{"[]", "float64", []int{0}, []float64(nil)},
		{"[[],[]]", "float64", []int{2, 0}, []float64(nil)},
	} {
		got, err := mlflow.UnmarshalNested([]byte(test.text), test.dtype)
		must(t, err)
		if !slices.Equal(got.Shape, test.shape) || !reflect.DeepEqual(got.Data, test.data) {
			t.Errorf("%s is %v %v", test.text, got.Shape, got.Data)
		}
		text, err := got.MarshalNested()
		if err != nil || string(text) != test.text {
			t.Errorf("%s came back as %s, %v", test.text, text, err)
		}
	}
	for _, test := range []struct{ text, dtype string }{
		{"[[1,2],[3]]", "float32"},
		{"[[1],2]", "float32"},
		{"[1,[2]]", "float32"},
		{"[[],[1]]", "float32"},
		{"[1", "float32"},
		{"[1] 2", "float32"},
		{"", "float32"},
		{"{}", "float32"},
		{"[null]", "int64"},
		{`["1"]`, "float32"},
		{"[1e99]", "float32"},
		{"[1.5]", "int64"},
		{"[256]", "uint8"},
		{"[1]", "bool"},
		{"[1]", "complex64"},
	} {
		if got, err := mlflow.UnmarshalNested([]byte(test.text), test.dtype); mlflow.AsError(err) == nil {
			t.Errorf("%s as %s is %+v, %v", test.text, test.dtype, got, err)
		}
	}
	nan := &mlflow.Tensor{Shape: []int{1}, Data: []float32{float32(math.NaN())}}
	if _, err := nan.MarshalNested(); !errors.Is(err, mlflow.InvalidParameterValue) {
		t.Errorf("NaN: %v", err)
	}
	if text, err := nan.AppendNested([]byte("x")); err != nil || string(text) != "x[NaN]" {
		t.Errorf("NaN: %s %v", text, err)
	}
	for _, broken := range []*mlflow.Tensor{{Shape: []int{2}, Data: []float32{1}}, {Shape: []int{}, Data: 1}} {
		if text, err := broken.AppendNested(nil); !errors.Is(err, mlflow.InvalidParameterValue) {
			t.Errorf("%v: %s %v", broken, text, err)
		}
	}
}
