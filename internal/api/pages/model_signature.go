package pages

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"go.yaml.in/yaml/v3"

	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/mlflow"
)

// maxMLmodel is the largest MLmodel file that is read, in bytes.
const maxMLmodel = 1 << 20

// modelSignature returns the signature of a logged model or a model version. The
// response is empty if the model has no signature or no MLmodel file.
func (h *Handlers) modelSignature(
	ctx context.Context, in *mlflow.ModelSignatureRequest,
) (*mlflow.ModelSignatureResponse, error) {
	uri, err := h.signedModel(ctx, in)
	if err != nil {
		return nil, err
	}
	text, err := h.readMLmodel(ctx, uri)
	if errors.Is(err, mlflow.ResourceDoesNotExist) {
		return &mlflow.ModelSignatureResponse{}, nil
	}
	if err != nil {
		return nil, err
	}
	var file struct {
		Signature struct {
			Inputs, Outputs, Params string
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return nil, apierror.Invalid("The MLmodel file of the model is not valid YAML: %s", apierror.Shorten(err.Error()))
	}
	out := &mlflow.ModelSignatureResponse{}
	for _, part := range []struct {
		text string
		list *json.RawMessage
	}{
		{file.Signature.Inputs, &out.Inputs},
		{file.Signature.Outputs, &out.Outputs},
		{file.Signature.Params, &out.Params},
	} {
		var list []json.RawMessage
		if part.text != "" && json.Unmarshal([]byte(part.text), &list) == nil && list != nil {
			*part.list = json.RawMessage(part.text)
		}
	}
	return out, nil
}

// signedModel returns the artifact URI of the model in a request.
func (h *Handlers) signedModel(ctx context.Context, in *mlflow.ModelSignatureRequest) (string, error) {
	if (in.ModelID == "") == (in.Name == "") {
		return "", apierror.Invalid("The request needs either model_id or name and version.")
	}
	return h.location(ctx, owner{modelID: in.ModelID, name: in.Name, version: in.Version})
}

func (h *Handlers) readMLmodel(ctx context.Context, uri string) ([]byte, error) {
	repo, base, err := h.Files.Locate(uri)
	if err != nil {
		return nil, err
	}
	f, err := repo.Open(ctx, artifact.Join(base, "MLmodel"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // Closing a file that was read cannot lose data.
	if f.Size > maxMLmodel {
		return nil, apierror.Invalid("The MLmodel file of the model is larger than %d MiB.", maxMLmodel>>20)
	}
	return io.ReadAll(io.LimitReader(f, maxMLmodel))
}
