package api

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/mlflow"
)

func (s *Server) experimentRoutes(r *routes) {
	on(r, mlflow.CreateExperimentAPI, auth.EditExperiment, s.createExperiment)
	on(r, mlflow.SearchExperimentsAPI, auth.ReadExperiment, s.searchExperiments)
	on(r, mlflow.ListExperimentsAPI, auth.ReadExperiment, s.searchExperiments)
	on(r, mlflow.GetExperimentAPI, auth.ReadExperiment, s.getExperiment)
	on(r, mlflow.GetExperimentByNameAPI, auth.ReadExperiment, s.getExperimentByName)
	on(r, mlflow.UpdateExperimentAPI, auth.EditExperiment, s.updateExperiment)
	on(r, mlflow.DeleteExperimentAPI, auth.EditExperiment, s.deleteExperiment)
	on(r, mlflow.RestoreExperimentAPI, auth.EditExperiment, s.restoreExperiment)
	on(r, mlflow.SetExperimentTagAPI, auth.EditExperiment, s.setExperimentTag)
	on(r, mlflow.DeleteExperimentTagAPI, auth.EditExperiment, s.deleteExperimentTag)
	onAjax(r, mlflow.SearchDatasetsAPI, auth.ReadExperiment, s.searchDatasets)
}

func (s *Server) createExperiment(
	ctx context.Context,
	in *mlflow.CreateExperimentRequest,
) (*mlflow.CreateExperimentResponse, error) {
	err := check(
		tooLong("name", in.Name, maxExperimentName),
		validLocation(in.ArtifactLocation),
		keysOnce("tag", in.Tags, tagKey),
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
	if location != "" { // Kept absolute, as seen from the server.
		if location, err = artifact.Absolute(location); err != nil {
			return nil, err
		}
	}
	id, err := s.Store.CreateExperiment(ctx, in.Name, location, tags)
	if err != nil {
		return nil, err
	}
	return &mlflow.CreateExperimentResponse{ExperimentID: strconv.FormatInt(id, 10)}, nil
}

func validExperimentTag(t *mlflow.Tag) error {
	return check(validKey("key", t.Key), tooLong("key", t.Key, maxKey), tooLong("value", t.Value, maxExperimentTagValue))
}

// validLocation checks a location that a client chose for an experiment's files.
// Any scheme goes: the server itself only opens what lies under its own roots.
func validLocation(location string) error {
	switch {
	case location == "":
		return nil
	case len(location) > maxArtifactLocation && utf8.RuneCountInString(location) > maxArtifactLocation:
		return mlflow.Errorf(mlflow.InvalidParameterValue,
			"Invalid artifact path length. The length of the artifact path cannot be greater than %d characters. "+
				"To configure this limit, please set the MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH environment variable.", maxArtifactLocation)
	case strings.HasPrefix(location, "runs:/"):
		return mlflow.Errorf(
			mlflow.InvalidParameterValue,
			"Artifact location cannot be a runs:/ URI. Given: '%s'",
			shorten(location),
		)
	case strings.ContainsAny(location, "#;"):
		return mlflow.Errorf(mlflow.InvalidParameterValue, "'artifact_location' URL can't include fragments or params.")
	}
	return nil
}

func (s *Server) searchExperiments(
	ctx context.Context,
	in *mlflow.SearchExperimentsRequest,
) (*mlflow.SearchExperimentsResponse, error) {
	if in.MaxResults <= 0 {
		return nil, badLimit(in.MaxResults, "a positive integer")
	}
	if in.MaxResults > maxResults {
		return nil, badLimit(in.MaxResults, "at most "+strconv.Itoa(maxResults))
	}
	list, next, err := s.Store.SearchExperiments(ctx, in)
	return &mlflow.SearchExperimentsResponse{Experiments: list, NextPageToken: next}, err
}

func (s *Server) getExperiment(
	ctx context.Context,
	in *mlflow.GetExperimentRequest,
) (*mlflow.ExperimentResponse, error) {
	id, err := experimentID(in.ExperimentID)
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
	id, err := experimentID(in.ExperimentID)
	if err := check(err, tooLong("name", in.NewName, maxExperimentName)); err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, s.Store.RenameExperiment(ctx, id, in.NewName)
}

func (s *Server) deleteExperiment(ctx context.Context, in *mlflow.ExperimentIDRequest) (*mlflow.Empty, error) {
	id, err := experimentID(in.ExperimentID)
	if err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, s.Store.DeleteExperiment(ctx, id)
}

func (s *Server) restoreExperiment(ctx context.Context, in *mlflow.ExperimentIDRequest) (*mlflow.Empty, error) {
	id, err := experimentID(in.ExperimentID)
	if err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, s.Store.RestoreExperiment(ctx, id)
}

func (s *Server) setExperimentTag(ctx context.Context, in *mlflow.SetExperimentTagRequest) (*mlflow.Empty, error) {
	tag := mlflow.Tag{Key: in.Key, Value: in.Value}
	id, err := experimentID(in.ExperimentID)
	if err := check(err, validExperimentTag(&tag)); err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, s.Store.SetExperimentTag(ctx, id, tag)
}

func (s *Server) deleteExperimentTag(
	ctx context.Context,
	in *mlflow.DeleteExperimentTagRequest,
) (*mlflow.Empty, error) {
	id, err := experimentID(in.ExperimentID)
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
		return nil, mlflow.Errorf(
			mlflow.InvalidParameterValue,
			"SearchDatasets request must specify at least one experiment_id.",
		)
	}
	if len(in.ExperimentIDs) > 20 {
		return nil, mlflow.Errorf(
			mlflow.InvalidParameterValue,
			"SearchDatasets request cannot specify more than 20 experiment_ids. Received %d experiment_ids.",
			len(in.ExperimentIDs),
		)
	}
	ids, err := experimentIDs(in.ExperimentIDs)
	if err != nil {
		return nil, err
	}
	list, err := s.Store.DatasetSummaries(ctx, ids)
	return &mlflow.SearchDatasetsResponse{DatasetSummaries: list}, err
}

// maxSearchExperiments is how many experiments one search may name.
const maxSearchExperiments = 10_000

func experimentIDs(texts []string) ([]int64, error) {
	if len(texts) > maxSearchExperiments {
		return nil, mlflow.Errorf(
			mlflow.InvalidParameterValue,
			"A search can name at most %d experiments. Got %d.",
			maxSearchExperiments,
			len(texts),
		)
	}
	ids := make([]int64, len(texts))
	for i, text := range texts {
		id, err := experimentID(text)
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	return ids, nil
}
