package pages

import (
	"context"
	"strconv"

	"github.com/millrace-ml/millrace/internal/api/validate"
	"github.com/millrace-ml/millrace/mlflow"
)

const (
	defaultDatasets = 200
	maxDatasets     = 1000
)

func (h *Handlers) datasetUsages(
	ctx context.Context, in *mlflow.DatasetUsagesRequest,
) (*mlflow.DatasetUsagesResponse, error) {
	id, err := validate.ExperimentID(in.ExperimentID)
	if err != nil {
		return nil, err
	}
	limit := int64(defaultDatasets)
	switch {
	case in.MaxResults < 0 || in.MaxResults > maxDatasets:
		return nil, validate.BadLimit(in.MaxResults, "between 1 and "+strconv.Itoa(maxDatasets)+".")
	case in.MaxResults > 0:
		limit = in.MaxResults
	}
	list, next, err := h.Store.DatasetUsages(ctx, id, int(limit), in)
	return &mlflow.DatasetUsagesResponse{Datasets: list, NextPageToken: next}, err
}

func (h *Handlers) dataset(ctx context.Context, in *mlflow.GetDatasetRequest) (*mlflow.GetDatasetResponse, error) {
	id, err := validate.ExperimentID(in.ExperimentID)
	if err != nil {
		return nil, err
	}
	d, err := h.Store.Dataset(ctx, id, in.Name, in.Digest)
	if err != nil {
		return nil, err
	}
	return &mlflow.GetDatasetResponse{Dataset: d}, nil
}
