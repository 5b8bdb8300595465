package mlflow

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"strings"
)

// tagContext is the input tag with the purpose of a dataset.
const tagContext = "mlflow.data.context"

// Input is a dataset that a run uses.
type Input struct {
	Dataset *Dataset
	// Context says what the dataset is used for, such as training, validation or test.
	Context string
	Tags    map[string]string
}

// LogInput records that the run uses a dataset for a purpose, such as training,
// validation or test.
func (r *ActiveRun) LogInput(ctx context.Context, d *Dataset, purpose string) error {
	return r.LogInputs(ctx, []Input{{Dataset: d, Context: purpose}})
}

// LogInputs records datasets and logged models that the run uses, in one transaction.
func (r *ActiveRun) LogInputs(ctx context.Context, inputs []Input, modelIDs ...string) error {
	request := &LogInputsRequest{RunID: r.Info.RunID}
	for _, in := range inputs {
		tags := pairs(in.Tags, func(k, v string) InputTag { return InputTag{Key: k, Value: v} })
		if in.Context != "" {
			tags = append(tags, InputTag{Key: tagContext, Value: in.Context})
		}
		request.Datasets = append(request.Datasets, DatasetInput{Dataset: in.Dataset, Tags: tags})
	}
	for _, id := range modelIDs {
		request.Models = append(request.Models, ModelInput{ModelID: id})
	}
	return r.client.LogInputs(ctx, request)
}

// NewDataset describes a dataset by tensors whose first dimension is the example.
// targets may be nil. source is where the data comes from: a URL, a file, or the program
// that generated it. The digest depends on the numbers only.
func NewDataset(name, source string, features, targets *Tensor) (*Dataset, error) {
	digest := sha256.New()
	schema := map[string]any{"features": nil, "targets": nil}
	profile := map[string]any{}
	for part, t := range map[string]*Tensor{"features": features, "targets": targets} {
		if t == nil {
			continue
		}
		spec := TensorSpec{DType: t.DType(), Shape: append([]int{-1}, t.Shape[min(1, len(t.Shape)):]...)}
		text, err := json.Marshal([]signatureItem{spec.item()})
		if err != nil {
			return nil, err
		}
		schema[part] = string(text)
		profile[part+"_shape"], profile[part+"_size"] = t.Shape, t.Len()
	}
	for _, t := range []*Tensor{features, targets} {
		if err := hashTensor(digest, t); err != nil {
			return nil, err
		}
	}
	schemaText, err := json.Marshal(map[string]any{"mlflow_tensorspec": schema})
	if err != nil {
		return nil, err
	}
	profileText, err := json.Marshal(profile)
	if err != nil {
		return nil, err
	}
	kind, sourceText := datasetSource(source)
	return &Dataset{
		Name: name, Digest: hex.EncodeToString(digest.Sum(nil))[:8], SourceType: kind, Source: sourceText,
		Schema: string(schemaText), Profile: string(profileText),
	}, nil
}

func hashTensor(w io.Writer, t *Tensor) error {
	switch {
	case t == nil:
		return nil
	case t.DType() == "":
		return Errorf(InvalidParameterValue, "a dataset of %T: tensors hold numbers or strings", t.Data)
	}
	if texts, ok := t.Data.([]string); ok {
		_, err := io.WriteString(w, strings.Join(texts, "\x00"))
		return err
	}
	return binary.Write(w, binary.LittleEndian, t.Data)
}

// datasetSource returns the type of a source and its JSON in MLflow's format.
func datasetSource(source string) (kind, text string) {
	kind, key := "local", "uri"
	switch {
	case strings.HasPrefix(source, "http://"), strings.HasPrefix(source, "https://"):
		kind, key = "http", "url"
	case strings.HasPrefix(source, "s3://"), strings.HasPrefix(source, "gs://"):
		kind, _, _ = strings.Cut(source, ":")
	}
	b, _ := json.Marshal(map[string]string{key: source}) // Strings always marshal.
	return kind, string(b)
}
