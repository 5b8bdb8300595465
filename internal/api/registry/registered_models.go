// Package registry serves the model registry: registered models, their versions,
// aliases and stages, and the log of their changes.
package registry

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/api/protojson"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/api/rules"
	"github.com/millrace-ml/millrace/internal/api/validate"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/registry"
	"github.com/millrace-ml/millrace/mlflow"
)

const (
	defaultRegisteredModels = 100
	maxRegisteredModels     = 1000
)

// Handlers answers the requests of the model registry.
type Handlers struct {
	Store  *store.Store
	Keeper permit.Keeper
	Owners permit.Owners
	Files  Files
	Log    *slog.Logger
	// UsesFilesAPI, if not nil, reports whether the client of a request transfers files
	// through the Files API.
	UsesFilesAPI func(context.Context) bool
	// StoredURI, if not nil, translates an artifact URI of a client into the stored form.
	StoredURI func(string) string
	// SourcePattern, if not nil, must match the source of a new model version.
	SourcePattern *regexp.Regexp
}

// Routes mounts the routes of the registry.
func (h *Handlers) Routes(r *route.Router) {
	route.On(r, mlflow.Endpoints.CreateRegisteredModel, rules.CreateModel, h.createRegisteredModel)
	route.On(r, mlflow.Endpoints.RenameRegisteredModel, permit.Model(access.ToUpdate).Audited(), h.renameRegisteredModel)
	route.On(r, mlflow.Endpoints.UpdateRegisteredModel, permit.Model(access.ToUpdate), h.updateRegisteredModel)
	route.On(r, mlflow.Endpoints.DeleteRegisteredModel, permit.WholeModel.Audited(), h.deleteRegisteredModel)
	route.On(r, mlflow.Endpoints.GetRegisteredModel, permit.Model(access.ToRead), h.getRegisteredModel)
	route.On(r, mlflow.Endpoints.SearchRegisteredModels, permit.Filtered, h.searchRegisteredModels)
	route.On(r, mlflow.Endpoints.GetLatestVersions, permit.Version(access.ToRead), h.getLatestVersions)
	route.On(r, mlflow.Endpoints.ListLatestVersions, permit.Version(access.ToRead), h.getLatestVersions)
	route.On(r, mlflow.Endpoints.SetRegisteredModelTag, permit.Model(access.ToUpdate), h.setRegisteredModelTag)
	route.On(r, mlflow.Endpoints.DeleteRegisteredModelTag, permit.Model(access.ToUpdate), h.deleteRegisteredModelTag)
	route.On(r, mlflow.Endpoints.SetModelAlias, permit.Alias(access.ToUpdate).Audited(), h.setModelAlias)
	route.On(r, mlflow.Endpoints.DeleteModelAlias, permit.Alias(access.ToDelete).Audited(), h.deleteModelAlias)
	route.On(r, mlflow.Endpoints.GetVersionByAlias, permit.Version(access.ToRead), h.getVersionByAlias)
	h.modelVersionRoutes(r)
	h.catalogRoutes(r)
	h.nativeRoutes(r)

	// Routes that MLflow does not have.
	route.On(r, mlflow.Endpoints.RegistryChanges, rules.ReadChanges, h.registryChanges)
	route.On(r, mlflow.Endpoints.TransitionVersion, permit.Version(access.ToUpdate).Audited(), h.transitionVersion)
	route.On(r, mlflow.Endpoints.MonitorModel, permit.Version(access.ToRead), h.monitorModel)
}

// author returns the user of the request, for the log of changes.
func author(ctx context.Context, comment string) registry.Author {
	u, _ := auth.FromContext(ctx)
	return registry.Author{User: u.Email, Comment: comment}
}

func validModelName(param, name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return apierror.Invalid("Missing value for required parameter '%s'.", param)
	case strings.ContainsAny(name, "/:"):
		return apierror.Invalid("Invalid model name '%s'. Names cannot contain '/' or ':'.", apierror.Shorten(name))
	}
	return validate.PathSafe("name", name)
}

// newModelName checks the name of a model that is created or renamed. Existing
// names may be longer: MLflow on SQLite does not enforce the limit.
func newModelName(param, name string) error {
	return validate.First(validModelName(param, name), validate.Length(param, name, validate.MaxModelName))
}

// notAll refuses the name that stands for all models in grants, on a server with users.
// The creator's grant on such a model would be one on all.
func notAll(ctx context.Context, name string) error {
	if name == access.Any && access.FromContext(ctx) != nil {
		return apierror.Invalid("Invalid model name '%s'. In the permissions of users it stands for all models.", name)
	}
	return nil
}

func validRegistryTag(t *mlflow.Tag) error {
	return validate.First(
		validate.Key("key", t.Key),
		validate.Length("key", t.Key, validate.MaxKey),
		validate.Length("value", t.Value, validate.MaxRegistryTagValue),
	)
}

const tagPromptText = "mlflow.prompt.text"

// validVersionTag checks the tag of a version. The text of a prompt is such a tag,
// with an error message of its own.
func validVersionTag(t *mlflow.Tag) error {
	if t.Key == tagPromptText && validate.Length("value", t.Value, validate.MaxRegistryTagValue) != nil {
		return apierror.Invalid("Prompt text exceeds max length of %d characters.", validate.MaxRegistryTagValue)
	}
	return validRegistryTag(t)
}

func validTags(tags []mlflow.Tag, valid func(*mlflow.Tag) error) error {
	for i := range tags {
		if err := valid(&tags[i]); err != nil {
			return err
		}
	}
	return nil
}

var (
	aliasPattern    = regexp.MustCompile(`^[\p{L}\p{N}_-]+$`)
	reservedVersion = regexp.MustCompile(`^[vV]\p{Nd}+$`)
)

func validAlias(alias string) error {
	if !aliasPattern.MatchString(alias) {
		return apierror.Invalid(
			"Invalid alias name: '%s'. Names may only contain alphanumerics, underscores (_), and dashes (-).",
			apierror.Shorten(alias),
		)
	}
	return validate.Length("Registered model alias name", alias, validate.MaxAlias)
}

// freeAlias returns an error for the aliases that are reserved for versions.
func freeAlias(alias string) error {
	switch {
	case reservedVersion.MatchString(alias):
		return apierror.Invalid("Version alias name '%s' is reserved.", apierror.Shorten(alias))
	case strings.EqualFold(alias, "latest"):
		return apierror.Invalid("'latest' alias name (case insensitive) is reserved.")
	}
	return nil
}

// allStages lists the stages in MLflow's order.
var allStages = []string{mlflow.StageNone, mlflow.StageStaging, mlflow.StageProduction, mlflow.StageArchived}

func canonicalStage(stage string) (string, error) {
	for _, s := range allStages {
		if strings.EqualFold(s, stage) {
			return s, nil
		}
	}
	return "", apierror.Invalid(
		"Invalid Model Version stage: %s. Value must be one of %s.",
		apierror.Shorten(stage),
		strings.Join(allStages, ", "),
	)
}

func (h *Handlers) createRegisteredModel(
	ctx context.Context,
	in *mlflow.CreateRegisteredModelRequest,
) (*mlflow.RegisteredModelResponse, error) {
	err := validate.First(
		newModelName("name", in.Name), notAll(ctx, in.Name), validTags(in.Tags, validRegistryTag),
	)
	if err != nil {
		return nil, err
	}
	m, err := h.Store.CreateRegisteredModel(ctx, in)
	if err != nil {
		return nil, err
	}
	kind := access.RegisteredModel
	if registry.HasPromptTag(in.Tags) {
		kind = access.Prompt
	}
	if err := h.Keeper.Created(ctx, kind, in.Name); err != nil {
		return nil, fmt.Errorf("the model exists now, but its creator has no grant on it: %w", err)
	}
	return &mlflow.RegisteredModelResponse{RegisteredModel: m}, nil
}

func (h *Handlers) renameRegisteredModel(
	ctx context.Context,
	in *mlflow.RenameRegisteredModelRequest,
) (*mlflow.RegisteredModelResponse, error) {
	err := validate.First(newModelName("new_name", in.NewName), notAll(ctx, in.NewName), validModelName("name", in.Name))
	if err != nil {
		return nil, err
	}
	m, err := h.rename(ctx, in.Name, in.NewName)
	return &mlflow.RegisteredModelResponse{RegisteredModel: m}, err
}

// rename renames a model, and the grants on it.
func (h *Handlers) rename(ctx context.Context, name, newName string) (*mlflow.RegisteredModel, error) {
	m, err := h.Store.RenameRegisteredModel(ctx, name, newName, author(ctx, ""))
	if err != nil {
		return nil, err
	}
	// The client may have left: the grants must follow the name nevertheless.
	after := context.WithoutCancel(ctx)
	for _, kind := range []access.Type{access.RegisteredModel, access.Prompt} {
		if err := h.Keeper.Renamed(after, kind, name, newName); err != nil {
			return nil, fmt.Errorf("the model is renamed, but the grants on it are not: %w", err)
		}
	}
	return m, nil
}

func (h *Handlers) updateRegisteredModel(
	ctx context.Context,
	in *mlflow.UpdateRegisteredModelRequest,
) (*mlflow.RegisteredModelResponse, error) {
	if err := validModelName("name", in.Name); err != nil {
		return nil, err
	}
	m, err := h.Store.UpdateRegisteredModel(ctx, in.Name, in.Description)
	return &mlflow.RegisteredModelResponse{RegisteredModel: m}, err
}

func (h *Handlers) deleteRegisteredModel(
	ctx context.Context,
	in *mlflow.RegisteredModelNameRequest,
) (*mlflow.Empty, error) {
	if err := validModelName("name", in.Name); err != nil {
		return nil, err
	}
	unused, err := h.Store.DeleteRegisteredModel(ctx, in.Name, author(ctx, ""))
	if err != nil {
		return nil, err
	}
	h.deleteFiles(ctx, unused)
	after := context.WithoutCancel(ctx)
	for _, kind := range []access.Type{access.RegisteredModel, access.Prompt} {
		if err := h.Keeper.Deleted(after, kind, in.Name); err != nil {
			return nil, fmt.Errorf("the model is deleted, but the grants on its name are not: %w", err)
		}
	}
	return &mlflow.Empty{}, nil
}

func (h *Handlers) getRegisteredModel(
	ctx context.Context,
	in *mlflow.RegisteredModelNameRequest,
) (*mlflow.RegisteredModelResponse, error) {
	if err := validModelName("name", in.Name); err != nil {
		return nil, err
	}
	m, err := h.Store.RegisteredModel(ctx, in.Name)
	return &mlflow.RegisteredModelResponse{RegisteredModel: m}, err
}

func (h *Handlers) searchRegisteredModels(
	ctx context.Context,
	in *mlflow.SearchRegisteredModelsRequest,
) (*mlflow.SearchRegisteredModelsResponse, error) {
	limit, err := pageLimit(in.MaxResults, defaultRegisteredModels, maxRegisteredModels)
	if err != nil {
		return nil, err
	}
	list, next, err := h.Store.SearchRegisteredModels(ctx, limit, in)
	return &mlflow.SearchRegisteredModelsResponse{RegisteredModels: list, NextPageToken: next}, err
}

// pageLimit checks max_results and returns the limit of a page. The messages are
// those of MLflow's registry.
func pageLimit(requested *int64, standard, most int64) (int, error) {
	n := standard
	if requested != nil {
		n = *requested
	}
	if n < 1 {
		return 0, apierror.Invalid("Invalid value for max_results. It must be a positive integer, but got %d", n)
	}
	if n > most {
		return 0, protojson.InvalidType("max_results", strconv.AppendQuote(nil, strconv.FormatInt(n, 10)), '"')
	}
	return int(n), nil
}

func (h *Handlers) getLatestVersions(
	ctx context.Context,
	in *mlflow.GetLatestVersionsRequest,
) (*mlflow.ModelVersionsResponse, error) {
	if err := validModelName("name", in.Name); err != nil {
		return nil, err
	}
	stages := slices.Clone(allStages)
	if len(in.Stages) > 0 {
		stages = stages[:0]
	}
	for _, stage := range in.Stages {
		canonical, err := canonicalStage(stage)
		if err != nil {
			return nil, err
		}
		stages = append(stages, canonical)
	}
	list, err := h.Store.LatestVersions(ctx, in.Name, stages)
	return &mlflow.ModelVersionsResponse{ModelVersions: list}, err
}

func (h *Handlers) setRegisteredModelTag(
	ctx context.Context,
	in *mlflow.SetRegisteredModelTagRequest,
) (*mlflow.Empty, error) {
	tag := mlflow.Tag{Key: in.Key, Value: in.Value}
	if err := validate.First(validModelName("name", in.Name), validRegistryTag(&tag)); err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, h.Store.SetRegisteredModelTag(ctx, in.Name, tag)
}

func (h *Handlers) deleteRegisteredModelTag(
	ctx context.Context,
	in *mlflow.DeleteRegisteredModelTagRequest,
) (*mlflow.Empty, error) {
	if err := validate.First(validModelName("name", in.Name), validate.Key("key", in.Key)); err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, h.Store.DeleteRegisteredModelTag(ctx, in.Name, in.Key)
}

func (h *Handlers) setModelAlias(ctx context.Context, in *mlflow.SetModelAliasRequest) (*mlflow.Empty, error) {
	version, err := versionNumber(in.Version)
	if err := validate.First(validModelName("name", in.Name), validAlias(in.Alias), freeAlias(in.Alias), err); err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, h.Store.SetModelAlias(ctx, in.Name, in.Alias, version, author(ctx, ""))
}

func (h *Handlers) deleteModelAlias(ctx context.Context, in *mlflow.ModelAliasRequest) (*mlflow.Empty, error) {
	if err := validate.First(validModelName("name", in.Name), validAlias(in.Alias)); err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, h.Store.DeleteModelAlias(ctx, in.Name, in.Alias, author(ctx, ""))
}

func (h *Handlers) getVersionByAlias(
	ctx context.Context,
	in *mlflow.ModelAliasRequest,
) (*mlflow.ModelVersionResponse, error) {
	if err := validate.First(validModelName("name", in.Name), validAlias(in.Alias)); err != nil {
		return nil, err
	}
	find := h.Store.ModelVersionByAlias
	if strings.EqualFold(in.Alias, "latest") {
		find = func(ctx context.Context, name, _ string) (*mlflow.ModelVersion, error) {
			return h.Store.HighestVersion(ctx, name)
		}
	}
	v, err := find(ctx, in.Name, in.Alias)
	return &mlflow.ModelVersionResponse{ModelVersion: v}, err
}
