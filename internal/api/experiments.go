package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/api/rules"
	"github.com/millrace-ml/millrace/internal/api/validate"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/mlflow"
)

func (s *Server) experimentRoutes(r *route.Router) {
	route.On(r, mlflow.Endpoints.CreateExperiment, permit.CreateExperiment, s.createExperiment)
	route.On(r, mlflow.Endpoints.SearchExperiments, permit.Filtered, s.searchExperiments)
	route.On(r, mlflow.Endpoints.ListExperiments, permit.Filtered, s.searchExperiments)
	route.On(r, mlflow.Endpoints.GetExperiment, permit.Experiment(access.ToRead), s.getExperiment)
	route.On(r, mlflow.Endpoints.GetExperimentByName, rules.ReadByName, s.getExperimentByName)
	route.On(r, mlflow.Endpoints.UpdateExperiment, permit.Experiment(access.ToUpdate), s.updateExperiment)
	route.On(r, mlflow.Endpoints.DeleteExperiment, permit.WholeExperiment.Audited(), s.deleteExperiment)
	route.On(r, mlflow.Endpoints.RestoreExperiment, permit.WholeExperiment.Audited(), s.restoreExperiment)
	route.On(r, mlflow.Endpoints.SetExperimentTag, permit.Experiment(access.ToUpdate), s.setExperimentTag)
	route.On(r, mlflow.Endpoints.DeleteExperimentTag, permit.Experiment(access.ToUpdate), s.deleteExperimentTag)
	route.OnAjax(r, mlflow.Endpoints.SearchDatasets, rules.SearchDatasets, s.searchDatasets)
}

func (s *Server) createExperiment(
	ctx context.Context,
	in *mlflow.CreateExperimentRequest,
) (*mlflow.CreateExperimentResponse, error) {
	err := validate.First(
		validate.Length("name", in.Name, validate.MaxExperimentName),
		validLocation(in.ArtifactLocation),
		s.Artifacts.MayBegin(in.ArtifactLocation),
		validate.UniqueKeys("tag", in.Tags, validate.TagKey),
	)
	if err != nil {
		return nil, err
	}
	for i := range in.Tags {
		if err := validExperimentTag(&in.Tags[i]); err != nil {
			return nil, err
		}
	}
	tags := in.Tags
	if s.ExperimentTags != nil {
		for _, tag := range s.ExperimentTags(ctx, in.Name) {
			if !slices.ContainsFunc(in.Tags, func(t mlflow.Tag) bool { return t.Key == tag.Key }) {
				tags = append(tags, tag)
			}
		}
	}
	location := in.ArtifactLocation
	if location != "" { // A relative location is relative to the server's working directory.
		if location, err = artifact.Absolute(location); err != nil {
			return nil, err
		}
	}
	if err := s.mayUse(ctx, location); err != nil {
		return nil, err
	}
	number, err := s.Store.CreateExperiment(ctx, in.Name, location, tags)
	if err != nil {
		return nil, err
	}
	id := strconv.FormatInt(number, 10)
	if err := s.Keeper.Created(ctx, access.Experiment, id); err != nil {
		return nil, fmt.Errorf("experiment %s exists now, but its creator has no grant on it: %w", id, err)
	}
	return &mlflow.CreateExperimentResponse{ExperimentID: id}, nil
}

// mayUse returns an error if the user may not choose the location of a new experiment,
// because it would give access to the files of other experiments.
func (s *Server) mayUse(ctx context.Context, location string) error {
	if location == "" || access.FromContext(ctx).Unlimited() {
		return nil
	}
	denied := mlflow.Errorf(mlflow.PermissionDenied, "Only an administrator can create an experiment at '%s', "+
		"because files of other experiments are there. Without artifact_location, the server chooses a folder.",
		apierror.Shorten(artifact.Redact(location)))
	if s.Artifacts.Shared(location) {
		return denied
	}
	if !artifact.IsObjectStore(location) {
		return nil // The server does not open it.
	}
	var others []string
	err := s.Store.EachLocation(ctx, func(id, used string) {
		if overlap(location, used) {
			others = append(others, id)
		}
	})
	if err != nil {
		return err
	}
	for _, id := range others {
		err := permit.Current(ctx, s.Owners, func(c *permit.Checker) error { return c.Experiment(id, access.ToManage) })
		if errors.Is(err, permit.ErrDenied) {
			return denied
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func validExperimentTag(t *mlflow.Tag) error {
	return validate.First(
		validate.Key("key", t.Key),
		validate.Length("key", t.Key, validate.MaxKey),
		validate.Length("value", t.Value, validate.MaxExperimentTagValue),
	)
}

// validLocation checks the form of the artifact location of a new experiment.
func validLocation(location string) error {
	switch {
	case location == "":
		return nil
	case len(location) > validate.MaxArtifactLocation && utf8.RuneCountInString(location) > validate.MaxArtifactLocation:
		return apierror.Invalid(
			"Invalid artifact path length. The length of the artifact path cannot be greater than %d characters. "+
				"To configure this limit, please set the MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH environment "+
				"variable.", validate.MaxArtifactLocation)
	case strings.HasPrefix(location, "runs:/"):
		return apierror.Invalid("Artifact location cannot be a runs:/ URI. Given: '%s'", apierror.Shorten(location))
	case strings.ContainsAny(location, "#;"):
		return apierror.Invalid("'artifact_location' URL can't include fragments or params.")
	}
	return nil
}

func (s *Server) searchExperiments(
	ctx context.Context,
	in *mlflow.SearchExperimentsRequest,
) (*mlflow.SearchExperimentsResponse, error) {
	if in.MaxResults <= 0 {
		return nil, validate.BadLimit(in.MaxResults, "a positive integer")
	}
	if in.MaxResults > maxResults {
		return nil, validate.BadLimit(in.MaxResults, "at most "+strconv.Itoa(maxResults))
	}
	list, next, err := s.Store.SearchExperiments(ctx, in)
	return &mlflow.SearchExperimentsResponse{Experiments: list, NextPageToken: next}, err
}

func (s *Server) getExperiment(
	ctx context.Context,
	in *mlflow.GetExperimentRequest,
) (*mlflow.ExperimentResponse, error) {
	id, err := validate.ExperimentID(in.ExperimentID)
	if err != nil {
		return nil, err
	}
	e, err := s.Store.Experiment(ctx, id)
	return &mlflow.ExperimentResponse{Experiment: e}, err
}

func (s *Server) getExperimentByName(
	ctx context.Context,
	in *mlflow.GetExperimentByNameRequest,
) (*mlflow.ExperimentResponse, error) {
	e, err := s.Store.ExperimentByName(ctx, in.ExperimentName)
	return &mlflow.ExperimentResponse{Experiment: e}, err
}

func (s *Server) updateExperiment(ctx context.Context, in *mlflow.UpdateExperimentRequest) (*mlflow.Empty, error) {
	id, err := validate.ExperimentID(in.ExperimentID)
	if err := validate.First(err, validate.Length("name", in.NewName, validate.MaxExperimentName)); err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, s.Store.RenameExperiment(ctx, id, in.NewName)
}

func (s *Server) deleteExperiment(ctx context.Context, in *mlflow.ExperimentIDRequest) (*mlflow.Empty, error) {
	id, err := validate.ExperimentID(in.ExperimentID)
	if err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, s.Store.DeleteExperiment(ctx, id)
}

func (s *Server) restoreExperiment(ctx context.Context, in *mlflow.ExperimentIDRequest) (*mlflow.Empty, error) {
	id, err := validate.ExperimentID(in.ExperimentID)
	if err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, s.Store.RestoreExperiment(ctx, id)
}

func (s *Server) setExperimentTag(ctx context.Context, in *mlflow.SetExperimentTagRequest) (*mlflow.Empty, error) {
	tag := mlflow.Tag{Key: in.Key, Value: in.Value}
	id, err := validate.ExperimentID(in.ExperimentID)
	if err := validate.First(err, validExperimentTag(&tag)); err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, s.Store.SetExperimentTag(ctx, id, tag)
}

func (s *Server) deleteExperimentTag(
	ctx context.Context,
	in *mlflow.DeleteExperimentTagRequest,
) (*mlflow.Empty, error) {
	id, err := validate.ExperimentID(in.ExperimentID)
	if err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, s.Store.DeleteExperimentTag(ctx, id, in.Key)
}

func (s *Server) searchDatasets(
	ctx context.Context,
	in *mlflow.SearchDatasetsRequest,
) (*mlflow.SearchDatasetsResponse, error) {
	if len(in.ExperimentIDs) == 0 {
		return nil, apierror.Invalid("SearchDatasets request must specify at least one experiment_id.")
	}
	if len(in.ExperimentIDs) > 20 {
		return nil, apierror.Invalid(
			"SearchDatasets request cannot specify more than 20 experiment_ids. Received %d experiment_ids.",
			len(in.ExperimentIDs),
		)
	}
	ids, err := validate.ExperimentIDs(in.ExperimentIDs)
	if err != nil {
		return nil, err
	}
	list, err := s.Store.DatasetSummaries(ctx, ids)
	return &mlflow.SearchDatasetsResponse{DatasetSummaries: list}, err
}
