// Package genai has the routes of what generative applications are evaluated with: datasets,
// scorers and schemas of labels. Each noun has a file.
package genai

import (
	"context"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/api/rules"
	"github.com/millrace-ml/millrace/internal/api/validate"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/evaluation"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/genai"
)

// Handlers answers the requests.
type Handlers struct {
	Store  *store.Store
	Owners permit.Owners
	Keeper permit.Keeper
}

// Routes mounts the routes.
func (h *Handlers) Routes(r *route.Router) {
	e := genai.Endpoints
	route.On(r, e.CreateDataset, rules.CreateDataset, h.createDataset)
	route.On(r, e.GetDataset, permit.Dataset(access.ToRead), h.dataset)
	route.On(r, e.DeleteDataset, permit.Dataset(access.ToDelete).Audited(), h.deleteDataset)
	route.On(r, e.SearchDatasets, rules.SearchEvaluationDatasets, h.searchDatasets)
	route.On(r, e.SearchDatasetsGet, rules.SearchEvaluationDatasets, h.searchDatasets)
	route.On(r, e.UpsertRecords, permit.Dataset(access.ToUpdate), h.upsertRecords)
	route.On(r, e.GetRecords, permit.Dataset(access.ToRead), h.records)
	route.On(r, e.DeleteRecords, permit.Dataset(access.ToUpdate), h.deleteRecords)
	route.On(r, e.SetDatasetTags, permit.Dataset(access.ToUpdate), h.setDatasetTags)
	route.On(r, e.DeleteDatasetTag, permit.Dataset(access.ToUpdate), h.deleteDatasetTag)
	route.On(r, e.AddExperiments, rules.AddToExperiments, h.addExperiments)
	route.On(r, e.RemoveExperiments, permit.Dataset(access.ToUpdate), h.removeExperiments)
	route.On(r, e.GetExperimentIDs, permit.Dataset(access.ToRead), h.experimentIDs)
	h.scorerRoutes(r)
	h.labelSchemaRoutes(r)
}

// Limits of datasets, in characters and in items of a request.
const (
	maxName     = 255
	maxTagKey   = 255
	maxTagValue = 5000
	maxTags     = 1000
	maxIDs      = 10_000
)

func (h *Handlers) createDataset(ctx context.Context, in *genai.CreateDatasetRequest) (*genai.DatasetResponse, error) {
	ids, err := validate.ExperimentIDs(in.ExperimentIDs)
	if err != nil {
		return nil, err
	}
	if err := validate.First(validate.Length("name", in.Name, maxName), noRepeats(ids)); err != nil {
		return nil, err
	}
	tags, err := parseTags(in.Tags)
	if err != nil {
		return nil, err
	}
	d, err := h.Store.CreateDataset(ctx, in.Name, tags, ids)
	return &genai.DatasetResponse{Dataset: d}, err
}

// noRepeats returns an error if a list names an experiment twice.
func noRepeats(ids []int64) error {
	seen := make(map[int64]bool, len(ids))
	for _, id := range ids {
		if seen[id] {
			return validate.BadValue("experiment_ids", strconv.FormatInt(id, 10), "The experiment is given twice.")
		}
		seen[id] = true
	}
	return nil
}

// parseTags parses the JSON object of tags. As in MLflow, other values than texts are stored
// as Python prints them, and null stands for no tag.
func parseTags(text string) ([]mlflow.Tag, error) {
	if text == "" {
		return nil, nil
	}
	v, err := python.Loads(text, 50)
	if err != nil {
		return nil, apierror.Invalid("Invalid value for parameter 'tags' supplied: it is not valid JSON: %v.", err)
	}
	d, isDict := v.(*python.Dict)
	if !isDict {
		return nil, apierror.Invalid("Invalid value for parameter 'tags' supplied: it must be a JSON object.")
	}
	if d.Len() > maxTags {
		return nil, apierror.Invalid("A request can have at most %d tags. Got %d.", maxTags, d.Len())
	}
	tags := make([]mlflow.Tag, 0, d.Len())
	for _, key := range d.Keys() {
		value, _ := d.Get(key)
		if value == nil {
			continue
		}
		tag := mlflow.Tag{Key: key, Value: python.Str(value)}
		limit := maxTagValue
		if key == genai.TagUser {
			limit = maxName // It is also in columns of the dataset.
		}
		if strings.ContainsRune(tag.Key+tag.Value, 0) {
			return nil, apierror.Invalid("Invalid value for parameter 'tags' supplied: texts cannot contain NUL characters.")
		}
		if err := validate.First(
			validate.Length("Tag key", tag.Key, maxTagKey), validate.Length("Tag value", tag.Value, limit),
		); err != nil {
			return nil, err
		}
		tags = append(tags, tag)
	}
	return tags, nil
}

func (h *Handlers) dataset(ctx context.Context, in *genai.DatasetIDRequest) (*genai.DatasetResponse, error) {
	d, err := h.Store.EvaluationDataset(ctx, in.DatasetID)
	return &genai.DatasetResponse{Dataset: d}, err
}

func (h *Handlers) deleteDataset(ctx context.Context, in *genai.DatasetIDRequest) (*mlflow.Empty, error) {
	return &mlflow.Empty{}, h.Store.DeleteDataset(ctx, in.DatasetID)
}

// The numbers of datasets on a page.
const (
	defaultFound = 1000
	maxFound     = 50_000
)

func (h *Handlers) searchDatasets(
	ctx context.Context, in *genai.SearchDatasetsRequest,
) (*genai.SearchDatasetsResponse, error) {
	limit, err := pageSize(in.MaxResults, defaultFound)
	if err != nil {
		return nil, err
	}
	ids, err := validate.ExperimentIDs(in.ExperimentIDs)
	if err != nil {
		return nil, err
	}
	list, next, err := h.Store.SearchDatasets(ctx, &evaluation.DatasetSearch{
		ExperimentIDs: ids, Filter: in.Filter, OrderBy: in.OrderBy, PageToken: in.PageToken, Limit: limit,
	})
	return &genai.SearchDatasetsResponse{Datasets: list, NextPageToken: next}, err
}

// pageSize returns the number of items on a page.
func pageSize(max *int32, byDefault int) (int, error) {
	switch {
	case max == nil:
		return byDefault, nil
	case *max < 1:
		return 0, validate.BadLimit(int(*max), "a positive integer")
	case *max > maxFound:
		return 0, validate.BadLimit(int(*max), "at most "+strconv.Itoa(maxFound))
	}
	return int(*max), nil
}

func (h *Handlers) upsertRecords(
	ctx context.Context, in *genai.UpsertRecordsRequest,
) (*genai.UpsertRecordsResponse, error) {
	records, err := h.Store.ParseRecords(in.Records)
	if err != nil {
		return nil, err
	}
	inserted, updated, err := h.Store.UpsertRecords(ctx, in.DatasetID, records)
	//nolint:gosec // ParseRecords bounds the numbers.
	return &genai.UpsertRecordsResponse{InsertedCount: int32(inserted), UpdatedCount: int32(updated)}, err
}

// defaultRecords is the number of records on a page.
const defaultRecords = 1000

func (h *Handlers) records(ctx context.Context, in *genai.GetRecordsRequest) (*genai.GetRecordsResponse, error) {
	if in.MaxResults != nil && *in.MaxResults == 0 { // As in MLflow, it stands for the default.
		in.MaxResults = nil
	}
	limit, err := pageSize(in.MaxResults, defaultRecords)
	if err != nil {
		return nil, err
	}
	list, next, err := h.Store.Records(ctx, in.DatasetID, limit, in.PageToken)
	return &genai.GetRecordsResponse{Records: list, NextPageToken: next}, err
}

func (h *Handlers) deleteRecords(
	ctx context.Context, in *genai.DeleteRecordsRequest,
) (*genai.DeleteRecordsResponse, error) {
	if n := len(in.RecordIDs); n > maxIDs {
		return nil, apierror.Invalid("A request can name at most %d records. Got %d.", maxIDs, n)
	}
	n, err := h.Store.DeleteRecords(ctx, in.DatasetID, in.RecordIDs)
	return &genai.DeleteRecordsResponse{DeletedCount: int32(n)}, err //nolint:gosec // It is bounded by maxIDs.
}

func (h *Handlers) setDatasetTags(ctx context.Context, in *genai.SetDatasetTagsRequest) (*mlflow.Empty, error) {
	tags, err := parseTags(in.Tags)
	if err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, h.Store.SetDatasetTags(ctx, in.DatasetID, tags)
}

func (h *Handlers) deleteDatasetTag(ctx context.Context, in *genai.DeleteDatasetTagRequest) (*mlflow.Empty, error) {
	return &mlflow.Empty{}, h.Store.DeleteDatasetTag(ctx, in.DatasetID, in.Key)
}

func (h *Handlers) addExperiments(
	ctx context.Context, in *genai.DatasetExperimentsRequest,
) (*genai.DatasetResponse, error) {
	ids, err := validate.ExperimentIDs(in.ExperimentIDs)
	if err != nil {
		return nil, err
	}
	d, err := h.Store.AddToExperiments(ctx, in.DatasetID, ids)
	return &genai.DatasetResponse{Dataset: d}, err
}

func (h *Handlers) removeExperiments(
	ctx context.Context, in *genai.DatasetExperimentsRequest,
) (*genai.DatasetResponse, error) {
	ids, err := validate.ExperimentIDs(in.ExperimentIDs)
	if err != nil {
		return nil, err
	}
	d, err := h.Store.RemoveFromExperiments(ctx, in.DatasetID, ids)
	return &genai.DatasetResponse{Dataset: d}, err
}

func (h *Handlers) experimentIDs(
	ctx context.Context, in *genai.DatasetIDRequest,
) (*genai.ExperimentIDsResponse, error) {
	ids, err := h.Store.ExperimentsOfDataset(ctx, in.DatasetID)
	return &genai.ExperimentIDsResponse{ExperimentIDs: ids}, err
}
