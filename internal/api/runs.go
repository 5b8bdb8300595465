package api

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
	"github.com/millrace-ml/millrace/mlflow"
)

const (
	maxResults        = 50_000 // runs or experiments per page
	defaultRunsOnPage = 1000
)

func (s *Server) runRoutes(r *route.Router) {
	route.On(r, mlflow.Endpoints.CreateRun, permit.CreateIn(access.Run), s.createRun)
	route.On(r, mlflow.Endpoints.UpdateRun, permit.Run(access.ToUpdate), s.updateRun)
	route.On(r, mlflow.Endpoints.DeleteRun, permit.Run(access.ToDelete).Audited(), s.deleteRun)
	route.On(r, mlflow.Endpoints.RestoreRun, permit.Run(access.ToDelete).Audited(), s.restoreRun)
	route.On(r, mlflow.Endpoints.GetRun, permit.Run(access.ToRead), s.getRun)
	route.On(r, mlflow.Endpoints.SearchRuns, permit.Filtered, s.searchRuns)
	route.On(r, mlflow.Endpoints.LogMetric, rules.LogMetric, s.logMetric)
	route.On(r, mlflow.Endpoints.LogParam, permit.Run(access.ToUpdate), s.logParam)
	route.On(r, mlflow.Endpoints.SetTag, permit.Run(access.ToUpdate), s.setTag)
	route.On(r, mlflow.Endpoints.DeleteTag, permit.Run(access.ToUpdate), s.deleteTag)
	route.On(r, mlflow.Endpoints.LogBatch, rules.LogBatch, s.logBatch)
	route.On(r, mlflow.Endpoints.LogInputs, rules.LogInputs, s.logInputs)
	route.On(r, mlflow.Endpoints.LogOutputs, rules.LogOutputs, s.logOutputs)
	route.On(r, mlflow.Endpoints.LogModelJSON, permit.Run(access.ToUpdate), s.logModelJSON)
}

func (s *Server) createRun(ctx context.Context, in *mlflow.CreateRunRequest) (*mlflow.RunResponse, error) {
	id, err := validate.ExperimentID(in.ExperimentID)
	if err != nil {
		return nil, err
	}
	if err := validate.UniqueKeys("tag", in.Tags, validate.TagKey); err != nil {
		return nil, err
	}
	for i := range in.Tags {
		t := &in.Tags[i]
		if err := validate.Tag("key", "key", t); err != nil {
			return nil, err
		}
		var err error
		if t.Value, err = s.truncate("value", t.Value, validate.MaxRunTagValue); err != nil {
			return nil, err
		}
		if t.Key == "mlflow.runName" && in.RunName != "" && t.Value != in.RunName {
			return nil, apierror.Invalid(
				"Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='%s', "+
					"mlflow.runName='%s').",
				in.RunName,
				t.Value,
			)
		}
	}
	run, err := s.Store.CreateRun(ctx, id, in)
	return &mlflow.RunResponse{Run: run}, err
}

func (s *Server) updateRun(ctx context.Context, in *mlflow.UpdateRunRequest) (*mlflow.UpdateRunResponse, error) {
	info, err := s.Store.UpdateRun(ctx, in)
	return &mlflow.UpdateRunResponse{RunInfo: info}, err
}

func (s *Server) deleteRun(ctx context.Context, in *mlflow.RunIDRequest) (*mlflow.Empty, error) {
	return &mlflow.Empty{}, s.Store.DeleteRun(ctx, in.RunID)
}

func (s *Server) restoreRun(ctx context.Context, in *mlflow.RunIDRequest) (*mlflow.Empty, error) {
	return &mlflow.Empty{}, s.Store.RestoreRun(ctx, in.RunID)
}

func (s *Server) getRun(ctx context.Context, in *mlflow.GetRunRequest) (*mlflow.RunResponse, error) {
	run, err := s.Store.Run(ctx, in.RunID)
	return &mlflow.RunResponse{Run: run}, err
}

func (s *Server) searchRuns(ctx context.Context, in *mlflow.SearchRunsRequest) (*mlflow.SearchRunsResponse, error) {
	limit := defaultRunsOnPage
	if in.MaxResults != nil {
		limit = int(*in.MaxResults)
	}
	if limit > maxResults {
		return nil, validate.BadLimit(limit, "at most "+strconv.Itoa(maxResults))
	}
	if limit <= 0 {
		return nil, validate.BadLimit(limit, "a positive integer")
	}
	ids, err := validate.ExperimentIDs(in.ExperimentIDs)
	if err != nil {
		return nil, err
	}
	runs, next, err := s.Store.SearchRuns(ctx, ids, limit, in)
	return &mlflow.SearchRunsResponse{Runs: runs, NextPageToken: next}, err
}

func (s *Server) logMetric(ctx context.Context, in *mlflow.LogMetricRequest) (*mlflow.Empty, error) {
	m := mlflow.Metric{
		Key: in.Key, Value: float64(in.Value), Timestamp: in.Timestamp, Step: in.Step,
		ModelID: in.ModelID, DatasetName: in.DatasetName, DatasetDigest: in.DatasetDigest,
	}
	if err := validate.Metric("name", "timestamp", &m); err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, s.Store.LogBatch(ctx, in.RunID, []mlflow.Metric{m}, nil, nil)
}

func (s *Server) logParam(ctx context.Context, in *mlflow.LogParamRequest) (*mlflow.Empty, error) {
	value, err := s.truncate("Param value", in.Value, validate.MaxParamValue)
	p := mlflow.Param{Key: in.Key, Value: value}
	if err := validate.First(validate.Param("key", &p), err); err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, s.Store.LogParam(ctx, in.RunID, p)
}

func (s *Server) setTag(ctx context.Context, in *mlflow.SetTagRequest) (*mlflow.Empty, error) {
	value, err := s.truncate("value", in.Value, validate.MaxRunTagValue)
	t := mlflow.Tag{Key: in.Key, Value: value}
	if err := validate.First(validate.Tag("key", "key", &t), err); err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, s.Store.SetTag(ctx, in.RunID, t)
}

func (s *Server) deleteTag(ctx context.Context, in *mlflow.DeleteTagRequest) (*mlflow.Empty, error) {
	return &mlflow.Empty{}, s.Store.DeleteTag(ctx, in.RunID, in.Key)
}

func (s *Server) logBatch(ctx context.Context, in *mlflow.LogBatchRequest) (*mlflow.Empty, error) {
	if err := s.validBatch(in); err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, s.Store.LogBatch(ctx, in.RunID, in.Metrics, in.Params, in.Tags)
}

func (s *Server) validBatch(in *mlflow.LogBatchRequest) error {
	total := len(in.Metrics) + len(in.Params) + len(in.Tags)
	err := validate.First(validate.RunID(in.RunID),
		batchLimit("metrics", len(in.Metrics), validate.MaxBatchMetrics),
		batchLimit("params", len(in.Params), validate.MaxBatchParams),
		batchLimit("tags", len(in.Tags), validate.MaxBatchTags),
		batchLimit("metrics, params, and tags", total, validate.MaxBatchTotal))
	if err != nil {
		return err
	}
	for i := range in.Metrics {
		if validate.Metric("", "", &in.Metrics[i]) != nil { // Names are made for errors only.
			at := "metrics[" + strconv.Itoa(i) + "]."
			return validate.Metric(at+"name", at+"timestamp", &in.Metrics[i])
		}
	}
	if err := s.validParams(in.Params); err != nil {
		return err
	}
	for i := range in.Tags {
		at := "tags[" + strconv.Itoa(i) + "]."
		if err := validate.Tag(at+"key", at+"key", &in.Tags[i]); err != nil {
			return err
		}
		var err error
		if in.Tags[i].Value, err = s.truncate(at+"value", in.Tags[i].Value, validate.MaxRunTagValue); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) validParams(params []mlflow.Param) error {
	seen := make(map[string]bool, len(params))
	var twice []string
	for i := range params {
		p := &params[i]
		if err := validate.Param("params["+strconv.Itoa(i)+"].key", p); err != nil {
			return err
		}
		var err error
		if p.Value, err = s.truncate("Param value", p.Value, validate.MaxParamValue); err != nil {
			return err
		}
		if seen[p.Key] {
			twice = append(twice, "'"+p.Key+"'")
		}
		seen[p.Key] = true
	}
	if twice != nil {
		return apierror.Invalid(
			"Duplicate parameter keys have been submitted: [%s]. Please ensure the request contains only one param value "+
				"per param key.",
			strings.Join(twice, ", "),
		)
	}
	return nil
}

func batchLimit(what string, n, limit int) error {
	if n > limit {
		return apierror.Invalid(
			"A batch logging request can contain at most %d %s. Got %d %s. Please split up %s across multiple requests and "+
				"try again.",
			limit,
			what,
			n,
			what,
			what,
		)
	}
	return nil
}

func (s *Server) logInputs(ctx context.Context, in *mlflow.LogInputsRequest) (*mlflow.Empty, error) {
	if err := validate.RunID(in.RunID); err != nil {
		return nil, err
	}
	for i := range in.Datasets {
		if err := validDataset(&in.Datasets[i]); err != nil {
			return nil, err
		}
	}
	return &mlflow.Empty{}, s.Store.LogInputs(ctx, in.RunID, in.Datasets, in.Models)
}

func validDataset(in *mlflow.DatasetInput) error {
	for _, t := range in.Tags {
		if err := validate.First(validate.Length("key", t.Key, 255), validate.Length("value", t.Value, 500)); err != nil {
			return err
		}
	}
	d := in.Dataset
	return validate.First(validate.UniqueKeys("input tag", in.Tags, func(t *mlflow.InputTag) string { return t.Key }),
		validate.Length("name", d.Name, 500), validate.Length("digest", d.Digest, 36),
		validate.Length("source_type", d.SourceType, 36), validate.Length("source", d.Source, 65_535),
		validate.Length("schema", d.Schema, 1_048_575), validate.Length("profile", d.Profile, 16_777_215))
}

func (s *Server) logOutputs(ctx context.Context, in *mlflow.LogOutputsRequest) (*mlflow.Empty, error) {
	return &mlflow.Empty{}, s.Store.LogOutputs(ctx, in.RunID, in.Models)
}

// truncate truncates the value of a param or run tag to limit characters, as MLflow
// does, or returns an error if the server is configured so. The error calls it what.
func (s *Server) truncate(what, value string, limit int) (string, error) {
	err := validate.Length(what, value, limit)
	if err == nil || s.RefuseLongValues {
		return value, err
	}
	for i := range value {
		if limit == 0 {
			return value[:i], nil
		}
		limit--
	}
	return value, nil
}
