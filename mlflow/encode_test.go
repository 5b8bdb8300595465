package mlflow_test

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
)

// TestAppendJSON compares AppendJSON with json.Marshal.
func TestAppendJSON(t *testing.T) {
	t.Parallel()
	end := mlflow.RunInfo{RunID: "r", RunUUID: "r", RunName: "naïve <run> \"1\"\n\u2028", ExperimentID: "1", Status: mlflow.RunFinished, StartTime: 1, EndTime: 2, ArtifactURI: "mlflow-artifacts:/1/r/artifacts", LifecycleStage: mlflow.StageActive}
	metrics := []mlflow.Metric{
		{Key: "a", Value: 1, Timestamp: 1},
		{Key: "b", Value: math.NaN(), Step: -3},
		{Key: "c", Value: -math.MaxFloat64, ModelID: "m-1", DatasetName: "d", DatasetDigest: "1", RunID: "r"},
		{Key: "d", Value: 1e-7},
		{Key: "e", Value: 123456.789},
		{Key: "f", Value: math.Copysign(0, -1)},
		{Key: "ключ", Value: 1e21},
	}
	runs := []mlflow.Run{
		{},
		{Info: end, Data: mlflow.RunData{Metrics: metrics, Params: []mlflow.Param{{Key: "p", Value: ""}, {Key: "q", Value: "\x7f\u00e9"}}, Tags: []mlflow.Tag{{Key: "t", Value: "{\"a\": 1}"}}}, Inputs: &mlflow.RunInputs{}, Outputs: &mlflow.RunOutputs{}},
		{Data: mlflow.RunData{Params: []mlflow.Param{{Key: "p", Value: "1"}}}, Inputs: &mlflow.RunInputs{ModelInputs: []mlflow.ModelInput{{ModelID: "m-1"}, {ModelID: "m-2"}}}},
		{Data: mlflow.RunData{Tags: []mlflow.Tag{{Key: "t", Value: "1"}}}, Inputs: &mlflow.RunInputs{
			DatasetInputs: []mlflow.DatasetInput{
				{Dataset: &mlflow.Dataset{Name: "d", Digest: "1", SourceType: "local", Source: "{}", Schema: "s", Profile: "p"}, Tags: []mlflow.InputTag{{Key: "k", Value: "v"}}},
				{Dataset: &mlflow.Dataset{}},
				{},
			},
			ModelInputs: []mlflow.ModelInput{{ModelID: "m"}},
		}, Outputs: &mlflow.RunOutputs{ModelOutputs: []mlflow.ModelOutput{{ModelID: "m-1", Step: 3}, {ModelID: "m-2"}}}},
	}
	for _, v := range []interface{ AppendJSON([]byte) []byte }{
		&mlflow.SearchRunsResponse{}, &mlflow.SearchRunsResponse{NextPageToken: "x"}, &mlflow.SearchRunsResponse{Runs: runs, NextPageToken: "x"},
		&mlflow.MetricHistoryResponse{}, &mlflow.MetricHistoryResponse{Metrics: metrics, NextPageToken: "x"}, &mlflow.MetricHistoryIntervalResponse{Metrics: metrics},
		&mlflow.MetricHistoryIntervalResponse{}, &runs[1],
		&mlflow.MetricSeriesResponse{Statuses: []mlflow.RunStatus{}},
		&mlflow.MetricSeriesResponse{Statuses: []mlflow.RunStatus{mlflow.RunFinished, ""}, Series: []mlflow.MetricSeries{
			{Run: 1, Key: 2, Whole: true, End: "1 2 3 0", Steps: mlflow.Deltas{5, 7}, Times: mlflow.Deltas{9, 8}, Values: []mlflow.Float{1, mlflow.Float(math.NaN())}},
			{Steps: mlflow.Deltas{}, Times: mlflow.Deltas{}, Values: []mlflow.Float{}},
		}},
		&mlflow.LogBatchRequest{RunID: "r"}, &mlflow.LogBatchRequest{RunID: "r", Metrics: metrics, Params: runs[1].Data.Params, Tags: runs[1].Data.Tags},
	} {
		want, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if got := v.AppendJSON(nil); string(got) != string(want) {
			t.Errorf("AppendJSON and json.Marshal differ:\n%s\n%s", got, want)
		}
		if p, ok := v.(interface {
			WriteJSON(b []byte, flush func([]byte) []byte) []byte
		}); ok {
			var pieces []byte
			rest := p.WriteJSON(nil, func(b []byte) []byte { pieces = append(pieces, b...); return b[:0] })
			if pieces = append(pieces, rest...); string(pieces) != string(want) {
				t.Errorf("WriteJSON and json.Marshal differ:\n%s\n%s", pieces, want)
			}
		}
	}
}

func TestMetricJSON(t *testing.T) {
	t.Parallel()
	for _, v := range []float64{0, 1, -1.5, 1e300, math.NaN(), math.Inf(1), math.Inf(-1), 5e-324, 123456789.123456789} {
		in := mlflow.Metric{Key: "k", Value: v, Timestamp: 1, Step: 2, RunID: "r"}
		b, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var out mlflow.Metric
		if err := json.Unmarshal(b, &out); err != nil {
			t.Fatal(err)
		}
		if out.Value != v && !math.IsNaN(v) || math.IsNaN(out.Value) != math.IsNaN(v) || out.Key != "k" || out.Step != 2 || out.RunID != "r" {
			t.Errorf("%v came back as %+v from %s", v, out, b)
		}
	}
}

func TestDeltas(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		list mlflow.Deltas
		want string
	}{
		{mlflow.Deltas{}, "[]"},
		{mlflow.Deltas{7}, "[7]"},
		{mlflow.Deltas{-3, 4, 4, 1}, "[-3,7,0,-3]"},
		{mlflow.Deltas{math.MinInt64, math.MaxInt64, math.MinInt64}, "[-9223372036854775808,18446744073709551615,-18446744073709551615]"},
	} {
		b, err := json.Marshal(c.list)
		var back mlflow.Deltas
		if err != nil || string(b) != c.want || json.Unmarshal(b, &back) != nil || !slices.Equal(back, c.list) {
			t.Errorf("%v: %s, and back %v; %v", c.list, b, back, err)
		}
	}
	for _, text := range []string{`[1.5]`, `["x"]`, `[true]`, `{}`} {
		var d mlflow.Deltas
		if err := json.Unmarshal([]byte(text), &d); err == nil {
			t.Errorf("%s is %v", text, d)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	err := mlflow.Errorf(mlflow.ResourceDoesNotExist, "No run %d", 7)
	if e := mlflow.AsError(err); e == nil || e.HTTPStatus() != 404 || err.Error() != "RESOURCE_DOES_NOT_EXIST: No run 7" {
		t.Errorf("%v", err)
	}
	if s := mlflow.ErrorCode("NEVER_HEARD_OF").HTTPStatus(); s != 500 {
		t.Errorf("an unknown code has status %d", s)
	}
}
