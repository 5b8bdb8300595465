package registry

import (
	"context"
	"strconv"

	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/mlflow"
)

func versionText(n int64) string { return strconv.FormatInt(n, 10) }

// nativeVersionAnswer translates a version for the client of a request. A client that does
// not use the Files API reads and writes the files itself, so it needs a location that it
// can open.
func (h *Handlers) nativeVersionAnswer(ctx context.Context, out *catalogVersionResponse) *nativeVersion {
	v := nativeVersionOf(&out.Version)
	if !h.usesFilesAPI(ctx) {
		v.StorageLocation = h.Files.ClientURI(v.StorageLocation)
	}
	return &v
}

func (h *Handlers) usesFilesAPI(ctx context.Context) bool {
	return h.UsesFilesAPI != nil && h.UsesFilesAPI(ctx)
}

// checkDirectAccess returns an error if the client of a request can neither use the
// Files API nor open the folder in which the server stores the files of versions.
func (h *Handlers) checkDirectAccess(ctx context.Context) error {
	if h.usesFilesAPI(ctx) {
		return nil
	}
	root, err := h.Files.VersionRoot()
	if err != nil {
		return err
	}
	if artifact.Scheme(h.Files.ClientURI(root)) == "file" {
		return nil
	}
	return mlflow.Errorf(mlflow.NotImplemented, "Clients with a registry URI of the scheme 'uc' read and write the files "+
		"of models themselves, in a folder that they share with the server. This server stores them elsewhere. Call "+
		"mlflow.login(), or use the server's http(s) address as the registry URI.")
}

func (h *Handlers) createNativeVersion(ctx context.Context, in *createNativeVersionRequest) (*nativeVersion, error) {
	if err := h.checkDirectAccess(ctx); err != nil {
		return nil, err
	}
	out, err := h.createCatalogVersion(ctx, &createCatalogVersionRequest{
		Name:   fullName(in.CatalogName, in.SchemaName, in.ModelName),
		Source: in.Source, RunID: in.RunID, RunServer: in.RunServer, ModelID: in.ModelID,
		Description: in.Comment, Tags: in.Tags, FeatureDeps: in.FeatureDeps, Dependencies: in.Dependencies,
	})
	if err != nil {
		return nil, err
	}
	return h.nativeVersionAnswer(ctx, out), nil
}

// plain checks a request and returns the version that it identifies.
func (in *nativeVersionRequest) plain() (*mlflow.ModelVersionRequest, error) {
	if err := samePath("full_name", in.Path, in.FullName); err != nil {
		return nil, err
	}
	if in.Version != nil {
		if err := samePath("version", in.PathVersion, versionText(*in.Version)); err != nil {
			return nil, err
		}
	}
	return &mlflow.ModelVersionRequest{Name: in.Path, Version: in.PathVersion}, nil
}

func (h *Handlers) getNativeVersion(ctx context.Context, in *nativeVersionRequest) (*nativeVersion, error) {
	version, err := in.plain()
	if err != nil {
		return nil, err
	}
	out, err := h.getCatalogVersion(ctx, version)
	if err != nil {
		return nil, err
	}
	return h.nativeVersionAnswer(ctx, out), nil
}

func (h *Handlers) updateNativeVersion(ctx context.Context, in *nativeVersionRequest) (*nativeVersion, error) {
	version, err := in.plain()
	if err != nil {
		return nil, err
	}
	if in.Comment == nil {
		return h.getNativeVersion(ctx, in)
	}
	out, err := h.updateCatalogVersion(ctx, &mlflow.UpdateModelVersionRequest{
		Name: version.Name, Version: version.Version, Description: in.Comment,
	})
	if err != nil {
		return nil, err
	}
	return h.nativeVersionAnswer(ctx, out), nil
}

func (h *Handlers) finalizeNativeVersion(ctx context.Context, in *nativeVersionRequest) (*nativeVersion, error) {
	version, err := in.plain()
	if err != nil {
		return nil, err
	}
	out, err := h.finalizeCatalogVersion(ctx, version)
	if err != nil {
		return nil, err
	}
	return h.nativeVersionAnswer(ctx, out), nil
}

func (h *Handlers) deleteNativeVersion(ctx context.Context, in *nativeVersionRequest) (*mlflow.Empty, error) {
	version, err := in.plain()
	if err != nil {
		return nil, err
	}
	if err := catalogName("full_name", version.Name); err != nil {
		return nil, err
	}
	return h.deleteModelVersion(ctx, version)
}

func (h *Handlers) searchNativeVersions(
	ctx context.Context,
	in *searchNativeVersionsRequest,
) (*searchNativeVersionsResponse, error) {
	if err := samePath("full_name", in.Path, in.FullName); err != nil {
		return nil, err
	}
	if err := catalogName("full_name", in.Path); err != nil {
		return nil, err
	}
	found, err := h.searchCatalogVersionsOf(ctx, in.Path, &mlflow.SearchModelVersionsRequest{
		MaxResults: in.MaxResults, PageToken: in.PageToken,
	})
	if err != nil {
		return nil, err
	}
	out := &searchNativeVersionsResponse{NextPageToken: found.NextPageToken}
	for i := range found.Versions {
		out.Versions = append(out.Versions, nativeVersionOf(&found.Versions[i]))
	}
	return out, nil
}

func (h *Handlers) changeNativeVersionTags(
	ctx context.Context,
	in *nativeVersionTagsRequest,
) (*mlflow.Empty, error) {
	if err := catalogName("full_name", in.Path); err != nil {
		return nil, err
	}
	if err := in.Changes.check(); err != nil {
		return nil, err
	}
	if len(in.Changes.Remove) > 0 {
		return h.deleteModelVersionTag(ctx, &mlflow.DeleteModelVersionTagRequest{
			Name: in.Path, Version: in.PathVersion, Key: in.Changes.Remove[0],
		})
	}
	tag := in.Changes.Add[0]
	return h.setModelVersionTag(ctx, &mlflow.SetModelVersionTagRequest{
		Name: in.Path, Version: in.PathVersion, Key: tag.Key, Value: tag.Value,
	})
}

// nativeOperations translates the operations of requests for credentials.
var nativeOperations = map[string]string{
	"READ_MODEL_VERSION":       "MODEL_VERSION_OPERATION_READ",
	"READ_WRITE_MODEL_VERSION": "MODEL_VERSION_OPERATION_READ_WRITE",
}

func (h *Handlers) nativeCredentials(ctx context.Context, in *nativeCredentialsRequest) (*catalogCredentials, error) {
	operation, ok := nativeOperations[in.Operation]
	if !ok {
		return nil, apierror.Invalid("Invalid value '%s' for parameter 'operation' supplied: it must be "+
			"READ_MODEL_VERSION or READ_WRITE_MODEL_VERSION.", apierror.Shorten(in.Operation))
	}
	if !h.usesFilesAPI(ctx) {
		return nil, mlflow.Errorf(mlflow.NotImplemented, "This server has no credentials for the storage of models. "+
			"Clients with a registry URI of the scheme 'uc' need a folder that they share with the server.")
	}
	out, err := h.catalogCredentials(ctx, &catalogCredentialsRequest{
		Name:    fullName(in.CatalogName, in.SchemaName, in.ModelName),
		Version: versionText(in.Version), Operation: operation,
	})
	if err != nil {
		return nil, err
	}
	return &out.Credentials, nil
}
