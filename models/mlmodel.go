package models

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/files"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// maxMLmodel is the size limit of an MLmodel file.
const maxMLmodel = 4 << 20

// Metadata is the content of an MLmodel file.
type Metadata struct {
	Flavors        []string // Sorted.
	ModelID        string   // Of the logged model; empty if the model is not a logged model.
	RunID          string
	UUID           string
	MLflowVersion  string
	UTCTimeCreated string
	Signature      *Signature // Nil if the model was logged without a signature.
}

// Signature is an MLflow model signature. The columns of a column-based signature are tensors of shape [-1]. Their
// DType is MLflow's name of the column type, such as double, long or string.
type Signature struct {
	Inputs, Outputs []mlflow.TensorSpec
	Params          []ParamSpec
}

// ParamSpec describes a param of a signature. Type is MLflow's name of its type, such as double, long or string. List
// reports whether the param is a list of these.
type ParamSpec struct {
	Name string
	Type string
	List bool
}

// columnTypes has MLflow's names of column types. The types of tensors have NumPy's names.
var columnTypes = map[string]bool{
	"boolean": true, "integer": true, "long": true, "float": true, "double": true,
	"string": true, "binary": true, "datetime": true,
}

// Columns returns the names of the input columns. It returns nil for a signature of tensors or of unnamed columns.
func (s *Signature) Columns() []string {
	var out []string
	for _, in := range s.Inputs {
		if in.Name == "" || !columnTypes[in.DType] {
			return nil
		}
		out = append(out, in.Name)
	}
	return out
}

// mlmodel has the fields of the file that Millrace reads.
type mlmodel struct {
	Flavors        map[string]yaml.Node `yaml:"flavors"`
	ModelID        string               `yaml:"model_id"`
	RunID          string               `yaml:"run_id"`
	UUID           string               `yaml:"model_uuid"`
	MLflowVersion  string               `yaml:"mlflow_version"`
	UTCTimeCreated string               `yaml:"utc_time_created"`
	Signature      *struct {
		Inputs  string `yaml:"inputs"`
		Outputs string `yaml:"outputs"`
		Params  string `yaml:"params"`
	} `yaml:"signature"`
}

// readMLmodel reads the MLmodel file of a model directory.
func readMLmodel(dir files.Dir) (*mlmodel, error) {
	data, err := dir.Read("MLmodel", maxMLmodel)
	if err != nil {
		return nil, err
	}
	out := &mlmodel{}
	if err := yaml.Unmarshal(data, out); err != nil {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue,
			"'%s' is not an MLmodel file: %v", filepath.Join(dir.Name, "MLmodel"), err)
	}
	return out, nil
}

func (f *mlmodel) metadata() (*Metadata, error) {
	out := &Metadata{
		Flavors: slices.Sorted(maps.Keys(f.Flavors)), ModelID: f.ModelID, RunID: f.RunID, UUID: f.UUID,
		MLflowVersion: f.MLflowVersion, UTCTimeCreated: f.UTCTimeCreated,
	}
	if f.Signature == nil {
		return out, nil
	}
	out.Signature = &Signature{}
	for _, side := range []struct {
		text string
		to   *[]mlflow.TensorSpec
	}{{f.Signature.Inputs, &out.Signature.Inputs}, {f.Signature.Outputs, &out.Signature.Outputs}} {
		specs, err := parseSignature(side.text)
		if err != nil {
			return nil, err
		}
		*side.to = specs
	}
	var err error
	out.Signature.Params, err = parseParams(f.Signature.Params)
	return out, err
}

// parseParams parses the params of a signature, which are a string of JSON. Params that are objects are left out.
func parseParams(text string) ([]ParamSpec, error) {
	if text == "" {
		return nil, nil
	}
	var items []struct {
		Name  string          `json:"name"`
		Type  json.RawMessage `json:"type"`
		Shape []int           `json:"shape"`
	}
	if err := json.Unmarshal([]byte(text), &items); err != nil {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue,
			"the params of the model's signature are not readable: %v", err)
	}
	var out []ParamSpec
	for _, item := range items {
		p := ParamSpec{Name: item.Name, List: item.Shape != nil}
		if json.Unmarshal(item.Type, &p.Type) == nil {
			out = append(out, p)
		}
	}
	return out, nil
}

// parseSignature parses the inputs or the outputs of a signature, which are a string of JSON.
func parseSignature(text string) ([]mlflow.TensorSpec, error) {
	if text == "" {
		return nil, nil
	}
	var items []struct {
		Name   string          `json:"name"`
		Type   json.RawMessage `json:"type"`
		Tensor *struct {
			DType string `json:"dtype"`
			Shape []int  `json:"shape"`
		} `json:"tensor-spec"`
	}
	if err := json.Unmarshal([]byte(text), &items); err != nil {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "the model's signature is not readable: %v", err)
	}
	var out []mlflow.TensorSpec
	for _, item := range items {
		spec := mlflow.TensorSpec{Name: item.Name, Shape: []int{-1}}
		if item.Tensor != nil {
			spec.DType, spec.Shape = item.Tensor.DType, item.Tensor.Shape
		} else if err := json.Unmarshal(item.Type, &spec.DType); err != nil {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue,
				"the model's signature is not readable: column '%s' has no type", item.Name)
		}
		if len(spec.Shape) > kernel.MaxRank {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue,
				"the model's signature names a tensor of %d dimensions", len(spec.Shape))
		}
		out = append(out, spec)
	}
	return out, nil
}
