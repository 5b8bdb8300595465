package registry

import (
	"context"

	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/mlflow"
)

const nativePath = "2.1/unity-catalog/"

// nativeRoutes mounts the routes of Unity Catalog's own API. Clients use them with the
// registry URI uc:http://..., and after mlflow.login() if the environment variable
// MLFLOW_ENABLE_UC_NATIVE_MODEL_REGISTRY is set.
func (h *Handlers) nativeRoutes(r *route.Router) {
	onNative(r, "POST models", createNativeModelRule, h.createNativeModel)
	onNative(r, "GET models", permit.Filtered, h.searchNativeModels)
	onNative(r, "GET models/{full_name}", readModelAt, h.getNativeModel)
	onNative(r, "PATCH models/{full_name}", editModelAt, h.updateNativeModel)
	onNative(r, "DELETE models/{full_name}", deleteModelAt, h.deleteNativeModel)
	onNative(r, "PATCH securable-tags/FUNCTION/{full_name}", editModelAt, h.changeNativeTags)
	onNative(r, "GET models/{full_name}/aliases/{alias}", readVersionAt, h.getNativeVersionByAlias)
	onNative(r, "PUT models/{full_name}/aliases/{alias}", setAliasAt, h.setNativeAlias)
	onNative(r, "DELETE models/{full_name}/aliases/{alias}", deleteAliasAt, h.deleteNativeAlias)

	onNative(r, "POST models/versions", createNativeVersionRule, h.createNativeVersion)
	onNative(r, "GET models/{full_name}/versions", readVersionAt, h.searchNativeVersions)
	onNative(r, "GET models/{full_name}/versions/{version}", readVersionAt, h.getNativeVersion)
	onNative(r, "PATCH models/{full_name}/versions/{version}", editVersionAt, h.updateNativeVersion)
	onNative(r, "DELETE models/{full_name}/versions/{version}", deleteVersionAt, h.deleteNativeVersion)
	onNative(r, "PATCH models/{full_name}/versions/{version}/finalize", editVersionAt, h.finalizeNativeVersion)
	onNative(r, "PATCH subentity-tags/FUNCTION/{full_name}/{version}", editVersionAt, h.changeNativeVersionTags)
	onNative(r, "POST temporary-model-version-credentials", nativeCredentialsRule, h.nativeCredentials)
}

// onNative mounts a route given by its method and its path below nativePath.
func onNative[Req, Resp any](
	r *route.Router, spec string, rule permit.Rule, handle func(context.Context, *Req) (*Resp, error),
) {
	onBelow(r, nativePath, spec, rule, handle)
}

func nativeModelAnswer(out *catalogModelResponse, err error) (*nativeModel, error) {
	if err != nil {
		return nil, err
	}
	m := nativeModelOf(&out.Model)
	return &m, nil
}

func (h *Handlers) createNativeModel(ctx context.Context, in *createNativeModelRequest) (*nativeModel, error) {
	return nativeModelAnswer(h.createCatalogModel(ctx, &createCatalogModelRequest{
		Name: fullName(in.CatalogName, in.SchemaName, in.Name),
		Tags: in.Tags, Description: in.Comment, DeploymentJobID: in.DeploymentJobID,
	}))
}

func fullName(catalog, schema, model string) string { return catalog + "." + schema + "." + model }

func (h *Handlers) getNativeModel(ctx context.Context, in *nativeModelRequest) (*nativeModel, error) {
	if err := samePath("full_name", in.Path, in.FullName); err != nil {
		return nil, err
	}
	return nativeModelAnswer(h.getCatalogModel(ctx, &mlflow.RegisteredModelNameRequest{Name: in.Path}))
}

func (h *Handlers) updateNativeModel(ctx context.Context, in *updateNativeModelRequest) (*nativeModel, error) {
	if err := samePath("full_name", in.Path, in.FullName); err != nil {
		return nil, err
	}
	return nativeModelAnswer(h.updateCatalogModel(ctx, &updateCatalogModelRequest{
		Name: in.Path, NewName: in.NewName, Description: in.Comment, DeploymentJobID: in.DeploymentJobID,
	}))
}

func (h *Handlers) deleteNativeModel(ctx context.Context, in *nativeModelRequest) (*mlflow.Empty, error) {
	if err := samePath("full_name", in.Path, in.FullName); err != nil {
		return nil, err
	}
	if err := catalogName("full_name", in.Path); err != nil {
		return nil, err
	}
	return h.deleteRegisteredModel(ctx, &mlflow.RegisteredModelNameRequest{Name: in.Path})
}

func (h *Handlers) searchNativeModels(
	ctx context.Context,
	in *searchNativeModelsRequest,
) (*searchNativeModelsResponse, error) {
	prefix := ""
	switch {
	case in.SchemaName != "" && in.CatalogName == "":
		return nil, apierror.MissingParameter("catalog_name")
	case in.SchemaName != "":
		prefix = fullName(in.CatalogName, in.SchemaName, "")
	case in.CatalogName != "":
		prefix = in.CatalogName + "."
	}
	found, err := h.searchCatalogNames(ctx, prefix, in.MaxResults, in.PageToken)
	if err != nil {
		return nil, err
	}
	out := &searchNativeModelsResponse{NextPageToken: found.NextPageToken}
	for i := range found.Models {
		out.Models = append(out.Models, nativeModelOf(&found.Models[i]))
	}
	return out, nil
}

// check checks the tags that a request sets and the keys that it removes. Each request
// of a client has one change.
func (c *nativeTagChanges) check() error {
	if len(c.Add)+len(c.Remove) == 1 {
		return nil
	}
	return apierror.Invalid("The parameter 'changes' must have exactly one tag in 'add_tags' or one key in 'remove'.")
}

func (h *Handlers) changeNativeTags(ctx context.Context, in *nativeTagsRequest) (*mlflow.Empty, error) {
	if err := catalogName("full_name", in.Path); err != nil {
		return nil, err
	}
	if err := in.Changes.check(); err != nil {
		return nil, err
	}
	if len(in.Changes.Remove) > 0 {
		return h.deleteRegisteredModelTag(ctx, &mlflow.DeleteRegisteredModelTagRequest{
			Name: in.Path, Key: in.Changes.Remove[0],
		})
	}
	tag := in.Changes.Add[0]
	return h.setRegisteredModelTag(ctx, &mlflow.SetRegisteredModelTagRequest{
		Name: in.Path, Key: tag.Key, Value: tag.Value,
	})
}

func (in *nativeAliasRequest) check() error {
	if err := samePath("full_name", in.Path, in.FullName); err != nil {
		return err
	}
	if err := samePath("alias", in.PathAlias, in.Alias); err != nil {
		return err
	}
	return catalogName("full_name", in.Path)
}

func (h *Handlers) getNativeVersionByAlias(ctx context.Context, in *nativeAliasRequest) (*nativeVersion, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	out, err := h.getCatalogVersionByAlias(ctx, &mlflow.ModelAliasRequest{Name: in.Path, Alias: in.PathAlias})
	if err != nil {
		return nil, err
	}
	return h.nativeVersionAnswer(ctx, out), nil
}

func (h *Handlers) setNativeAlias(ctx context.Context, in *nativeAliasRequest) (*mlflow.Empty, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	if in.Version == nil {
		return nil, apierror.MissingParameter("version_num")
	}
	return h.setModelAlias(ctx, &mlflow.SetModelAliasRequest{
		Name: in.Path, Alias: in.PathAlias, Version: versionText(*in.Version),
	})
}

func (h *Handlers) deleteNativeAlias(ctx context.Context, in *nativeAliasRequest) (*mlflow.Empty, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	return h.deleteModelAlias(ctx, &mlflow.ModelAliasRequest{Name: in.Path, Alias: in.PathAlias})
}
