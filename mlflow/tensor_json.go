package mlflow

import "github.com/millrace-ml/millrace/mlflow/internal/nested"

// MarshalNested encodes the tensor as nested lists, and a scalar as a number. NaN and
// infinities are an error.
func (t *Tensor) MarshalNested() ([]byte, error) {
	if v, found := nested.NonFinite(t.Data); found {
		return nil, Errorf(InvalidParameterValue, "the tensor holds %v, which JSON has no number for", v)
	}
	return t.AppendNested(nil)
}

// AppendNested appends the tensor as nested lists to b, and a scalar as a number. NaN and
// infinities are written as Python's json module and MLflow's servers write them: NaN,
// Infinity and -Infinity, which is not JSON.
func (t *Tensor) AppendNested(b []byte) ([]byte, error) {
	if n := t.Len(); n != length(t.Data) {
		return nil, Errorf(InvalidParameterValue, "a tensor of shape %v has %d elements, not %d", t.Shape, n, length(t.Data))
	}
	b, ok := nested.Append(b, t.Shape, t.Data)
	if !ok {
		return nil, Errorf(InvalidParameterValue, "a tensor of %T cannot be written as JSON", t.Data)
	}
	return b, nil
}

// UnmarshalNested decodes nested lists with the same length at each depth as a tensor of
// a dtype: bool, str, or one of the floats and integers of [Number]. A number that the
// dtype cannot represent is an error; the nearest float represents a number. In floats,
// null is NaN, true is 1, false is 0, and NaN, Infinity and -Infinity are read as Python
// writes them. null is an error otherwise.
func UnmarshalNested(text []byte, dtype string) (*Tensor, error) {
	shape, elements, known, err := nested.Read(text, dtype)
	if !known {
		return nil, Errorf(NotImplemented, "a tensor of %s cannot be read from JSON", dtype)
	}
	if err != nil {
		return nil, Errorf(InvalidParameterValue, "%v", err)
	}
	return &Tensor{Shape: shape, Data: elements}, nil
}
