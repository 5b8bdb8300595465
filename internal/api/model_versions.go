package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/mlflow"
)

const maxModelVersions = 200_000

func (s *Server) modelVersionRoutes(r *routes) {
	on(r, mlflow.CreateModelVersionAPI, auth.EditRegistry, s.createModelVersion)
	on(r, mlflow.UpdateModelVersionAPI, auth.EditRegistry, s.updateModelVersion)
	on(r, mlflow.TransitionStageAPI, auth.EditRegistry, s.transitionStage)
	on(r, mlflow.DeleteModelVersionAPI, auth.EditRegistry, s.deleteModelVersion)
	on(r, mlflow.GetModelVersionAPI, auth.ReadRegistry, s.getModelVersion)
	on(r, mlflow.SearchModelVersionsAPI, auth.ReadRegistry, s.searchModelVersions)
	on(r, mlflow.GetDownloadURIAPI, auth.ReadRegistry, s.getDownloadURI)
	on(r, mlflow.SetModelVersionTagAPI, auth.EditRegistry, s.setModelVersionTag)
	on(r, mlflow.DeleteModelVersionTagAPI, auth.EditRegistry, s.deleteModelVersionTag)
	r.root("GET", "/model-versions/get-artifact", auth.ReadRegistry, s.downloadVersionArtifact)
}

// versionNumber reads a version, which is a text in the API.
func versionNumber(text string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return 0, mlflow.Errorf(
			mlflow.InvalidParameterValue,
			"Parameter 'version' must be an integer, got '%s'.",
			shorten(text),
		)
	}
	return n, nil
}

// versionOf checks a model's name and reads a version of it.
func versionOf(name, version string) (int64, error) {
	if err := validModelName("name", name); err != nil {
		return 0, err
	}
	return versionNumber(version)
}

func (s *Server) createModelVersion(
	ctx context.Context,
	in *mlflow.CreateModelVersionRequest,
) (*mlflow.ModelVersionResponse, error) {
	source, err := s.checkedSource(ctx, in)
	if err := check(err, validModelName("name", in.Name), validTags(in.Tags, validVersionTag)); err != nil {
		return nil, err
	}
	v, err := s.Store.CreateModelVersion(ctx, store.NewVersion{
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

func (s *Server) updateModelVersion(
	ctx context.Context,
	in *mlflow.UpdateModelVersionRequest,
) (*mlflow.ModelVersionResponse, error) {
	version, err := versionOf(in.Name, in.Version)
	if err != nil {
		return nil, err
	}
	v, err := s.Store.UpdateModelVersion(ctx, in.Name, version, in.Description)
	return &mlflow.ModelVersionResponse{ModelVersion: v}, err
}

func (s *Server) transitionStage(
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
	v, err := s.Store.MoveVersion(
		ctx,
		in.Name,
		version,
		store.Move{Stage: stage, Archive: in.ArchiveExistingVersions},
		author(ctx, ""),
	)
	return &mlflow.ModelVersionResponse{ModelVersion: v}, err
}

// stageToEnter checks a stage, which only if it is an active one can push its
// other versions out.
func stageToEnter(stage string, archive bool) (string, error) {
	canonical, err := canonicalStage(stage)
	if err == nil && archive && canonical != mlflow.StageStaging && canonical != mlflow.StageProduction {
		err = mlflow.Errorf(
			mlflow.InvalidParameterValue,
			"Model version transition cannot archive existing model versions because '%s' is not an Active stage. "+
				"Valid stages are ['Staging', 'Production']",
			shorten(stage),
		)
	}
	return canonical, err
}

func (s *Server) deleteModelVersion(ctx context.Context, in *mlflow.ModelVersionRequest) (*mlflow.Empty, error) {
	version, err := versionOf(in.Name, in.Version)
	if err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, s.Store.DeleteModelVersion(ctx, in.Name, version, author(ctx, ""))
}

func (s *Server) getModelVersion(
	ctx context.Context,
	in *mlflow.ModelVersionRequest,
) (*mlflow.ModelVersionResponse, error) {
	version, err := versionOf(in.Name, in.Version)
	if err != nil {
		return nil, err
	}
	v, err := s.Store.ModelVersion(ctx, in.Name, version)
	return &mlflow.ModelVersionResponse{ModelVersion: v}, err
}

func (s *Server) searchModelVersions(
	ctx context.Context,
	in *mlflow.SearchModelVersionsRequest,
) (*mlflow.SearchModelVersionsResponse, error) {
	limit, err := registryLimit(in.MaxResults, maxModelVersions, maxModelVersions)
	if err != nil {
		return nil, err
	}
	list, next, err := s.Store.SearchModelVersions(ctx, limit, in)
	return &mlflow.SearchModelVersionsResponse{ModelVersions: list, NextPageToken: next}, err
}

func (s *Server) getDownloadURI(
	ctx context.Context,
	in *mlflow.DownloadURIRequest,
) (*mlflow.DownloadURIResponse, error) {
	version, err := versionOf(in.Name, in.Version)
	if err != nil {
		return nil, err
	}
	uri, err := s.Store.DownloadURI(ctx, in.Name, version)
	return &mlflow.DownloadURIResponse{ArtifactURI: uri}, err
}

func (s *Server) setModelVersionTag(ctx context.Context, in *mlflow.SetModelVersionTagRequest) (*mlflow.Empty, error) {
	tag := mlflow.Tag{Key: in.Key, Value: in.Value}
	version, err := versionOf(in.Name, in.Version)
	if err := check(err, validVersionTag(&tag)); err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, s.Store.SetModelVersionTag(ctx, in.Name, version, tag)
}

func (s *Server) deleteModelVersionTag(
	ctx context.Context,
	in *mlflow.DeleteModelVersionTagRequest,
) (*mlflow.Empty, error) {
	version, err := versionOf(in.Name, in.Version)
	if err := check(err, validKey("key", in.Key)); err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, s.Store.DeleteModelVersionTag(ctx, in.Name, version, in.Key)
}

func (s *Server) downloadVersionArtifact(w http.ResponseWriter, req *http.Request) error {
	q := req.URL.Query()
	below := q.Get("path")
	if below == "" {
		return mlflow.Errorf(mlflow.BadRequest, `Request must include the "path" query parameter.`)
	}
	return s.sendBelow(w, req, below, func(ctx context.Context) (string, error) {
		return s.VersionURI(ctx, q.Get("name"), q.Get("version"))
	})
}

// VersionURI returns where a version's files are, a runs:/ URI followed to where
// the run keeps them.
func (s *Server) VersionURI(ctx context.Context, name, version string) (string, error) {
	number, err := versionOf(name, version)
	if err != nil {
		return "", err
	}
	uri, err := s.Store.DownloadURI(ctx, name, number)
	if err != nil {
		return "", err
	}
	runID, below, ok := parseRunsURI(uri)
	if !ok {
		return uri, nil
	}
	run, err := s.Store.RunInfo(ctx, runID)
	if err != nil {
		return "", err
	}
	below, err = artifact.CleanPath(below)
	return strings.TrimSuffix(strings.TrimSuffix(run.ArtifactURI, "/")+"/"+below, "/"), err
}

// parseRunsURI splits runs:/<run_id>/<path>; the path may be missing.
func parseRunsURI(uri string) (runID, path string, ok bool) {
	rest, ok := strings.CutPrefix(uri, "runs:/")
	runID, path, _ = strings.Cut(rest, "/")
	return runID, path, ok && runID != ""
}
