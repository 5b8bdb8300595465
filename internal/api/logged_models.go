package api

import (
	"context"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/mlflow"
)

const (
	defaultModelsOnPage = 100
	maxModelsOnPage     = 50_000
)

func (s *Server) loggedModelRoutes(r *routes) {
	on(r, mlflow.CreateLoggedModelAPI, auth.EditModel, s.createLoggedModel)
	on(r, mlflow.SearchLoggedModelsAPI, auth.ReadModel, s.searchLoggedModels)
	on(r, mlflow.GetLoggedModelAPI, auth.ReadModel, s.getLoggedModel)
	on(r, mlflow.FinalizeLoggedModelAPI, auth.EditModel, s.finalizeLoggedModel)
	on(r, mlflow.DeleteLoggedModelAPI, auth.EditModel, s.deleteLoggedModel)
	on(r, mlflow.LogModelParamsAPI, auth.EditModel, s.logModelParams)
	on(r, mlflow.SetLoggedModelTagsAPI, auth.EditModel, s.setLoggedModelTags)
	on(r, mlflow.DeleteLoggedModelTagAPI, auth.EditModel, s.deleteLoggedModelTag)
}

func (s *Server) createLoggedModel(
	ctx context.Context,
	in *mlflow.CreateLoggedModelRequest,
) (*mlflow.LoggedModelResponse, error) {
	if strings.ContainsAny(in.Name, `/:.%"'`) {
		return nil, mlflow.Errorf(
			mlflow.InvalidParameterValue,
			"Invalid model name ('%s') provided. Model name must be a non-empty string and cannot contain the following characters: ('/', ':', '.', '%%', '\"', \"'\")",
			shorten(in.Name),
		)
	}
	id, err := experimentID(in.ExperimentID)
	if err := check(
		err,
		keysOnce("tag", in.Tags, tagKey),
		tooLong("name", in.Name, 500),
		tooLong("model_type", in.ModelType, 500),
		tooLong("source_run_id", in.SourceRunID, 32),
	); err != nil {
		return nil, err
	}
	m, err := s.Store.CreateLoggedModel(ctx, id, in)
	return &mlflow.LoggedModelResponse{Model: m}, err
}

func (s *Server) searchLoggedModels(
	ctx context.Context,
	in *mlflow.SearchLoggedModelsRequest,
) (*mlflow.SearchLoggedModelsResponse, error) {
	limit := 0
	if in.MaxResults != nil {
		limit = int(*in.MaxResults)
	}
	switch {
	case limit == 0:
		limit = defaultModelsOnPage
	case limit < 0:
		return nil, badLimit(limit, "a positive integer")
	case limit > maxModelsOnPage:
		return nil, badLimit(limit, "at most "+strconv.Itoa(maxModelsOnPage))
	}
	ids, err := experimentIDs(in.ExperimentIDs)
	if err != nil {
		return nil, err
	}
	list, next, err := s.Store.SearchLoggedModels(ctx, ids, limit, in)
	return &mlflow.SearchLoggedModelsResponse{Models: list, NextPageToken: next}, err
}

func (s *Server) getLoggedModel(
	ctx context.Context,
	in *mlflow.GetLoggedModelRequest,
) (*mlflow.LoggedModelResponse, error) {
	m, err := s.Store.LoggedModel(ctx, in.ModelID, in.AllowDeleted)
	return &mlflow.LoggedModelResponse{Model: m}, err
}

func (s *Server) finalizeLoggedModel(
	ctx context.Context,
	in *mlflow.FinalizeLoggedModelRequest,
) (*mlflow.LoggedModelResponse, error) {
	m, err := s.Store.FinalizeLoggedModel(ctx, in.ModelID, in.Status)
	return &mlflow.LoggedModelResponse{Model: m}, err
}

func (s *Server) deleteLoggedModel(ctx context.Context, in *mlflow.LoggedModelIDRequest) (*mlflow.Empty, error) {
	return &mlflow.Empty{}, s.Store.DeleteLoggedModel(ctx, in.ModelID)
}

func (s *Server) logModelParams(ctx context.Context, in *mlflow.LogModelParamsRequest) (*mlflow.Empty, error) {
	return &mlflow.Empty{}, s.Store.LogModelParams(ctx, in.ModelID, in.Params)
}

func (s *Server) setLoggedModelTags(
	ctx context.Context,
	in *mlflow.SetLoggedModelTagsRequest,
) (*mlflow.LoggedModelResponse, error) {
	m, err := s.Store.SetModelTags(ctx, in.ModelID, in.Tags)
	return &mlflow.LoggedModelResponse{Model: m}, err
}

func (s *Server) deleteLoggedModelTag(
	ctx context.Context,
	in *mlflow.DeleteLoggedModelTagRequest,
) (*mlflow.Empty, error) {
	return &mlflow.Empty{}, s.Store.DeleteModelTag(ctx, in.ModelID, in.TagKey)
}
