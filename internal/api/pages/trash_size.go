package pages

import (
	"context"
	"errors"
	"strconv"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/gc"
	"github.com/millrace-ml/millrace/mlflow"
)

// trashSize counts the files of items, one item after the other.
func (h *Handlers) trashSize(ctx context.Context, in *mlflow.TrashSelection) (*mlflow.TrashSizeResponse, error) {
	experiments, err := checkTrash(in)
	if err != nil {
		return nil, err
	}
	out := &mlflow.TrashSizeResponse{}
	add := func(kind, id, location string) error {
		usage, err := h.usage(ctx, location)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		item := mlflow.TrashSize{Kind: kind, ID: id, Files: usage.Files, Bytes: usage.Bytes}
		if err != nil {
			item.Error = artifact.Message(err)
		}
		out.Sizes = append(out.Sizes, item)
		return nil
	}
	for _, id := range in.RunIDs {
		info, err := h.Store.RunInfo(ctx, id)
		if err == nil {
			err = add(mlflow.TrashedRun, id, info.ArtifactURI)
		}
		if err != nil {
			return nil, err
		}
	}
	for _, id := range in.ModelIDs {
		m, err := h.Store.LoggedModel(ctx, id, true)
		if err == nil {
			err = add(mlflow.TrashedLoggedModel, id, m.Info.ArtifactURI)
		}
		if err != nil {
			return nil, err
		}
	}
	for _, id := range experiments {
		e, err := h.Store.Experiment(ctx, id)
		if err == nil {
			err = add(mlflow.TrashedExperiment, strconv.FormatInt(id, 10), e.ArtifactLocation)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// usage counts the files at a location. There are none if nothing was uploaded.
func (h *Handlers) usage(ctx context.Context, location string) (gc.Usage, error) {
	if location == "" {
		return gc.Usage{}, nil
	}
	repo, path, err := h.Files.Locate(location)
	if err != nil {
		return gc.Usage{}, err
	}
	usage, err := gc.Measure(ctx, repo, path)
	if errors.Is(err, mlflow.ResourceDoesNotExist) {
		return gc.Usage{}, nil
	}
	return usage, err
}
