package registry

import (
	"context"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/api/rules"
	"github.com/millrace-ml/millrace/internal/api/validate"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/internal/store/registry"
	"github.com/millrace-ml/millrace/mlflow"
)

const maxModelVersions = 200_000

func (h *Handlers) modelVersionRoutes(r *route.Router) {
	route.On(r, mlflow.Endpoints.CreateModelVersion, rules.CreateVersion, h.createModelVersion)
	route.On(r, mlflow.Endpoints.UpdateModelVersion, permit.Version(access.ToUpdate), h.updateModelVersion)
	route.On(r, mlflow.Endpoints.TransitionStage, permit.Version(access.ToUpdate).Audited(), h.transitionStage)
	route.On(r, mlflow.Endpoints.DeleteModelVersion, permit.Version(access.ToDelete).Audited(), h.deleteModelVersion)
	route.On(r, mlflow.Endpoints.GetModelVersion, permit.Version(access.ToRead), h.getModelVersion)
	route.On(r, mlflow.Endpoints.SearchModelVersions, permit.Filtered, h.SearchVersions)
	route.On(r, mlflow.Endpoints.GetDownloadURI, permit.Version(access.ToRead), h.getDownloadURI)
	route.On(r, mlflow.Endpoints.SetModelVersionTag, permit.Version(access.ToUpdate), h.setModelVersionTag)
	route.On(r, mlflow.Endpoints.DeleteModelVersionTag, permit.Version(access.ToDelete), h.deleteModelVersionTag)
}

// versionNumber parses a version, which is a string in the API.
func versionNumber(text string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return 0, apierror.Invalid("Parameter 'version' must be an integer, got '%s'.", apierror.Shorten(text))
	}
	return n, nil
}

// versionOf checks a model's name and parses a version.
func versionOf(name, version string) (int64, error) {
	if err := validModelName("name", name); err != nil {
		return 0, err
	}
	return versionNumber(version)
}

func (h *Handlers) createModelVersion(
	ctx context.Context,
	in *mlflow.CreateModelVersionRequest,
) (*mlflow.ModelVersionResponse, error) {
	source, err := h.checkedSource(ctx, in)
	if err := validate.First(err, validModelName("name", in.Name), validTags(in.Tags, validVersionTag)); err != nil {
		return nil, err
	}
	v, err := h.Store.CreateModelVersion(ctx, registry.NewVersion{
		Name:        in.Name,
		Source:      source.uri,
		RunID:       source.runID,
		ModelID:     source.modelID,
		RunLink:     in.RunLink,
		Description: in.Description,
		Tags:        in.Tags,
	}, author(ctx, ""))
	return &mlflow.ModelVersionResponse{ModelVersion: v}, err
}

func (h *Handlers) updateModelVersion(
	ctx context.Context,
	in *mlflow.UpdateModelVersionRequest,
) (*mlflow.ModelVersionResponse, error) {
	version, err := versionOf(in.Name, in.Version)
	if err != nil {
		return nil, err
	}
	v, err := h.Store.UpdateModelVersion(ctx, in.Name, version, in.Description)
	return &mlflow.ModelVersionResponse{ModelVersion: v}, err
}

func (h *Handlers) transitionStage(
	ctx context.Context,
	in *mlflow.TransitionStageRequest,
) (*mlflow.ModelVersionResponse, error) {
	version, err := versionOf(in.Name, in.Version)
	if err != nil {
		return nil, err
	}
	stage, err := stageToEnter(in.Stage, in.ArchiveExistingVersions)
	if err != nil {
		return nil, err
	}
	v, err := h.Store.MoveVersion(ctx, in.Name, version, registry.Move{Stage: stage, Archive: in.ArchiveExistingVersions},
		author(ctx, ""))
	return &mlflow.ModelVersionResponse{ModelVersion: v}, err
}

// stageToEnter checks the stage of a transition. Only the stages Staging and
// Production can archive their other versions.
func stageToEnter(stage string, archive bool) (string, error) {
	canonical, err := canonicalStage(stage)
	if err == nil && archive && canonical != mlflow.StageStaging && canonical != mlflow.StageProduction {
		err = apierror.Invalid(
			"Model version transition cannot archive existing model versions because '%s' is not an Active stage. "+
				"Valid stages are ['Staging', 'Production']",
			apierror.Shorten(stage),
		)
	}
	return canonical, err
}

func (h *Handlers) deleteModelVersion(ctx context.Context, in *mlflow.ModelVersionRequest) (*mlflow.Empty, error) {
	version, err := versionOf(in.Name, in.Version)
	if err != nil {
		return nil, err
	}
	unused, err := h.Store.DeleteModelVersion(ctx, in.Name, version, author(ctx, ""))
	if err != nil {
		return nil, err
	}
	h.deleteFiles(ctx, unused)
	return &mlflow.Empty{}, nil
}

func (h *Handlers) getModelVersion(
	ctx context.Context,
	in *mlflow.ModelVersionRequest,
) (*mlflow.ModelVersionResponse, error) {
	version, err := versionOf(in.Name, in.Version)
	if err != nil {
		return nil, err
	}
	v, err := h.Store.ModelVersion(ctx, in.Name, version)
	return &mlflow.ModelVersionResponse{ModelVersion: v}, err
}

// SearchVersions answers a search of model versions.
func (h *Handlers) SearchVersions(
	ctx context.Context,
	in *mlflow.SearchModelVersionsRequest,
) (*mlflow.SearchModelVersionsResponse, error) {
	limit, err := pageLimit(in.MaxResults, maxModelVersions, maxModelVersions)
	if err != nil {
		return nil, err
	}
	list, next, err := h.Store.SearchModelVersions(ctx, limit, in)
	return &mlflow.SearchModelVersionsResponse{ModelVersions: list, NextPageToken: next}, err
}

func (h *Handlers) getDownloadURI(
	ctx context.Context,
	in *mlflow.DownloadURIRequest,
) (*mlflow.DownloadURIResponse, error) {
	version, err := versionOf(in.Name, in.Version)
	if err != nil {
		return nil, err
	}
	uri, err := h.Store.DownloadURI(ctx, in.Name, version)
	return &mlflow.DownloadURIResponse{ArtifactURI: uri}, err
}

func (h *Handlers) setModelVersionTag(
	ctx context.Context,
	in *mlflow.SetModelVersionTagRequest,
) (*mlflow.Empty, error) {
	tag := mlflow.Tag{Key: in.Key, Value: in.Value}
	version, err := versionOf(in.Name, in.Version)
	if err := validate.First(err, validVersionTag(&tag)); err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, h.Store.SetModelVersionTag(ctx, in.Name, version, tag)
}

func (h *Handlers) deleteModelVersionTag(
	ctx context.Context,
	in *mlflow.DeleteModelVersionTagRequest,
) (*mlflow.Empty, error) {
	version, err := versionOf(in.Name, in.Version)
	if err := validate.First(err, validate.Key("key", in.Key)); err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, h.Store.DeleteModelVersionTag(ctx, in.Name, version, in.Key)
}

// VersionURI returns the artifact URI of a version. It resolves runs:/ URIs to the
// artifact URI of the run.
func (h *Handlers) VersionURI(ctx context.Context, name, version string) (string, error) {
	number, err := versionOf(name, version)
	if err != nil {
		return "", err
	}
	uri, err := h.Store.DownloadURI(ctx, name, number)
	if err != nil {
		return "", err
	}
	return h.resolveRun(ctx, uri)
}

// resolveRun resolves runs:/<run_id>/<path> to an artifact URI. It returns other URIs unchanged.
func (h *Handlers) resolveRun(ctx context.Context, uri string) (string, error) {
	runID, below, ok := parseRunsURI(uri)
	if !ok {
		return uri, nil
	}
	run, err := h.Store.RunInfo(ctx, runID)
	if err != nil {
		return "", err
	}
	below, err = artifact.CleanPath(below)
	return strings.TrimSuffix(strings.TrimSuffix(run.ArtifactURI, "/")+"/"+below, "/"), err
}

// parseRunsURI splits runs:/<run_id>/<path>. The path is optional.
func parseRunsURI(uri string) (runID, path string, ok bool) {
	rest, ok := strings.CutPrefix(uri, "runs:/")
	runID, path, _ = strings.Cut(rest, "/")
	return runID, path, ok && runID != ""
}
