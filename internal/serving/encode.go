package serving

import (
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models"
)

// encoder writes the predictions of a model in the form of MLflow's scoring server.
type encoder struct {
	model *models.Model
	// named reports whether predictions are objects by output name, as for ONNX; otherwise
	// they are the only output.
	named bool
	// tensors reports whether the signature consists of tensors.
	tensors bool
}

// encode writes the body of an answer. A table becomes one object for each row, as for ONNX.
func (e *encoder) encode(outputs map[string]*mlflow.Tensor, table bool) ([]byte, error) {
	specs := e.model.Outputs()
	b := []byte(`{"predictions": `)
	var err error
	switch {
	case table && e.named && !e.tensors:
		b, err = e.appendRecords(b, specs, outputs)
	case len(specs) == 1 && !e.named:
		b, err = e.appendOutput(b, specs[0].Name, outputs)
	default:
		for i, spec := range specs {
			b = append(b, "{, "[min(i, 1):1+2*min(i, 1)]...)
			b = append(appendString(b, spec.Name), ": "...)
			if b, err = e.appendOutput(b, spec.Name, outputs); err != nil {
				return nil, err
			}
		}
		b = append(b, '}')
	}
	return append(b, '}'), err
}

func appendString(b []byte, text string) []byte {
	b, _ = (&mlflow.Tensor{Shape: []int{}, Data: []string{text}}).AppendNested(b) // Strings are always written.
	return b
}

// appendOutput writes an output, with an object of numbers by class for each row of
// probabilities.
func (e *encoder) appendOutput(b []byte, name string, outputs map[string]*mlflow.Tensor) ([]byte, error) {
	t := outputs[name]
	classes := e.model.Classes(name)
	if classes == nil {
		return t.AppendNested(b)
	}
	values, err := t.Float32s()
	if err != nil {
		return nil, err
	}
	b = append(b, '[')
	for row := 0; len(classes) > 0 && (row+1)*len(classes) <= len(values); row++ {
		if row > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		for i, class := range classes {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, class), ':')
			at := row*len(classes) + i
			if b, err = (&mlflow.Tensor{Shape: []int{}, Data: values[at : at+1]}).AppendNested(b); err != nil {
				return nil, err
			}
		}
		b = append(b, '}')
	}
	return append(b, ']'), nil
}

// appendRecords writes an object for each row. As in MLflow, all elements of an output are
// its rows. Outputs of different lengths, for which MLflow has no answer, are split along
// their first dimension.
func (e *encoder) appendRecords(
	b []byte,
	specs []mlflow.TensorSpec,
	outputs map[string]*mlflow.Tensor,
) ([]byte, error) {
	columns := make([][][]byte, len(specs))
	for _, flat := range []bool{true, false} {
		even := true
		for i, spec := range specs {
			var err error
			if columns[i], err = e.cells(spec.Name, outputs, flat); err != nil {
				return nil, err
			}
			even = even && len(columns[i]) == len(columns[0])
		}
		if even {
			break
		}
		if !flat {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue,
				"The outputs have different lengths, so they make no table; send a tensor as inputs.")
		}
	}
	b = append(b, '[')
	for row := range columns[0] {
		if row > 0 {
			b = append(b, ", "...)
		}
		for i, spec := range specs {
			b = append(b, "{, "[min(i, 1):1+2*min(i, 1)]...)
			b = append(append(appendString(b, spec.Name), ": "...), columns[i][row]...)
		}
		b = append(b, '}')
	}
	return append(b, ']'), nil
}

// cells returns the JSON of the elements of an output, or of its parts along the first
// dimension.
func (e *encoder) cells(name string, outputs map[string]*mlflow.Tensor, flat bool) ([][]byte, error) {
	t := outputs[name]
	if e.model.Classes(name) == nil && (flat || len(t.Shape) == 0) {
		t = &mlflow.Tensor{Shape: []int{t.Len()}, Data: t.Data}
	}
	text, err := e.appendOutput(nil, name, map[string]*mlflow.Tensor{name: t})
	if err != nil {
		return nil, err
	}
	return items(text)
}
