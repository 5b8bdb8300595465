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

// maxModelHops is the most URIs to resolve until the files of a model.
const maxModelHops = 5

// ModelOptions configures a model to log.
type ModelOptions struct {
	// RegisterAs is the registered model of which the model becomes the next version.
	RegisterAs string
	// Step is the training step of the model.
	Step   int64
	Type   string
	Params map[string]any
	Tags   map[string]string
	// ModelID is the id of a logged model of [ActiveRun.InitializeModel] to log the files of. By default, LogModel
	// creates a logged model.
	ModelID string
}

// ModelInfo is a model that was logged. URI is models:/<ModelID>. On a server before
// MLflow 3, which has no logged models, it is runs:/<run>/<name>, and ModelID is empty.
// Version is nil unless the model was registered.
type ModelInfo struct {
	ModelID string
	URI     string
	Version *ModelVersion
}

// SaveModel writes a model to the directory dir in MLflow's layout. It creates the
// directory if necessary.
func SaveModel(dir string, save ModelSaver) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // The umask applies.
		return err
	}
	return new(mlmodel).save(dir, save)
}

// InitializeModel creates a logged model without files, so that metrics can refer to it while the model is trained.
// Pass its id to [ActiveRun.LogModel] in ModelOptions.ModelID. InitializeModel ignores RegisterAs and Step. Servers
// older than MLflow 3 answer with [EndpointNotFound].
func (r *ActiveRun) InitializeModel(ctx context.Context, name string, o ModelOptions) (*LoggedModel, error) {
	return r.client.CreateLoggedModel(ctx, &CreateLoggedModelRequest{
		ExperimentID: r.Info.ExperimentID, Name: name, ModelType: o.Type, SourceRunID: r.Info.RunID,
		Params: paramsOf(o.Params),
		Tags:   tagsOf(o.Tags),
	})
}

// LogModel saves a model and uploads it as an output of the run.
func (r *ActiveRun) LogModel(ctx context.Context, name string, save ModelSaver, o ModelOptions) (*ModelInfo, error) {
	var model *LoggedModel
	var err error
	if o.ModelID != "" {
		model, err = r.client.LoggedModel(ctx, o.ModelID)
	} else {
		model, err = r.InitializeModel(ctx, name, o)
	}
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

// fillLoggedModel uploads the files of a logged model and sets its status.
func (r *ActiveRun) fillLoggedModel(
	ctx context.Context,
	model *LoggedModel,
	save ModelSaver,
	step int64,
) (*ModelInfo, error) {
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
	err = r.client.LogOutputs(ctx,
		&LogOutputsRequest{RunID: r.Info.RunID, Models: []ModelOutput{{ModelID: id, Step: step}}})
	return &ModelInfo{ModelID: id, URI: "models:/" + id}, err
}

// logModelFiles stores a model in the artifacts of the run, as MLflow 2 does.
func (r *ActiveRun) logModelFiles(ctx context.Context, name string, save ModelSaver) (*ModelInfo, error) {
	file := &mlmodel{ArtifactPath: name, RunID: r.Info.RunID}
	if err := r.uploadModel(ctx, r.store, name, file, save); err != nil {
		return nil, err
	}
	text, err := json.Marshal(file)
	if err != nil {
		return nil, err
	}
	_, err = call(ctx, r.client, Endpoints.LogModelJSON,
		&LogModelJSONRequest{RunID: r.Info.RunID, ModelJSON: string(text)})
	return &ModelInfo{URI: "runs:/" + r.Info.RunID + "/" + name}, err
}

func (r *ActiveRun) uploadModel(
	ctx context.Context,
	store artifactStore,
	folder string,
	m *mlmodel,
	save ModelSaver,
) error {
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

// RegisterModel creates a version of a registered model from in.Source, which is
// models:/<model_id>, runs:/<run_id>/<path> or an artifact URI. It creates the
// registered model if necessary. The default of RunID and ModelID is the run and the
// logged model of the source.
func (c *Client) RegisterModel(ctx context.Context, in *CreateModelVersionRequest) (*ModelVersion, error) {
	version := *in
	if err := c.findOwner(ctx, &version); err != nil {
		return nil, err
	}
	v, err := c.CreateModelVersion(ctx, &version)
	if errors.Is(err, ResourceDoesNotExist) { // The server checks the source before the name.
		_, err = c.CreateRegisteredModel(ctx, &CreateRegisteredModelRequest{Name: in.Name})
		if err == nil || errors.Is(err, ResourceAlreadyExists) {
			v, err = c.CreateModelVersion(ctx, &version)
		}
	}
	return v, err
}

// findOwner sets the run and the logged model of a source, and resolves runs:/, which
// older servers do not.
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
		return nil //nolint:nilerr // The server checks other sources.
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

// DownloadModel downloads the files of a model to a directory below dir and returns that
// directory. See [LoadModel] for uri.
func (c *Client) DownloadModel(ctx context.Context, uri, dir string) (string, error) {
	source, err := c.modelSource(ctx, uri)
	if err != nil {
		return "", err
	}
	return c.namedBy(uri, source).downloadFrom(ctx, source, "", dir)
}

// namedBy returns a client that may access source. If the caller specified a directory,
// the server did not choose it.
func (c *Client) namedBy(uri, source string) *Client {
	if uri != source {
		return c
	}
	named := *c
	named.localFiles = true
	return &named
}

// DownloadArtifactURI downloads a file or directory to the directory dir and returns its
// path there. In addition to the URIs of [LoadModel], uri may identify a file or
// directory of a run or a model: models:/<name>/<version>/<path>.
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

// modelSource resolves the URI of a model to the artifact URI of its files.
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

// latestVersion returns the highest version of a model in a stage, or in any stage for
// "".
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

// runModelSource finds a model of a run by name in its artifacts (MLflow 2) or its
// logged models (MLflow 3).
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
