package mlflow

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// ModelSaver writes the files of a model into an empty directory and describes them.
// [ONNXModel] returns one.
type ModelSaver func(dir string) (*ModelSpec, error)

// ModelSpec describes the files of a model. The MLmodel file is written from it.
type ModelSpec struct {
	// Flavors maps the formats in which the model can be loaded to their configuration.
	// MLflow's tools require python_function.
	Flavors map[string]any
	// Inputs and Outputs are the signature. The name of a single tensor may be empty.
	Inputs, Outputs []TensorSpec
	// InputExample is an example of an input, or nil.
	InputExample *Tensor
	// Requirements lists the Python packages that the model needs, as in
	// requirements.txt.
	Requirements []string
}

// ONNXModel returns a saver of a model in ONNX format, which mlflow.onnx, mlflow.pyfunc
// and package models can load. If there are several tensors, the names in the signature
// must be those of the model.
func ONNXModel(model []byte, inputs, outputs []TensorSpec, example *Tensor) ModelSaver {
	return func(dir string) (*ModelSpec, error) {
		if err := os.WriteFile(filepath.Join(dir, "model.onnx"), model, 0o600); err != nil {
			return nil, err
		}
		return &ModelSpec{
			Flavors: map[string]any{
				"onnx": map[string]any{
					"data":                 "model.onnx",
					"providers":            []string{"CPUExecutionProvider"},
					"onnx_session_options": nil,
					"code":                 nil,
				},
				"python_function": map[string]any{
					"loader_module": "mlflow.onnx", "data": "model.onnx",
					"env": map[string]string{"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
				},
			},
			Inputs: inputs, Outputs: outputs, InputExample: example,
			Requirements: []string{"mlflow", "numpy", "onnx", "onnxruntime"},
		}, nil
	}
}

// mlmodel is the MLmodel file.
type mlmodel struct {
	ArtifactPath  string         `json:"artifact_path,omitempty"`
	Flavors       map[string]any `json:"flavors"`
	MLflowVersion string         `json:"mlflow_version"`
	ModelID       string         `json:"model_id,omitempty"`
	SizeBytes     int64          `json:"model_size_bytes"`
	ModelUUID     string         `json:"model_uuid"`
	RunID         string         `json:"run_id,omitempty"`
	Example       *savedExample  `json:"saved_input_example_info,omitempty"`
	Signature     *signature     `json:"signature,omitempty"`
	Created       string         `json:"utc_time_created"`
}

type savedExample struct {
	ArtifactPath string `json:"artifact_path"`
	Serving      string `json:"serving_input_path"`
	Type         string `json:"type"`
}

// signature has lists of signatureItem as JSON strings.
type signature struct {
	Inputs  string  `json:"inputs"`
	Outputs string  `json:"outputs"`
	Params  *string `json:"params"`
}

type signatureItem struct {
	Name   string     `json:"name,omitempty"`
	Type   string     `json:"type"`
	Tensor tensorItem `json:"tensor-spec"`
}

type tensorItem struct {
	DType string `json:"dtype"`
	Shape []int  `json:"shape"`
}

func (s *TensorSpec) item() signatureItem {
	return signatureItem{Name: s.Name, Type: "tensor", Tensor: tensorItem{DType: s.DType, Shape: s.Shape}}
}

// save writes the directory of a model: the files of saver and MLflow's own.
func (m *mlmodel) save(dir string, saver ModelSaver) error {
	spec, err := saver(dir)
	if err != nil {
		return fmt.Errorf("saving the model: %w", err)
	}
	m.Flavors, m.MLflowVersion = spec.Flavors, Version
	m.Created = time.Now().UTC().Format("2006-01-02 15:04:05.000000")
	if m.ModelUUID, err = randomHex(); err != nil {
		return err
	}
	if m.Signature, err = newSignature(spec); err != nil {
		return err
	}
	if spec.InputExample != nil {
		if err := m.saveExample(dir, spec.InputExample); err != nil {
			return err
		}
	}
	if err := saveEnvironment(dir, spec.Requirements); err != nil {
		return err
	}
	files, err := filesBelow(dir, "")
	if err != nil {
		return err
	}
	for _, f := range files {
		m.SizeBytes += f.size
	}
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if text, err = toYAML(text); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "MLmodel"), text, 0o600)
}

func newSignature(spec *ModelSpec) (*signature, error) {
	if len(spec.Inputs) == 0 {
		return nil, nil
	}
	list := func(specs []TensorSpec) (string, error) {
		items := make([]signatureItem, len(specs))
		for i := range specs {
			items[i] = specs[i].item()
		}
		text, err := json.Marshal(items)
		return string(text), err
	}
	in, err := list(spec.Inputs)
	if err != nil {
		return nil, err
	}
	out, err := list(spec.Outputs)
	return &signature{Inputs: in, Outputs: out}, err
}

// saveExample writes the input example as a tensor and as a request to a scoring server.
func (m *mlmodel) saveExample(dir string, example *Tensor) error {
	rows, err := example.MarshalNested()
	if err != nil {
		return fmt.Errorf("the input example: %w", err)
	}
	m.Example = &savedExample{"input_example.json", "serving_input_example.json", "ndarray"}
	if err := os.WriteFile(filepath.Join(dir, m.Example.ArtifactPath), rows, 0o600); err != nil {
		return err
	}
	request := append(append([]byte(`{"inputs": `), rows...), '}')
	return os.WriteFile(filepath.Join(dir, m.Example.Serving), request, 0o600)
}

// saveEnvironment writes the files from which Python's tools create an environment.
func saveEnvironment(dir string, requirements []string) error {
	if len(requirements) == 0 {
		return nil
	}
	env := map[string]string{
		"requirements.txt": strings.Join(requirements, "\n") + "\n",
		"python_env.yaml":  "build_dependencies:\n- pip\ndependencies:\n- -r requirements.txt\n",
		"conda.yaml": "channels:\n- conda-forge\ndependencies:\n- python\n- pip\n- pip:\n  - " +
			strings.Join(requirements, "\n  - ") + "\nname: mlflow-env\n",
	}
	for name, text := range env {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}
