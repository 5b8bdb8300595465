package registry

import (
	"github.com/millrace-ml/millrace/internal/store/registry"
	"github.com/millrace-ml/millrace/mlflow"
)

// catalogModel is a registered model in responses of Unity Catalog's routes.
type catalogModel struct {
	Name                 string              `json:"name"`
	CreationTimestamp    int64               `json:"creation_timestamp"`
	LastUpdatedTimestamp int64               `json:"last_updated_timestamp"`
	Description          string              `json:"description,omitempty"`
	Aliases              []mlflow.ModelAlias `json:"aliases,omitempty"`
	Tags                 []mlflow.Tag        `json:"tags,omitempty"`
}

type catalogModelResponse struct {
	Model catalogModel `json:"registered_model"`
}

func catalogModelOf(m *mlflow.RegisteredModel, err error) (*catalogModelResponse, error) {
	if err != nil {
		return nil, err
	}
	return &catalogModelResponse{plainCatalogModel(m)}, nil
}

func plainCatalogModel(m *mlflow.RegisteredModel) catalogModel {
	return catalogModel{m.Name, m.CreationTimestamp, m.LastUpdatedTimestamp, m.Description, m.Aliases, m.Tags}
}

type createCatalogModelRequest struct {
	Name            string       `json:"name" required:"true"`
	Tags            []mlflow.Tag `json:"tags"`
	Description     string       `json:"description"`
	DeploymentJobID string       `json:"deployment_job_id"`
}

type updateCatalogModelRequest struct {
	Name            string  `json:"name" required:"true"`
	NewName         string  `json:"new_name"`
	Description     *string `json:"description"`
	DeploymentJobID string  `json:"deployment_job_id"`
}

type searchCatalogModelsRequest struct {
	MaxResults *int64 `json:"max_results"`
	PageToken  string `json:"page_token"`
}

type searchCatalogModelsResponse struct {
	Models        []catalogModel `json:"registered_models,omitempty"`
	NextPageToken string         `json:"next_page_token,omitempty"`
}

// catalogVersion is a model version in responses of Unity Catalog's routes. It has no
// stage.
type catalogVersion struct {
	Name                 string              `json:"name"`
	Version              string              `json:"version"`
	CreationTimestamp    int64               `json:"creation_timestamp"`
	LastUpdatedTimestamp int64               `json:"last_updated_timestamp"`
	UserID               string              `json:"user_id,omitempty"`
	Description          string              `json:"description,omitempty"`
	Source               string              `json:"source,omitempty"`
	RunID                string              `json:"run_id,omitempty"`
	RunServer            string              `json:"run_tracking_server_id,omitempty"`
	Status               string              `json:"status"`
	StatusMessage        string              `json:"status_message,omitempty"`
	StorageLocation      string              `json:"storage_location,omitempty"`
	Aliases              []mlflow.ModelAlias `json:"aliases,omitempty"`
	Tags                 []mlflow.Tag        `json:"tags,omitempty"`
	ModelID              string              `json:"model_id,omitempty"`
}

type catalogVersionResponse struct {
	Version catalogVersion `json:"model_version"`
}

func catalogVersionOf(v *registry.CatalogVersion, err error) (*catalogVersionResponse, error) {
	if err != nil {
		return nil, err
	}
	out := plainCatalogVersion(&v.ModelVersion)
	out.StorageLocation, out.ModelID, out.RunServer = v.Location, v.ModelID, v.RunServer
	return &catalogVersionResponse{out}, nil
}

// plainCatalogVersion returns a version without the description of its files.
func plainCatalogVersion(v *mlflow.ModelVersion) catalogVersion {
	out := catalogVersion{
		Name: v.Name, Version: v.Version,
		CreationTimestamp: v.CreationTimestamp, LastUpdatedTimestamp: v.LastUpdatedTimestamp,
		UserID: v.UserID, Source: v.Source, RunID: v.RunID,
		Status: v.Status, StatusMessage: v.StatusMessage, Tags: v.Tags,
	}
	if v.Description != nil {
		out.Description = *v.Description
	}
	for _, alias := range v.Aliases {
		out.Aliases = append(out.Aliases, mlflow.ModelAlias{Alias: alias, Version: v.Version})
	}
	return out
}

// createCatalogVersionRequest registers a version whose files the client uploads
// afterwards. Source says where the client has them from.
type createCatalogVersionRequest struct {
	Name         string              `json:"name" required:"true"`
	Source       string              `json:"source"`
	RunID        string              `json:"run_id"`
	RunServer    string              `json:"run_tracking_server_id"`
	ModelID      string              `json:"model_id"`
	Description  string              `json:"description"`
	Tags         []mlflow.Tag        `json:"tags"`
	FeatureDeps  string              `json:"feature_deps"`
	Dependencies []catalogDependency `json:"model_version_dependencies"`
}

// catalogDependency is a resource of Databricks that a model uses. The files of the
// model name it as well.
type catalogDependency struct {
	Type string `json:"type"`
	Name string `json:"name"`
}

type searchCatalogVersionsResponse struct {
	Versions      []catalogVersion `json:"model_versions,omitempty"`
	NextPageToken string           `json:"next_page_token,omitempty"`
}

type emitLineageRequest struct {
	Name    string `json:"name" required:"true"`
	Version string `json:"version" required:"true"`
}

type catalogCredentialsRequest struct {
	Name      string `json:"name" required:"true"`
	Version   string `json:"version" required:"true"`
	Operation string `json:"operation" required:"true"`
}

// catalogCredentials tells a client how to transfer files: the storage mode means
// signed URLs of the Files API.
type catalogCredentials struct {
	StorageMode    string `json:"storage_mode"`
	ExpirationTime int64  `json:"expiration_time"`
}

type catalogCredentialsResponse struct {
	Credentials catalogCredentials `json:"credentials"`
}
