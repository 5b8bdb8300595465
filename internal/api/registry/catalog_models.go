package registry

import (
	"context"

	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/mlflow"
)

// deploymentJobs names the feature of Databricks that runs jobs for new versions.
const deploymentJobs = "Deployment jobs"

func (h *Handlers) createCatalogModel(
	ctx context.Context,
	in *createCatalogModelRequest,
) (*catalogModelResponse, error) {
	if err := newCatalogName("name", in.Name); err != nil {
		return nil, err
	}
	if err := notImplementedField("deployment_job_id", in.DeploymentJobID, deploymentJobs); err != nil {
		return nil, err
	}
	out, err := h.createRegisteredModel(ctx, &mlflow.CreateRegisteredModelRequest{
		Name: in.Name, Tags: in.Tags, Description: in.Description,
	})
	if err != nil {
		return nil, err
	}
	return catalogModelOf(out.RegisteredModel, nil)
}

func (h *Handlers) getCatalogModel(
	ctx context.Context,
	in *mlflow.RegisteredModelNameRequest,
) (*catalogModelResponse, error) {
	if err := catalogName("name", in.Name); err != nil {
		return nil, err
	}
	return catalogModelOf(h.Store.RegisteredModel(ctx, in.Name))
}

// updateCatalogModel renames a model or replaces its description.
func (h *Handlers) updateCatalogModel(
	ctx context.Context,
	in *updateCatalogModelRequest,
) (*catalogModelResponse, error) {
	if err := catalogName("name", in.Name); err != nil {
		return nil, err
	}
	if err := notImplementedField("deployment_job_id", in.DeploymentJobID, deploymentJobs); err != nil {
		return nil, err
	}
	switch {
	case in.NewName == "" && in.Description == nil:
		return catalogModelOf(h.Store.RegisteredModel(ctx, in.Name))
	case in.NewName == "":
		return catalogModelOf(h.Store.UpdateRegisteredModel(ctx, in.Name, *in.Description))
	case in.Description != nil:
		return nil, apierror.Invalid("A request changes either 'new_name' or 'description'; send two requests.")
	}
	if err := newCatalogName("new_name", in.NewName); err != nil {
		return nil, err
	}
	return catalogModelOf(h.rename(ctx, in.Name, in.NewName))
}

func (h *Handlers) searchCatalogModels(
	ctx context.Context,
	in *searchCatalogModelsRequest,
) (*searchCatalogModelsResponse, error) {
	return h.searchCatalogNames(ctx, "", in.MaxResults, in.PageToken)
}

// searchCatalogNames returns a page of the models whose names begin with prefix.
func (h *Handlers) searchCatalogNames(
	ctx context.Context,
	prefix string,
	maxResults *int64,
	token string,
) (*searchCatalogModelsResponse, error) {
	limit, err := pageLimit(maxResults, defaultRegisteredModels, maxRegisteredModels)
	if err != nil {
		return nil, err
	}
	list, next, err := h.Store.SearchCatalogModels(ctx, prefix, limit, token)
	if err != nil {
		return nil, err
	}
	out := &searchCatalogModelsResponse{NextPageToken: next}
	for i := range list {
		out.Models = append(out.Models, plainCatalogModel(&list[i]))
	}
	return out, nil
}
