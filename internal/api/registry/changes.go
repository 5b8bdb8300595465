package registry

import (
	"context"

	"github.com/millrace-ml/millrace/internal/api/validate"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/store/registry"
	"github.com/millrace-ml/millrace/mlflow"
)

const (
	defaultChanges = 100
	maxChanges     = 1000

	defaultMonitored = 500
	maxMonitored     = 5000
)

func (h *Handlers) registryChanges(
	ctx context.Context,
	in *mlflow.RegistryChangesRequest,
) (*mlflow.RegistryChangesResponse, error) {
	limit, err := pageLimit(in.MaxResults, defaultChanges, maxChanges)
	if err != nil {
		return nil, err
	}
	list, next, err := h.Store.RegistryChanges(ctx, in.Name, limit, in.PageToken)
	return &mlflow.RegistryChangesResponse{Transitions: list, NextPageToken: next}, err
}

func (h *Handlers) transitionVersion(
	ctx context.Context,
	in *mlflow.TransitionVersionRequest,
) (*mlflow.ModelVersionResponse, error) {
	version, err := versionOf(in.Name, in.Version)
	if err := validate.First(err, validate.Length("comment", in.Comment, validate.MaxComment)); err != nil {
		return nil, err
	}
	move := registry.Move{Alias: in.Alias, Archive: in.ArchiveExistingVersions}
	if in.Stage == "" && in.Alias == "" {
		return nil, apierror.Invalid("Say where the version goes: 'stage' or 'alias' or both.")
	}
	if in.Stage != "" {
		if move.Stage, err = stageToEnter(in.Stage, in.ArchiveExistingVersions); err != nil {
			return nil, err
		}
	} else if in.ArchiveExistingVersions {
		return nil, apierror.Invalid("archive_existing_versions needs a 'stage'; an alias points at one version anyway.")
	}
	if in.Alias != "" {
		if err := validate.First(validAlias(in.Alias), freeAlias(in.Alias)); err != nil {
			return nil, err
		}
	}
	v, err := h.Store.MoveVersion(ctx, in.Name, version, move, author(ctx, in.Comment))
	return &mlflow.ModelVersionResponse{ModelVersion: v}, err
}

func (h *Handlers) monitorModel(
	ctx context.Context,
	in *mlflow.MonitorModelRequest,
) (*mlflow.MonitorModelResponse, error) {
	limit, err := pageLimit(in.MaxResults, defaultMonitored, maxMonitored)
	if err := validate.First(err, validModelName("name", in.Name)); err != nil {
		return nil, err
	}
	return h.Store.MonitorModel(ctx, in.Name, limit, in.PageToken)
}
