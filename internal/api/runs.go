package api

import (
	"context"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/mlflow"
)

const (
	maxResults        = 50_000 // runs or experiments on one page
	defaultRunsOnPage = 1000
)

func (s *Server) runRoutes(r *routes) {
	on(r, mlflow.CreateRunAPI, auth.EditRun, s.createRun)
	on(r, mlflow.UpdateRunAPI, auth.EditRun, s.updateRun)
	on(r, mlflow.DeleteRunAPI, auth.EditRun, s.deleteRun)
	on(r, mlflow.RestoreRunAPI, auth.EditRun, s.restoreRun)
	on(r, mlflow.GetRunAPI, auth.ReadRun, s.getRun)
	on(r, mlflow.SearchRunsAPI, auth.ReadRun, s.searchRuns)
	on(r, mlflow.LogMetricAPI, auth.EditRun, s.logMetric)
	on(r, mlflow.LogParamAPI, auth.EditRun, s.logParam)
	on(r, mlflow.SetTagAPI, auth.EditRun, s.setTag)
	on(r, mlflow.DeleteTagAPI, auth.EditRun, s.deleteTag)
	on(r, mlflow.LogBatchAPI, auth.EditRun, s.logBatch)
	on(r, mlflow.LogInputsAPI, auth.EditRun, s.logInputs)
	on(r, mlflow.LogOutputsAPI, auth.EditRun, s.logOutputs)
	on(r, mlflow.LogModelJSONAPI, auth.EditRun, s.logModelJSON)
}

func (s *Server) createRun(ctx context.Context, in *mlflow.CreateRunRequest) (*mlflow.RunResponse, error) {
	id, err := experimentID(in.ExperimentID)
	if err != nil {
		return nil, err
	}
	if err := keysOnce("tag", in.Tags, tagKey); err != nil {
		return nil, err
	}
	for i := range in.Tags {
		t := &in.Tags[i]
		if err := validTag("key", "key", t); err != nil {
			return nil, err
		}
		var err error
		if t.Value, err = s.cut("value", t.Value, maxRunTagValue); err != nil {
			return nil, err
		}
		if t.Key == "mlflow.runName" && in.RunName != "" && t.Value != in.RunName {
			return nil, mlflow.Errorf(
				mlflow.InvalidParameterValue,
				"Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='%s', mlflow.runName='%s').",
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
		return nil, badLimit(limit, "at most "+strconv.Itoa(maxResults))
	}
	if limit <= 0 {
		return nil, badLimit(limit, "a positive integer")
	}
	ids, err := experimentIDs(in.ExperimentIDs)
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
	if err := validMetric("name", "timestamp", &m); err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, s.Store.LogBatch(ctx, in.RunID, []mlflow.Metric{m}, nil, nil)
}

func (s *Server) logParam(ctx context.Context, in *mlflow.LogParamRequest) (*mlflow.Empty, error) {
	value, err := s.cut("Param value", in.Value, maxParamValue)
	p := mlflow.Param{Key: in.Key, Value: value}
	if err := check(validParam("key", &p), err); err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, s.Store.LogParam(ctx, in.RunID, p)
}

func (s *Server) setTag(ctx context.Context, in *mlflow.SetTagRequest) (*mlflow.Empty, error) {
	value, err := s.cut("value", in.Value, maxRunTagValue)
	t := mlflow.Tag{Key: in.Key, Value: value}
	if err := check(validTag("key", "key", &t), err); err != nil {
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
	err := check(validRunID(in.RunID),
		batchLimit("metrics", len(in.Metrics), maxBatchMetrics),
		batchLimit("params", len(in.Params), maxBatchParams),
		batchLimit("tags", len(in.Tags), maxBatchTags),
		batchLimit("metrics, params, and tags", total, maxBatchTotal))
	if err != nil {
		return err
	}
	for i := range in.Metrics {
		at := "metrics[" + strconv.Itoa(i) + "]."
		if err := validMetric(at+"name", at+"timestamp", &in.Metrics[i]); err != nil {
			return err
		}
	}
	if err := s.validParams(in.Params); err != nil {
		return err
	}
	for i := range in.Tags {
		at := "tags[" + strconv.Itoa(i) + "]."
		if err := validTag(at+"key", at+"key", &in.Tags[i]); err != nil {
			return err
		}
		var err error
		if in.Tags[i].Value, err = s.cut(at+"value", in.Tags[i].Value, maxRunTagValue); err != nil {
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
		if err := validParam("params["+strconv.Itoa(i)+"].key", p); err != nil {
			return err
		}
		var err error
		if p.Value, err = s.cut("Param value", p.Value, maxParamValue); err != nil {
			return err
		}
		if seen[p.Key] {
			twice = append(twice, "'"+p.Key+"'")
		}
		seen[p.Key] = true
	}
	if twice != nil {
		return mlflow.Errorf(
			mlflow.InvalidParameterValue,
			"Duplicate parameter keys have been submitted: [%s]. Please ensure the request contains only one param value per param key.",
			strings.Join(twice, ", "),
		)
	}
	return nil
}

func batchLimit(what string, n, limit int) error {
	if n > limit {
		return mlflow.Errorf(
			mlflow.InvalidParameterValue,
			"A batch logging request can contain at most %d %s. Got %d %s. Please split up %s across multiple requests and try again.",
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
	if err := validRunID(in.RunID); err != nil {
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
		if err := check(tooLong("key", t.Key, 255), tooLong("value", t.Value, 500)); err != nil {
			return err
		}
	}
	d := in.Dataset
	return check(keysOnce("input tag", in.Tags, func(t *mlflow.InputTag) string { return t.Key }),
		tooLong("name", d.Name, 500), tooLong("digest", d.Digest, 36),
		tooLong("source_type", d.SourceType, 36), tooLong("source", d.Source, 65_535),
		tooLong("schema", d.Schema, 1_048_575), tooLong("profile", d.Profile, 16_777_215))
}

func (s *Server) logOutputs(ctx context.Context, in *mlflow.LogOutputsRequest) (*mlflow.Empty, error) {
	return &mlflow.Empty{}, s.Store.LogOutputs(ctx, in.RunID, in.Models)
}
