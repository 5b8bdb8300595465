package api

import (
	"context"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/api/validate"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/mlflow"
)

const (
	defaultModelsOnPage = 100
	maxModelsOnPage     = 50_000
)

func (s *Server) loggedModelRoutes(r *route.Router) {
	route.On(r, mlflow.Endpoints.CreateLoggedModel, permit.CreateIn(access.LoggedModel), s.createLoggedModel)
	route.On(r, mlflow.Endpoints.SearchLoggedModels, permit.Filtered, s.searchLoggedModels)
	route.On(r, mlflow.Endpoints.GetLoggedModel, permit.LoggedModel(access.ToRead), s.getLoggedModel)
	route.On(r, mlflow.Endpoints.FinalizeLoggedModel, permit.LoggedModel(access.ToUpdate), s.finalizeLoggedModel)
	route.On(r, mlflow.Endpoints.DeleteLoggedModel, permit.LoggedModel(access.ToDelete).Audited(), s.deleteLoggedModel)
	route.On(r, mlflow.Endpoints.LogModelParams, permit.LoggedModel(access.ToUpdate), s.logModelParams)
	route.On(r, mlflow.Endpoints.SetLoggedModelTags, permit.LoggedModel(access.ToUpdate), s.setLoggedModelTags)
	route.On(r, mlflow.Endpoints.DeleteLoggedModelTag, permit.LoggedModel(access.ToDelete), s.deleteLoggedModelTag)
}

func (s *Server) createLoggedModel(
	ctx context.Context,
	in *mlflow.CreateLoggedModelRequest,
) (*mlflow.LoggedModelResponse, error) {
	if strings.ContainsAny(in.Name, `/:.%"'`) {
		return nil, apierror.Invalid(
			"Invalid model name ('%s') provided. Model name must be a non-empty string and cannot contain the following "+
				"characters: ('/', ':', '.', '%%', '\"', \"'\")",
			apierror.Shorten(in.Name),
		)
	}
	id, err := validate.ExperimentID(in.ExperimentID)
	if err := validate.First(
		err,
		validate.UniqueKeys("tag", in.Tags, validate.TagKey),
		validate.Length("name", in.Name, 500),
		validate.Length("model_type", in.ModelType, 500),
		validate.Length("source_run_id", in.SourceRunID, 32),
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
		return nil, validate.BadLimit(limit, "a positive integer")
	case limit > maxModelsOnPage:
		return nil, validate.BadLimit(limit, "at most "+strconv.Itoa(maxModelsOnPage))
	}
	ids, err := validate.ExperimentIDs(in.ExperimentIDs)
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
