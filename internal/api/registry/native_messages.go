package registry

import (
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/mlflow"
)

// The messages of Unity Catalog's own API have no wrapper, split names into levels, and
// have version numbers that are integers. Clients repeat the parameters of a path in the
// body or the query; both must be the same.

type nativeAlias struct {
	Alias   string `json:"alias_name"`
	Version int64  `json:"version_num"`
}

func nativeAliases(list []mlflow.ModelAlias) (out []nativeAlias) {
	for _, a := range list {
		number, _ := strconv.ParseInt(a.Version, 10, 64) // It comes from an integer column.
		out = append(out, nativeAlias{a.Alias, number})
	}
	return out
}

type nativeModel struct {
	Name        string        `json:"name"`
	CatalogName string        `json:"catalog_name"`
	SchemaName  string        `json:"schema_name"`
	FullName    string        `json:"full_name"`
	Comment     string        `json:"comment,omitempty"`
	CreatedAt   int64         `json:"created_at"`
	UpdatedAt   int64         `json:"updated_at"`
	Aliases     []nativeAlias `json:"aliases,omitempty"`
	Tags        []mlflow.Tag  `json:"tags,omitempty"`
}

// levels splits a name of three levels.
func levels(name string) (catalog, schema, model string) {
	catalog, rest, _ := strings.Cut(name, ".")
	schema, model, _ = strings.Cut(rest, ".")
	return catalog, schema, model
}

func nativeModelOf(m *catalogModel) nativeModel {
	catalog, schema, name := levels(m.Name)
	return nativeModel{
		Name: name, CatalogName: catalog, SchemaName: schema, FullName: m.Name, Comment: m.Description,
		CreatedAt: m.CreationTimestamp, UpdatedAt: m.LastUpdatedTimestamp,
		Aliases: nativeAliases(m.Aliases), Tags: m.Tags,
	}
}

type nativeVersion struct {
	ModelName       string        `json:"model_name"`
	CatalogName     string        `json:"catalog_name"`
	SchemaName      string        `json:"schema_name"`
	Version         int64         `json:"version"`
	Source          string        `json:"source,omitempty"`
	RunID           string        `json:"run_id,omitempty"`
	RunServer       string        `json:"run_tracking_server_id,omitempty"`
	ModelID         string        `json:"model_id,omitempty"`
	Comment         string        `json:"comment,omitempty"`
	Status          string        `json:"status"`
	StorageLocation string        `json:"storage_location,omitempty"`
	CreatedAt       int64         `json:"created_at"`
	CreatedBy       string        `json:"created_by,omitempty"`
	UpdatedAt       int64         `json:"updated_at"`
	Aliases         []nativeAlias `json:"aliases,omitempty"`
	Tags            []mlflow.Tag  `json:"tags,omitempty"`
}

func nativeVersionOf(v *catalogVersion) nativeVersion {
	catalog, schema, name := levels(v.Name)
	number, _ := strconv.ParseInt(v.Version, 10, 64) // It comes from an integer column.
	return nativeVersion{
		ModelName: name, CatalogName: catalog, SchemaName: schema, Version: number,
		Source: v.Source, RunID: v.RunID, RunServer: v.RunServer, ModelID: v.ModelID, Comment: v.Description,
		Status: v.Status, StorageLocation: v.StorageLocation,
		CreatedAt: v.CreationTimestamp, CreatedBy: v.UserID, UpdatedAt: v.LastUpdatedTimestamp,
		Aliases: nativeAliases(v.Aliases), Tags: v.Tags,
	}
}

type createNativeModelRequest struct {
	Name            string       `json:"name" required:"true"`
	CatalogName     string       `json:"catalog_name" required:"true"`
	SchemaName      string       `json:"schema_name" required:"true"`
	Comment         string       `json:"comment"`
	Tags            []mlflow.Tag `json:"tags"`
	DeploymentJobID string       `json:"deployment_job_id"`
}

type nativeModelRequest struct {
	Path           string `json:"-" path:"full_name"`
	FullName       string `json:"full_name"`
	IncludeAliases bool   `json:"include_aliases"` // Responses always have them.
}

type updateNativeModelRequest struct {
	Path            string  `json:"-" path:"full_name"`
	FullName        string  `json:"full_name"`
	NewName         string  `json:"new_name"`
	Comment         *string `json:"comment"`
	DeploymentJobID string  `json:"deployment_job_id"`
}

type searchNativeModelsRequest struct {
	CatalogName string `json:"catalog_name"`
	SchemaName  string `json:"schema_name"`
	MaxResults  *int64 `json:"max_results"`
	PageToken   string `json:"page_token"`
}

type searchNativeModelsResponse struct {
	Models        []nativeModel `json:"registered_models,omitempty"`
	NextPageToken string        `json:"next_page_token,omitempty"`
}

type createNativeVersionRequest struct {
	ModelName    string              `json:"model_name" required:"true"`
	CatalogName  string              `json:"catalog_name" required:"true"`
	SchemaName   string              `json:"schema_name" required:"true"`
	Source       string              `json:"source"`
	RunID        string              `json:"run_id"`
	RunServer    string              `json:"run_tracking_server_id"`
	ModelID      string              `json:"model_id"`
	Comment      string              `json:"comment"`
	Tags         []mlflow.Tag        `json:"tags"`
	FeatureDeps  string              `json:"feature_deps"`
	Dependencies []catalogDependency `json:"model_version_dependencies"`
}

type nativeVersionRequest struct {
	Path           string  `json:"-" path:"full_name"`
	PathVersion    string  `json:"--" path:"version"`
	FullName       string  `json:"full_name"`
	Version        *int64  `json:"version"`
	Comment        *string `json:"comment"`
	IncludeAliases bool    `json:"include_aliases"` // Responses always have them.
}

type searchNativeVersionsRequest struct {
	Path       string `json:"-" path:"full_name"`
	FullName   string `json:"full_name"`
	MaxResults *int64 `json:"max_results"`
	PageToken  string `json:"page_token"`
}

type searchNativeVersionsResponse struct {
	Versions      []nativeVersion `json:"model_versions,omitempty"`
	NextPageToken string          `json:"next_page_token,omitempty"`
}

type nativeAliasRequest struct {
	Path           string `json:"-" path:"full_name"`
	PathAlias      string `json:"--" path:"alias"`
	FullName       string `json:"full_name"`
	Alias          string `json:"alias"`
	Version        *int64 `json:"version_num"`
	IncludeAliases bool   `json:"include_aliases"` // Responses always have them.
}

// nativeTagChanges adds tags or removes tags by key.
type nativeTagChanges struct {
	Add    []mlflow.Tag `json:"add_tags"`
	Remove []string     `json:"remove"`
}

type nativeTagsRequest struct {
	Path    string           `json:"-" path:"full_name"`
	Changes nativeTagChanges `json:"changes" required:"true"`
}

type nativeVersionTagsRequest struct {
	Path        string           `json:"-" path:"full_name"`
	PathVersion string           `json:"--" path:"version"`
	Changes     nativeTagChanges `json:"changes" required:"true"`
}

type nativeCredentialsRequest struct {
	CatalogName string `json:"catalog_name" required:"true"`
	SchemaName  string `json:"schema_name" required:"true"`
	ModelName   string `json:"model_name" required:"true"`
	Version     int64  `json:"version" required:"true"`
	Operation   string `json:"operation" required:"true"`
}

// samePath returns an error if a parameter that a request repeats differs from the path.
func samePath(param, path, repeated string) error {
	if repeated == "" || repeated == path {
		return nil
	}
	return apierror.Invalid("The parameter '%s' is '%s', but the path of the URL has '%s'.", param,
		apierror.Shorten(repeated), apierror.Shorten(path))
}
