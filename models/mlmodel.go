package models

import (
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// maxMLmodel is the most bytes of an MLmodel file that are read.
const maxMLmodel = 4 << 20

// Metadata is what an MLmodel file says of a model.
type Metadata struct {
	Flavors        []string // Sorted.
	ModelID        string   // Of the logged model; empty where there is none.
	RunID          string
	UUID           string
	MLflowVersion  string
	UTCTimeCreated string
	Signature      *Signature // Nil where the model was logged without one.
}

// Signature is the model signature of MLflow. The columns of a column-based
// signature are tensors of shape [-1] each, with the column's type as MLflow
// spells it (double, long, string, ...) for a dtype.
type Signature struct {
	Inputs, Outputs []mlflow.TensorSpec
}

// columnTypes are MLflow's types of columns; those of tensors have NumPy's names.
var columnTypes = map[string]bool{"boolean": true, "integer": true, "long": true, "float": true, "double": true, "string": true, "binary": true, "datetime": true}

// Columns returns the names of the inputs' columns, or nil for a signature of tensors
// or of columns without names.
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

// mlmodel is the file as it is written.
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
	} `yaml:"signature"`
}

// Open reads the MLmodel file of an MLflow model directory and opens the model of
// its "onnx" flavor, or of its "pytorch" flavor when that holds a .pt2. A directory
// of other flavors is refused with mlflow.NotImplemented.
func Open(dir string) (*Model, error) {
	file, err := readMLmodel(dir)
	if err != nil {
		return nil, err
	}
	metadata, err := file.metadata()
	if err != nil {
		return nil, err
	}
	m, err := file.openFlavor(dir)
	if err != nil {
		return nil, err
	}
	m.metadata = metadata
	return m, nil
}

func readMLmodel(dir string) (*mlmodel, error) {
	path := filepath.Join(dir, "MLmodel")
	f, err := os.OpenInRoot(dir, "MLmodel")
	if err != nil {
		return nil, openError(err, path)
	}
	defer func() { _ = f.Close() }() // Opened for reading.
	data, err := io.ReadAll(io.LimitReader(f, maxMLmodel+1))
	if err != nil {
		return nil, openError(err, path)
	}
	if len(data) > maxMLmodel {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "'%s' is larger than %d bytes", path, maxMLmodel)
	}
	out := &mlmodel{}
	if err := yaml.Unmarshal(data, out); err != nil {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "'%s' is not an MLmodel file: %v", path, err)
	}
	return out, nil
}

// openFlavor opens the first flavor that can be run.
func (f *mlmodel) openFlavor(dir string) (*Model, error) {
	if node, ok := f.Flavors["onnx"]; ok {
		var flavor struct{ Data string }
		if err := node.Decode(&flavor); err != nil || flavor.Data == "" {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "the onnx flavor of '%s' names no data", dir)
		}
		return openIn(dir, flavor.Data, OpenONNX)
	}
	if node, ok := f.Flavors["pytorch"]; ok {
		var flavor struct {
			Data string `yaml:"model_data"`
		}
		if err := node.Decode(&flavor); err != nil || flavor.Data == "" {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "the pytorch flavor of '%s' names no model_data", dir)
		}
		m, err := openIn(dir, filepath.Join(flavor.Data, "model.pt2"), OpenTorch)
		if e := mlflow.AsError(err); e != nil && e.Code == mlflow.ResourceDoesNotExist {
			return nil, mlflow.Errorf(mlflow.NotImplemented, "the pytorch flavor of '%s' holds no model.pt2; a pickled model can be run by Python alone: log it with serialization_format='pt2'", dir)
		}
		return m, err
	}
	return nil, mlflow.Errorf(mlflow.NotImplemented, "the model in '%s' has the flavors %q; Millrace runs onnx and pytorch (.pt2)", dir, slices.Sorted(maps.Keys(f.Flavors)))
}

// openIn opens a file whose path comes from the MLmodel file and must not lead out
// of the model's directory.
func openIn(dir, path string, open func(string) (*Model, error)) (*Model, error) {
	f, err := os.OpenInRoot(dir, path)
	if err != nil {
		return nil, openError(err, path)
	}
	_ = f.Close()
	return open(filepath.Join(dir, path))
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
	return out, nil
}

// parseSignature reads one side of a signature, which is JSON in a string.
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
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "the model's signature is not readable: column '%s' has no type", item.Name)
		}
		if len(spec.Shape) > kernel.MaxRank {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "the model's signature names a tensor of %d dimensions", len(spec.Shape))
		}
		out = append(out, spec)
	}
	return out, nil
}
