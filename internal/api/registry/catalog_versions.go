package registry

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/api/validate"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/store/registry"
	"github.com/millrace-ml/millrace/mlflow"
)

// catalogVersionNumber checks a name of three levels and parses a version.
func catalogVersionNumber(name, version string) (int64, error) {
	if err := catalogName("name", name); err != nil {
		return 0, err
	}
	return versionNumber(version)
}

// Longest IDs of a logged model and of a server, in characters.
const maxCatalogID = 100

// createCatalogVersion creates a version whose files the client uploads to the Files
// API before it finalizes the version.
func (h *Handlers) createCatalogVersion(
	ctx context.Context,
	in *createCatalogVersionRequest,
) (*catalogVersionResponse, error) {
	err := validate.First(
		catalogName("name", in.Name),
		notImplementedField("feature_deps", in.FeatureDeps, "Feature stores"),
		h.checkPattern(in.Source),
		validate.Length("source", in.Source, validate.MaxSource),
		validate.Length("model_id", in.ModelID, maxCatalogID),
		validate.Length("run_tracking_server_id", in.RunServer, maxCatalogID),
		validTags(in.Tags, validVersionTag),
	)
	if err == nil && in.RunID != "" {
		err = validate.RunID(in.RunID)
	}
	if err != nil {
		return nil, err
	}
	root, err := h.Files.VersionRoot()
	if err != nil {
		return nil, err
	}
	var id [16]byte
	_, _ = rand.Read(id[:]) // It never fails.
	files := registry.VersionFiles{
		Location:  strings.TrimSuffix(root, "/") + "/" + artifact.VersionsFolder + "/" + hex.EncodeToString(id[:]),
		ModelID:   in.ModelID,
		RunServer: in.RunServer,
	}
	return catalogVersionOf(h.Store.CreatePendingVersion(ctx, registry.NewVersion{
		Name: in.Name, Source: h.stored(in.Source), RunID: in.RunID, Description: in.Description, Tags: in.Tags,
	}, files, author(ctx, "")))
}

func (h *Handlers) finalizeCatalogVersion(
	ctx context.Context,
	in *mlflow.ModelVersionRequest,
) (*catalogVersionResponse, error) {
	version, err := catalogVersionNumber(in.Name, in.Version)
	if err != nil {
		return nil, err
	}
	return catalogVersionOf(h.Store.FinalizeVersion(ctx, in.Name, version))
}

func (h *Handlers) getCatalogVersion(
	ctx context.Context,
	in *mlflow.ModelVersionRequest,
) (*catalogVersionResponse, error) {
	version, err := catalogVersionNumber(in.Name, in.Version)
	if err != nil {
		return nil, err
	}
	return catalogVersionOf(h.Store.CatalogVersion(ctx, in.Name, version))
}

func (h *Handlers) getCatalogVersionByAlias(
	ctx context.Context,
	in *mlflow.ModelAliasRequest,
) (*catalogVersionResponse, error) {
	if err := catalogName("name", in.Name); err != nil {
		return nil, err
	}
	found, err := h.getVersionByAlias(ctx, in)
	if err != nil {
		return nil, err
	}
	return h.getCatalogVersion(ctx, &mlflow.ModelVersionRequest{
		Name: in.Name, Version: found.ModelVersion.Version,
	})
}

func (h *Handlers) updateCatalogVersion(
	ctx context.Context,
	in *mlflow.UpdateModelVersionRequest,
) (*catalogVersionResponse, error) {
	if err := catalogName("name", in.Name); err != nil {
		return nil, err
	}
	if _, err := h.updateModelVersion(ctx, in); err != nil {
		return nil, err
	}
	return h.getCatalogVersion(ctx, &mlflow.ModelVersionRequest{Name: in.Name, Version: in.Version})
}

const maxCatalogVersions = 10_000

func (h *Handlers) searchCatalogVersions(
	ctx context.Context,
	in *mlflow.SearchModelVersionsRequest,
) (*searchCatalogVersionsResponse, error) {
	return h.searchCatalogVersionsOf(ctx, "", in)
}

// searchCatalogVersionsOf returns a page of the versions of a model, or of all models for
// "".
func (h *Handlers) searchCatalogVersionsOf(
	ctx context.Context,
	name string,
	in *mlflow.SearchModelVersionsRequest,
) (*searchCatalogVersionsResponse, error) {
	limit, err := pageLimit(in.MaxResults, maxCatalogVersions, maxModelVersions)
	if err != nil {
		return nil, err
	}
	list, next, err := h.Store.SearchCatalogVersions(ctx, name, limit, in)
	if err != nil {
		return nil, err
	}
	out := &searchCatalogVersionsResponse{NextPageToken: next}
	for i := range list {
		out.Versions = append(out.Versions, plainCatalogVersion(&list[i]))
	}
	return out, nil
}

// emitLineage accepts the message that a client has read or copied a version. The
// server has no lineage, so the message has no effect.
func (h *Handlers) emitLineage(ctx context.Context, in *emitLineageRequest) (*mlflow.Empty, error) {
	version, err := catalogVersionNumber(in.Name, in.Version)
	if err != nil {
		return nil, err
	}
	_, err = h.Store.ModelVersion(ctx, in.Name, version)
	return &mlflow.Empty{}, err
}

// credentialsFor is the time for which a client uses the answer about credentials.
const credentialsFor = time.Hour

// catalogCredentials tells clients that transfer files without the Files API to request
// a signed URL for each file.
func (h *Handlers) catalogCredentials(
	ctx context.Context,
	in *catalogCredentialsRequest,
) (*catalogCredentialsResponse, error) {
	version, err := catalogVersionNumber(in.Name, in.Version)
	if err != nil {
		return nil, err
	}
	switch in.Operation {
	case "MODEL_VERSION_OPERATION_READ", "MODEL_VERSION_OPERATION_READ_WRITE":
	default:
		return nil, apierror.Invalid("Invalid value '%s' for parameter 'operation' supplied: it must be "+
			"MODEL_VERSION_OPERATION_READ or MODEL_VERSION_OPERATION_READ_WRITE.", apierror.Shorten(in.Operation))
	}
	if _, err := h.Store.ModelVersion(ctx, in.Name, version); err != nil {
		return nil, err
	}
	return &catalogCredentialsResponse{catalogCredentials{
		"DEFAULT_STORAGE", time.Now().Add(credentialsFor).UnixMilli(),
	}}, nil
}
