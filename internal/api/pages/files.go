package pages

import (
	"context"

	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/artifact"
)

// owner names the run, the logged model or the model version that files belong to.
type owner struct {
	runID, modelID, name, version string
}

// location returns the artifact URI of an owner.
func (h *Handlers) location(ctx context.Context, o owner) (string, error) {
	named := 0
	for _, id := range []string{o.runID, o.modelID, o.name} {
		if id != "" {
			named++
		}
	}
	if named != 1 || (o.name == "") != (o.version == "") {
		return "", apierror.Invalid("The request needs either run_id, model_id, or name and version.")
	}
	switch {
	case o.runID != "":
		info, err := h.Store.RunInfo(ctx, o.runID)
		if err != nil {
			return "", err
		}
		return info.ArtifactURI, nil
	case o.modelID != "":
		model, err := h.Store.LoggedModel(ctx, o.modelID, false)
		if err != nil {
			return "", err
		}
		return model.Info.ArtifactURI, nil
	}
	return h.VersionURI(ctx, o.name, o.version)
}

// locate returns the store of the files of an owner and the path of one of them there. A
// path of "" is the folder of all files.
func (h *Handlers) locate(ctx context.Context, o owner, below string) (artifact.Repo, string, error) {
	below, err := artifact.CleanPath(below)
	if err != nil {
		return nil, "", err
	}
	uri, err := h.location(ctx, o)
	if err != nil {
		return nil, "", err
	}
	repo, base, err := h.Files.Locate(uri)
	return repo, artifact.Join(base, below), err
}
