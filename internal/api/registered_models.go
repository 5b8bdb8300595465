package api

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/mlflow"
)

const (
	defaultRegisteredModels = 100
	maxRegisteredModels     = 1000
)

func (s *Server) registryRoutes(r *routes) {
	on(r, mlflow.CreateRegisteredModelAPI, auth.EditRegistry, s.createRegisteredModel)
	on(r, mlflow.RenameRegisteredModelAPI, auth.EditRegistry, s.renameRegisteredModel)
	on(r, mlflow.UpdateRegisteredModelAPI, auth.EditRegistry, s.updateRegisteredModel)
	on(r, mlflow.DeleteRegisteredModelAPI, auth.EditRegistry, s.deleteRegisteredModel)
	on(r, mlflow.GetRegisteredModelAPI, auth.ReadRegistry, s.getRegisteredModel)
	on(r, mlflow.SearchRegisteredModelsAPI, auth.ReadRegistry, s.searchRegisteredModels)
	on(r, mlflow.GetLatestVersionsAPI, auth.ReadRegistry, s.getLatestVersions)
	on(r, mlflow.ListLatestVersionsAPI, auth.ReadRegistry, s.getLatestVersions)
	on(r, mlflow.SetRegisteredModelTagAPI, auth.EditRegistry, s.setRegisteredModelTag)
	on(r, mlflow.DeleteRegisteredModelTagAPI, auth.EditRegistry, s.deleteRegisteredModelTag)
	on(r, mlflow.SetModelAliasAPI, auth.EditRegistry, s.setModelAlias)
	on(r, mlflow.DeleteModelAliasAPI, auth.EditRegistry, s.deleteModelAlias)
	on(r, mlflow.GetVersionByAliasAPI, auth.ReadRegistry, s.getVersionByAlias)
	s.modelVersionRoutes(r)

	// Ours.
	on(r, mlflow.RegistryChangesAPI, auth.ReadRegistry, s.registryChanges)
	on(r, mlflow.TransitionVersionAPI, auth.EditRegistry, s.transitionVersion)
	on(r, mlflow.MonitorModelAPI, auth.ReadRegistry, s.monitorModel)
}

// author is who sends the request, for the registry's log.
func author(ctx context.Context, comment string) store.Author {
	u, _ := auth.FromContext(ctx)
	return store.Author{User: u.Email, Comment: comment}
}

func validModelName(param, name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return mlflow.Errorf(mlflow.InvalidParameterValue, "Missing value for required parameter '%s'.", param)
	case strings.ContainsAny(name, "/:"):
		return mlflow.Errorf(
			mlflow.InvalidParameterValue,
			"Invalid model name '%s'. Names cannot contain '/' or ':'.",
			shorten(name),
		)
	}
	return staysInPlace("name", name)
}

// newModelName is validModelName for a name that a model is to get. A model that
// MLflow has given a longer one on SQLite can still be read, renamed and deleted.
func newModelName(param, name string) error {
	return check(validModelName(param, name), tooLong(param, name, maxModelName))
}

func validRegistryTag(t *mlflow.Tag) error {
	return check(validKey("key", t.Key), tooLong("key", t.Key, maxKey), tooLong("value", t.Value, maxRegistryTagValue))
}

const tagPromptText = "mlflow.prompt.text"

// validVersionTag is validRegistryTag for versions, one of whose tags is the text
// of a prompt.
func validVersionTag(t *mlflow.Tag) error {
	if t.Key == tagPromptText && tooLong("value", t.Value, maxRegistryTagValue) != nil {
		return mlflow.Errorf(
			mlflow.InvalidParameterValue,
			"Prompt text exceeds max length of %d characters.",
			maxRegistryTagValue,
		)
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
		return mlflow.Errorf(
			mlflow.InvalidParameterValue,
			"Invalid alias name: '%s'. Names may only contain alphanumerics, underscores (_), and dashes (-).",
			shorten(alias),
		)
	}
	return tooLong("Registered model alias name", alias, maxAlias)
}

// freeAlias refuses the names that already mean a version.
func freeAlias(alias string) error {
	switch {
	case reservedVersion.MatchString(alias):
		return mlflow.Errorf(mlflow.InvalidParameterValue, "Version alias name '%s' is reserved.", shorten(alias))
	case strings.EqualFold(alias, "latest"):
		return mlflow.Errorf(mlflow.InvalidParameterValue, "'latest' alias name (case insensitive) is reserved.")
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
	return "", mlflow.Errorf(
		mlflow.InvalidParameterValue,
		"Invalid Model Version stage: %s. Value must be one of %s.",
		shorten(stage),
		strings.Join(allStages, ", "),
	)
}

func (s *Server) createRegisteredModel(
	ctx context.Context,
	in *mlflow.CreateRegisteredModelRequest,
) (*mlflow.RegisteredModelResponse, error) {
	if err := check(newModelName("name", in.Name), validTags(in.Tags, validRegistryTag)); err != nil {
		return nil, err
	}
	m, err := s.Store.CreateRegisteredModel(ctx, in)
	return &mlflow.RegisteredModelResponse{RegisteredModel: m}, err
}

func (s *Server) renameRegisteredModel(
	ctx context.Context,
	in *mlflow.RenameRegisteredModelRequest,
) (*mlflow.RegisteredModelResponse, error) {
	if err := check(newModelName("new_name", in.NewName), validModelName("name", in.Name)); err != nil {
		return nil, err
	}
	m, err := s.Store.RenameRegisteredModel(ctx, in.Name, in.NewName, author(ctx, ""))
	return &mlflow.RegisteredModelResponse{RegisteredModel: m}, err
}

func (s *Server) updateRegisteredModel(
	ctx context.Context,
	in *mlflow.UpdateRegisteredModelRequest,
) (*mlflow.RegisteredModelResponse, error) {
	if err := validModelName("name", in.Name); err != nil {
		return nil, err
	}
	m, err := s.Store.UpdateRegisteredModel(ctx, in.Name, in.Description)
	return &mlflow.RegisteredModelResponse{RegisteredModel: m}, err
}

func (s *Server) deleteRegisteredModel(
	ctx context.Context,
	in *mlflow.RegisteredModelNameRequest,
) (*mlflow.Empty, error) {
	if err := validModelName("name", in.Name); err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, s.Store.DeleteRegisteredModel(ctx, in.Name, author(ctx, ""))
}

func (s *Server) getRegisteredModel(
	ctx context.Context,
	in *mlflow.RegisteredModelNameRequest,
) (*mlflow.RegisteredModelResponse, error) {
	if err := validModelName("name", in.Name); err != nil {
		return nil, err
	}
	m, err := s.Store.RegisteredModel(ctx, in.Name)
	return &mlflow.RegisteredModelResponse{RegisteredModel: m}, err
}

func (s *Server) searchRegisteredModels(
	ctx context.Context,
	in *mlflow.SearchRegisteredModelsRequest,
) (*mlflow.SearchRegisteredModelsResponse, error) {
	limit, err := registryLimit(in.MaxResults, defaultRegisteredModels, maxRegisteredModels)
	if err != nil {
		return nil, err
	}
	list, next, err := s.Store.SearchRegisteredModels(ctx, limit, in)
	return &mlflow.SearchRegisteredModelsResponse{RegisteredModels: list, NextPageToken: next}, err
}

// registryLimit checks a max_results; the messages are those of MLflow's registry.
func registryLimit(asked *int64, standard, most int64) (int, error) {
	n := standard
	if asked != nil {
		n = *asked
	}
	if n < 1 {
		return 0, mlflow.Errorf(
			mlflow.InvalidParameterValue,
			"Invalid value for max_results. It must be a positive integer, but got %d",
			n,
		)
	}
	if n > most {
		return 0, invalidType("max_results", strconv.AppendQuote(nil, strconv.FormatInt(n, 10)), '"')
	}
	return int(n), nil
}

func (s *Server) getLatestVersions(
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
	list, err := s.Store.LatestVersions(ctx, in.Name, stages)
	return &mlflow.ModelVersionsResponse{ModelVersions: list}, err
}

func (s *Server) setRegisteredModelTag(
	ctx context.Context,
	in *mlflow.SetRegisteredModelTagRequest,
) (*mlflow.Empty, error) {
	tag := mlflow.Tag{Key: in.Key, Value: in.Value}
	if err := check(validModelName("name", in.Name), validRegistryTag(&tag)); err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, s.Store.SetRegisteredModelTag(ctx, in.Name, tag)
}

func (s *Server) deleteRegisteredModelTag(
	ctx context.Context,
	in *mlflow.DeleteRegisteredModelTagRequest,
) (*mlflow.Empty, error) {
	if err := check(validModelName("name", in.Name), validKey("key", in.Key)); err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, s.Store.DeleteRegisteredModelTag(ctx, in.Name, in.Key)
}

func (s *Server) setModelAlias(ctx context.Context, in *mlflow.SetModelAliasRequest) (*mlflow.Empty, error) {
	version, err := versionNumber(in.Version)
	if err := check(validModelName("name", in.Name), validAlias(in.Alias), freeAlias(in.Alias), err); err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, s.Store.SetModelAlias(ctx, in.Name, in.Alias, version, author(ctx, ""))
}

func (s *Server) deleteModelAlias(ctx context.Context, in *mlflow.ModelAliasRequest) (*mlflow.Empty, error) {
	if err := check(validModelName("name", in.Name), validAlias(in.Alias)); err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, s.Store.DeleteModelAlias(ctx, in.Name, in.Alias, author(ctx, ""))
}

func (s *Server) getVersionByAlias(
	ctx context.Context,
	in *mlflow.ModelAliasRequest,
) (*mlflow.ModelVersionResponse, error) {
	if err := check(validModelName("name", in.Name), validAlias(in.Alias)); err != nil {
		return nil, err
	}
	find := s.Store.ModelVersionByAlias
	if strings.EqualFold(in.Alias, "latest") {
		find = func(ctx context.Context, name, _ string) (*mlflow.ModelVersion, error) {
			return s.Store.HighestVersion(ctx, name)
		}
	}
	v, err := find(ctx, in.Name, in.Alias)
	return &mlflow.ModelVersionResponse{ModelVersion: v}, err
}
