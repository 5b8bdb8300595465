package mlflow

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path"
	"strings"
)

// maxModelHops bounds how many URIs lead from one to the next before files.
const maxModelHops = 5

// ModelOptions says more about a model to log.
type ModelOptions struct {
	// RegisterAs registers the model as the next version of this name.
	RegisterAs string
	// Step is the training step at which the model stands.
	Step   int64
	Type   string
	Params map[string]any
	Tags   map[string]string
}

// ModelInfo is a model that was logged. URI is models:/<ModelID>, or, where the
// server is older than MLflow 3 and knows no logged models, runs:/<run>/<name>
// with an empty ModelID. Version is nil unless the model was registered.
type ModelInfo struct {
	ModelID string
	URI     string
	Version *ModelVersion
}

// SaveModel writes a model into the folder dir, which is made if need be, as
// MLflow lays out models.
func SaveModel(dir string, save ModelSaver) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // As any folder of the user's.
		return err
	}
	return new(mlmodel).save(dir, save)
}

// LogModel saves a model and uploads it as a product of the run.
func (r *ActiveRun) LogModel(ctx context.Context, name string, save ModelSaver, o ModelOptions) (*ModelInfo, error) {
	model, err := r.client.CreateLoggedModel(ctx, &CreateLoggedModelRequest{
		ExperimentID: r.Info.ExperimentID, Name: name, ModelType: o.Type, SourceRunID: r.Info.RunID,
		Params: pairs(o.Params, func(k string, v any) Param { return Param{Key: k, Value: paramText(v)} }),
		Tags:   pairs(o.Tags, func(k, v string) Tag { return Tag{Key: k, Value: v} }),
	})
	var info *ModelInfo
	switch {
	case err == nil:
		info, err = r.fillLoggedModel(ctx, model, save, o.Step)
	case errors.Is(err, EndpointNotFound):
		info, err = r.logModelFiles(ctx, name, save)
	}
	if err != nil || o.RegisterAs == "" {
		return info, err
	}
	info.Version, err = r.client.RegisterModel(ctx, &CreateModelVersionRequest{Name: o.RegisterAs, Source: info.URI})
	return info, err
}

// fillLoggedModel uploads the files of a logged model and says whether that
// went well.
func (r *ActiveRun) fillLoggedModel(ctx context.Context, model *LoggedModel, save ModelSaver, step int64) (*ModelInfo, error) {
	id := model.Info.ModelID
	file := &mlmodel{ArtifactPath: model.Info.ArtifactURI, ModelID: id, RunID: r.Info.RunID}
	store, err := r.client.artifactStoreAt(model.Info.ArtifactURI)
	if err == nil {
		err = r.uploadModel(ctx, store, "", file, save)
	}
	if err != nil {
		_, failed := r.client.FinalizeLoggedModel(context.WithoutCancel(ctx), id, ModelUploadFailed)
		return nil, errors.Join(err, failed)
	}
	if _, err := r.client.FinalizeLoggedModel(ctx, id, ModelReady); err != nil {
		return nil, err
	}
	err = r.client.LogOutputs(ctx, &LogOutputsRequest{RunID: r.Info.RunID, Models: []ModelOutput{{ModelID: id, Step: step}}})
	return &ModelInfo{ModelID: id, URI: "models:/" + id}, err
}

// logModelFiles keeps a model among the run's artifacts, as MLflow 2 does.
func (r *ActiveRun) logModelFiles(ctx context.Context, name string, save ModelSaver) (*ModelInfo, error) {
	file := &mlmodel{ArtifactPath: name, RunID: r.Info.RunID}
	if err := r.uploadModel(ctx, r.store, name, file, save); err != nil {
		return nil, err
	}
	text, err := json.Marshal(file)
	if err != nil {
		return nil, err
	}
	_, err = call(ctx, r.client, Endpoints.LogModelJSON, &LogModelJSONRequest{RunID: r.Info.RunID, ModelJSON: string(text)})
	return &ModelInfo{URI: "runs:/" + r.Info.RunID + "/" + name}, err
}

func (r *ActiveRun) uploadModel(ctx context.Context, store artifactStore, folder string, m *mlmodel, save ModelSaver) error {
	dir, err := os.MkdirTemp("", "millrace-model-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := m.save(dir, save); err != nil {
		return err
	}
	files, err := filesBelow(dir, folder)
	if err != nil {
		return err
	}
	return r.client.putAll(ctx, store, files)
}

// RegisterModel makes the model at in.Source (models:/<model_id>,
// runs:/<run_id>/<path> or an artifact URI) the next version of a registered
// model, which is made if there is none of that name. The run and the logged
// model are taken from the source unless they are given.
func (c *Client) RegisterModel(ctx context.Context, in *CreateModelVersionRequest) (*ModelVersion, error) {
	version := *in
	if err := c.findOwner(ctx, &version); err != nil {
		return nil, err
	}
	v, err := c.CreateModelVersion(ctx, &version)
	if errors.Is(err, ResourceDoesNotExist) { // The source has been checked before the name.
		_, err = c.CreateRegisteredModel(ctx, &CreateRegisteredModelRequest{Name: in.Name})
		if err == nil || errors.Is(err, ResourceAlreadyExists) {
			v, err = c.CreateModelVersion(ctx, &version)
		}
	}
	return v, err
}

// findOwner names the run and logged model of a source, and resolves runs:/ to
// where the files are, which older servers leave to the client.
func (c *Client) findOwner(ctx context.Context, in *CreateModelVersionRequest) error {
	if rest, ok := strings.CutPrefix(in.Source, "runs:/"); ok {
		id, _, _ := strings.Cut(rest, "/")
		in.RunID = cmp.Or(in.RunID, &id)
		source, err := c.modelSource(ctx, in.Source)
		in.Source = source
		return err
	}
	model, err := ParseModelURI(in.Source)
	if err != nil || model.ModelID == "" {
		return nil //nolint:nilerr // Another kind of source, which the server judges.
	}
	logged, err := c.LoggedModel(ctx, model.ModelID)
	if err != nil {
		return err
	}
	in.ModelID = &model.ModelID
	if in.RunID == nil && logged.Info.SourceRunID != "" {
		in.RunID = &logged.Info.SourceRunID
	}
	return nil
}

// LoadModel downloads the model at uri and opens it: open gets the folder, which
// is gone afterwards, and reads what it needs. Package models has an open for
// ONNX and PyTorch:
//
//	model, err := mlflow.LoadModel(ctx, client, "models:/fashion@champion", models.Open)
//
// uri is models:/<model_id>, models:/<name>/<version or stage or latest>,
// models:/<name>@<alias>, runs:/<run_id>/<path> or an artifact URI.
func LoadModel[M any](ctx context.Context, c *Client, uri string, open func(dir string) (M, error)) (M, error) {
	var none M
	dir, err := os.MkdirTemp("", "millrace-model-")
	if err != nil {
		return none, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if dir, err = c.DownloadModel(ctx, uri, dir); err != nil {
		return none, err
	}
	return open(dir)
}

// DownloadModel downloads the files of the model at uri, as [LoadModel] takes it,
// into a folder below dir and returns that folder.
func (c *Client) DownloadModel(ctx context.Context, uri, dir string) (string, error) {
	source, err := c.modelSource(ctx, uri)
	if err != nil {
		return "", err
	}
	return c.namedBy(uri, source).downloadFrom(ctx, source, "", dir)
}

// namedBy returns a client that follows source, which uri led to. A folder that
// the caller names is the caller's choice, not the server's.
func (c *Client) namedBy(uri, source string) *Client {
	if uri != source {
		return c
	}
	named := *c
	named.localFiles = true
	return &named
}

// DownloadArtifactURI downloads the file or folder at uri into the folder dir and
// returns where it is there. Besides what [LoadModel] takes, uri may name a file
// or folder of a run or of a model: models:/<name>/<version>/<path>.
func (c *Client) DownloadArtifactURI(ctx context.Context, uri, dir string) (string, error) {
	if rest, ok := strings.CutPrefix(uri, "models:/"); ok {
		parts := strings.Split(strings.TrimRight(rest, "/"), "/")
		n := min(2, len(parts))
		if strings.Contains(parts[0], "@") {
			n = 1
		}
		source, err := c.modelSource(ctx, "models:/"+path.Join(parts[:n]...))
		if err != nil {
			return "", err
		}
		return c.downloadFrom(ctx, source, path.Join(parts[n:]...), dir)
	}
	source, err := c.modelSource(ctx, uri)
	if err != nil {
		return "", err
	}
	parent, name := path.Split(strings.TrimRight(source, "/"))
	return c.namedBy(uri, source).downloadFrom(ctx, parent, name, dir)
}

// modelSource follows a model's URI to the artifact URI of its files.
func (c *Client) modelSource(ctx context.Context, uri string) (string, error) {
	for range maxModelHops {
		next, err := c.modelHop(ctx, uri)
		if err != nil || next == uri {
			return next, err
		}
		uri = next
	}
	return "", Errorf(InvalidParameterValue, "the model's source leads from URI to URI without end, at last to %q", uri)
}

func (c *Client) modelHop(ctx context.Context, uri string) (string, error) {
	if rest, ok := strings.CutPrefix(uri, "runs:/"); ok {
		id, name, _ := strings.Cut(rest, "/")
		return c.runModelSource(ctx, id, name)
	}
	if !strings.HasPrefix(uri, "models:/") {
		return uri, nil
	}
	m, err := ParseModelURI(uri)
	if err != nil {
		return "", err
	}
	switch {
	case m.ModelID != "":
		logged, err := c.LoggedModel(ctx, m.ModelID)
		if err != nil {
			return "", err
		}
		return logged.Info.ArtifactURI, nil
	case m.Alias != "":
		v, err := c.ModelVersionByAlias(ctx, m.Name, m.Alias)
		if err != nil {
			return "", err
		}
		m.Version = v.Version
	case m.Version == "":
		if m.Version, err = c.latestVersion(ctx, m.Name, m.Stage); err != nil {
			return "", err
		}
	}
	return c.DownloadURI(ctx, m.Name, m.Version)
}

// latestVersion returns the highest version of a model in a stage, "" for any.
func (c *Client) latestVersion(ctx context.Context, name, stage string) (string, error) {
	var stages []string
	if stage != "" {
		stages = []string{stage}
	}
	list, err := c.LatestVersions(ctx, name, stages...)
	if err != nil {
		return "", err
	}
	highest := ""
	for _, v := range list {
		if len(v.Version) > len(highest) || len(v.Version) == len(highest) && v.Version > highest {
			highest = v.Version
		}
	}
	if highest == "" {
		return "", Errorf(ResourceDoesNotExist, "the model %s has no version in %s", name, cmp.Or(stage, "any stage"))
	}
	return highest, nil
}

// runModelSource finds a model that a run logged by name: among its artifacts
// (MLflow 2) or its logged models (MLflow 3).
func (c *Client) runModelSource(ctx context.Context, runID, name string) (string, error) {
	run, err := c.Run(ctx, runID)
	if err != nil {
		return "", err
	}
	if run.Outputs != nil {
		for _, out := range run.Outputs.ModelOutputs {
			model, err := c.LoggedModel(ctx, out.ModelID)
			if err != nil {
				return "", err
			}
			if model.Info.Name == name {
				return model.Info.ArtifactURI, nil
			}
		}
	}
	return strings.TrimSuffix(run.Info.ArtifactURI, "/") + "/" + path.Clean(name), nil
}

func randomHex() (string, error) {
	var b [16]byte
	_, err := rand.Read(b[:])
	return hex.EncodeToString(b[:]), err
}
