package registry

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/mlflow"
)

// The routes of Unity Catalog are another interface to the same registry. Clients use
// it after mlflow.login(). A name of three levels, catalog.schema.model, is an ordinary
// name of a registered model; catalogs and schemas exist only as parts of names.

const catalogPath = "2.0/mlflow/unity-catalog/"

// catalogRoutes mounts the routes that clients use by default.
func (h *Handlers) catalogRoutes(r *route.Router) {
	onCatalog(r, "POST registered-models/create", createCatalogModelRule, h.createCatalogModel)
	onCatalog(r, "GET registered-models/get", permit.Model(access.ToRead), h.getCatalogModel)
	onCatalog(r, "PATCH registered-models/update", permit.Model(access.ToUpdate), h.updateCatalogModel)
	onCatalog(r, "DELETE registered-models/delete", permit.WholeModel.Audited(), leveled(
		func(in *mlflow.RegisteredModelNameRequest) string { return in.Name }, h.deleteRegisteredModel))
	onCatalog(r, "GET registered-models/search", permit.Filtered, h.searchCatalogModels)
	onCatalog(r, "POST registered-models/alias", permit.Alias(access.ToUpdate).Audited(), leveled(
		func(in *mlflow.SetModelAliasRequest) string { return in.Name }, h.setModelAlias))
	onCatalog(r, "DELETE registered-models/alias", permit.Alias(access.ToDelete).Audited(), leveled(
		func(in *mlflow.ModelAliasRequest) string { return in.Name }, h.deleteModelAlias))
	onCatalog(r, "GET registered-models/alias", permit.Version(access.ToRead), h.getCatalogVersionByAlias)
	onCatalog(r, "POST registered-models/set-tag", permit.Model(access.ToUpdate), leveled(
		func(in *mlflow.SetRegisteredModelTagRequest) string { return in.Name }, h.setRegisteredModelTag))
	onCatalog(r, "DELETE registered-models/delete-tag", permit.Model(access.ToUpdate), leveled(
		func(in *mlflow.DeleteRegisteredModelTagRequest) string { return in.Name }, h.deleteRegisteredModelTag))
	onCatalog(r, "GET registered-models:is-databricks-sdk-models-artifact-repository-enabled", permit.User,
		filesAPIEnabled)

	onCatalog(r, "POST model-versions/create", createCatalogVersionRule, h.createCatalogVersion)
	onCatalog(r, "POST model-versions/finalize", permit.Version(access.ToUpdate), h.finalizeCatalogVersion)
	onCatalog(r, "GET model-versions/get", permit.Version(access.ToRead), h.getCatalogVersion)
	onCatalog(r, "PATCH model-versions/update", permit.Version(access.ToUpdate), h.updateCatalogVersion)
	onCatalog(r, "DELETE model-versions/delete", permit.Version(access.ToDelete).Audited(), leveled(
		func(in *mlflow.ModelVersionRequest) string { return in.Name }, h.deleteModelVersion))
	onCatalog(r, "GET model-versions/search", permit.Filtered, h.searchCatalogVersions)
	onCatalog(r, "GET model-versions/get-download-uri", permit.Version(access.ToRead), leveled(
		func(in *mlflow.DownloadURIRequest) string { return in.Name }, h.getDownloadURI))
	onCatalog(r, "POST model-versions/set-tag", permit.Version(access.ToUpdate), leveled(
		func(in *mlflow.SetModelVersionTagRequest) string { return in.Name }, h.setModelVersionTag))
	onCatalog(r, "DELETE model-versions/delete-tag", permit.Version(access.ToDelete), leveled(
		func(in *mlflow.DeleteModelVersionTagRequest) string { return in.Name }, h.deleteModelVersionTag))
	onCatalog(r, "POST model-versions/emit-lineage", permit.Version(access.ToRead), h.emitLineage)
	onCatalog(r, "POST model-versions/generate-temporary-credentials", catalogCredentialsRule, h.catalogCredentials)
}

// onCatalog mounts a route given by its method and its path below catalogPath.
func onCatalog[Req, Resp any](
	r *route.Router, spec string, rule permit.Rule, handle func(context.Context, *Req) (*Resp, error),
) {
	onBelow(r, catalogPath, spec, rule, handle)
}

// onBelow mounts a route given by its method and its path below base.
func onBelow[Req, Resp any](
	r *route.Router, base, spec string, rule permit.Rule, handle func(context.Context, *Req) (*Resp, error),
) {
	method, path, _ := strings.Cut(spec, " ")
	route.OnAPI(r, mlflow.Endpoint[Req, Resp]{Method: method, Path: base + path}, rule, handle)
}

// leveled checks that the name in a request has three levels before it calls handle.
func leveled[Req, Resp any](
	name func(*Req) string, handle func(context.Context, *Req) (*Resp, error),
) func(context.Context, *Req) (*Resp, error) {
	return func(ctx context.Context, in *Req) (*Resp, error) {
		if err := catalogName("name", name(in)); err != nil {
			return nil, err
		}
		return handle(ctx, in)
	}
}

// catalogName checks a name of three levels. The other interfaces of the registry accept
// more names than newCatalogName.
func catalogName(param, name string) error {
	if err := validModelName(param, name); err != nil {
		return err
	}
	catalog, schema, model := levels(name)
	if catalog == "" || schema == "" || model == "" || strings.Contains(model, ".") {
		// Clients add a hint to an error with the words "specify all three levels".
		return apierror.Invalid("Bad model name: please specify all three levels of the model in the form " +
			"`catalog_name.schema_name.model_name`")
	}
	return nil
}

// newCatalogName checks the name of a model that is created or renamed. Each level is an
// element of paths of the Files API, so it contains only characters that have no meaning
// in a path or URL.
func newCatalogName(param, name string) error {
	if err := catalogName(param, name); err != nil {
		return err
	}
	for level := range strings.SplitSeq(name, ".") {
		if err := catalogLevel(level); err != nil {
			return err
		}
	}
	return newModelName(param, name)
}

func catalogLevel(level string) error {
	clean, err := artifact.CleanPath(level)
	if err != nil || clean != level || strings.ContainsAny(level, " /\\:%?#@&=+\"'`<>|*;,") {
		return apierror.Invalid("Invalid name '%s': the names of catalogs, schemas and models cannot contain spaces, "+
			"control characters or any of %s", apierror.Shorten(level), "/ \\ : % ? # @ & = + \" ' ` < > | * ; ,")
	}
	return nil
}

type filesAPIFlag struct {
	Enabled bool `json:"is_databricks_sdk_models_artifact_repository_enabled"`
}

// filesAPIEnabled tells clients to transfer the files of versions through the Files API.
func filesAPIEnabled(context.Context, *mlflow.Empty) (*filesAPIFlag, error) {
	return &filesAPIFlag{true}, nil
}

// notImplementedField returns an error if a field is set that the registry has no use
// for.
func notImplementedField(param, value, what string) error {
	if value == "" {
		return nil
	}
	return &mlflow.Error{
		Code: mlflow.NotImplemented, Status: http.StatusNotImplemented,
		Message: fmt.Sprintf("%s are not part of Millrace, which cannot store the parameter '%s'; leave it out.",
			what, param),
	}
}
