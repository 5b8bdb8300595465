package protojson

import (
	"math"
	"net/url"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

func TestDecodeNumbers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value, timestamp string
		wantValue        float64
		wantTime         int64
		ok               bool
	}{
		{`1`, `1`, 1, 1, true},
		{`"1.5"`, `"3"`, 1.5, 3, true},
		{`1e3`, `1e3`, 1000, 1000, true},
		{`-0.0`, `3.0`, 0, 3, true},
		{`NaN`, `1`, math.NaN(), 1, true},
		{`"NaN"`, `1`, math.NaN(), 1, true},
		{`-Infinity`, `1`, math.Inf(-1), 1, true},
		{`"Infinity"`, `1`, math.Inf(1), 1, true},
		{`1e400`, `1`, math.Inf(1), 1, true},
		{`true`, `1`, 1, 1, true},
		{`1`, `9223372036854775807`, 1, math.MaxInt64, true},
		{`1`, `-9223372036854775808`, 1, math.MinInt64, true},
		{`1`, `9223372036854775808`, 0, 0, false},
		{`1`, `1.5`, 0, 0, false},
		{`1`, `NaN`, 0, 0, false},
		{`1`, `1e30`, 0, 0, false},
		{`1`, `true`, 0, 0, false},
		{`1`, `""`, 0, 0, false},
		{`"0x10"`, `1`, 0, 0, false},
		{`"1_000"`, `1`, 0, 0, false},
		{`"abc"`, `1`, 0, 0, false},
		{`""`, `1`, 0, 0, false},
		{`[1]`, `1`, 0, 0, false},
		{`{}`, `1`, 0, 0, false},
		{`01`, `1`, 0, 0, false},
	} {
		var in mlflow.LogMetricRequest
		body := `{"run_id":"r","key":"NaN","value":` + c.value + `,"timestamp":` + c.timestamp + `}`
		err := Unmarshal([]byte(body), &in)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", body, err)
			continue
		}
		if err != nil {
			continue
		}
		same := float64(in.Value) == c.wantValue || math.IsNaN(float64(in.Value)) && math.IsNaN(c.wantValue)
		if !same || in.Timestamp != c.wantTime || in.Key != "NaN" {
			t.Errorf("%s: %+v", body, in)
		}
	}
}

func TestDecodeSpellings(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"run_id":"a","key":"k"}`:                  "a",
		`{"runId":"a","key":"k"}`:                   "a",
		`{"run_uuid":"a","key":"k"}`:                "a",
		`{"run_uuid":"old","run_id":"a","key":"k"}`: "a",
		`{"run_id":"a","run_uuid":"old","key":"k"}`: "a",
		`{"run_id":"b","run_id":"a","key":"k"}`:     "a",
		`{"run_id":null,"runUuid":"a","key":"k"}`:   "a",
	} {
		var in mlflow.SetTagRequest
		if err := Unmarshal([]byte(body), &in); err != nil || in.RunID != want {
			t.Errorf("%s: %q, %v", body, in.RunID, err)
		}
	}
}

func TestDecodeRefused(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"run_id":"a","run_uuid":5,"key":"k"}`:     "Invalid value 5 for parameter 'run_id' supplied",
		`{"run_id":"a","run_uuid":[],"key":"k"}`:    "Invalid value [] for parameter 'run_id' supplied",
		`{"run_id":"a","key":"k"} x`:                "not valid JSON",
		`"{\"run_id\":\"a\",\"key\":\"k\"}" x`:      "not valid JSON",
		`nul`:                                       "not valid JSON",
		"\ufeff" + `{"run_id":"a","key":"k"}`:       "not valid JSON",
		`{"run_id":"a","key":"k","value":"\u0000"}`: "NUL",
	} {
		err := Unmarshal([]byte(body), new(mlflow.SetTagRequest))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", body, err, want)
		}
	}
	body := `{"run_id":"a","tags":[` + strings.Repeat("{},", 10) + `{}]}`
	if err := Unmarshal(
		[]byte(body),
		new(mlflow.LogBatchRequest),
	); err == nil ||
		!strings.Contains(err.Error(), "'tags[0].key'") {
		t.Errorf("%v", err)
	}
	body = `{"experiment_ids":[` + strings.Repeat(`"",`, maxItems) + `""]}`
	if err := Unmarshal(
		[]byte(body),
		new(mlflow.SearchRunsRequest),
	); err == nil ||
		!strings.Contains(err.Error(), "more than 100000 items") {
		t.Errorf("%v", err)
	}
}

func TestDecodeQuery(t *testing.T) {
	t.Parallel()
	q, err := url.ParseQuery("run_ids=a&run_ids=b&metric_key=m&max_results=7&startStep=1")
	if err != nil {
		t.Fatal(err)
	}
	var in mlflow.MetricHistoryIntervalRequest
	if err := UnmarshalQuery(q, &in); err != nil {
		t.Fatal(err)
	}
	if strings.Join(in.RunIDs, " ") != "a b" || in.MetricKey != "m" || *in.MaxResults != 7 || *in.StartStep != 1 ||
		in.EndStep != nil {
		t.Errorf("%+v", in)
	}
	q.Set("max_results", "x")
	if err := UnmarshalQuery(
		q,
		new(mlflow.MetricHistoryIntervalRequest),
	); err == nil ||
		!strings.Contains(err.Error(), `"x" for parameter 'max_results'`) {
		t.Errorf("%v", err)
	}
}

// FuzzUnmarshal checks that no input causes a panic or an error that is not an API
// error.
func FuzzUnmarshal(f *testing.F) {
	for _, seed := range []string{
		`{"run_id":"r","metrics":[{"key":"m","value":NaN,"timestamp":"1"}],"params":[{"key":"p","value":null}],"tags":[]}`,
		`"{\"run_id\":\"r\"}"`, `null`, `[`, `{"a":`, `{"metrics":[-Infinity]}`, "{\"run_id\":\"\xff\"}", `{"run_id":"\ud800"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, in := range []any{new(mlflow.LogBatchRequest), new(mlflow.SearchLoggedModelsRequest), new(mlflow.LogInputsRequest)} {
			if err := Unmarshal(body, in); err != nil && mlflow.AsError(err) == nil {
				t.Errorf("%q: %v is no error of the API", body, err)
			}
		}
	})
}

func TestDecodeTrace(t *testing.T) {
	t.Parallel()
	var in tracing.StartTraceRequest
	body := `{"trace":{"traceInfo":{"traceId":"tr-1","request_time":"2026-11-28T10:00:00.123456Z","executionDuration":"1.5s",
		"state":1,"tags":{"a":"1"},"trace_metadata":{},"assessments":[{"feedback":{"value":{"x":[1,null]}}}]}}}`
	if err := Unmarshal([]byte(body), &in); err != nil {
		t.Fatal(err)
	}
	info := in.Trace.TraceInfo
	if info.RequestTime != 1795860000123 || *info.ExecutionDuration != 1500 || info.State != tracing.StateOK ||
		info.Tags["a"] != "1" || string(info.Assessments[0].Feedback.Value) != `{"x":[1,null]}` {
		t.Errorf("%+v", info)
	}
	for part, want := range map[string]string{
		`"request_time":"yesterday"`:    `"yesterday" for parameter 'trace.trace_info.request_time'`,
		`"request_time":1700000000000`:  "1700000000000 for parameter 'trace.trace_info.request_time'",
		`"execution_duration":"5"`:      `"5" for parameter 'trace.trace_info.execution_duration'`,
		`"execution_duration":"1e400s"`: "'trace.trace_info.execution_duration'",
		`"state":"BOGUS"`:               `"BOGUS" for parameter 'trace.trace_info.state'`,
		`"tags":{"a":1}`:                "1 for parameter 'trace.trace_info.tags.a'",
		`"tags":{"a":null}`:             "null for parameter 'trace.trace_info.tags.a'",
		`"tags":[]`:                     "[] for parameter 'trace.trace_info.tags'",
		`"tags":{"\u0000":"1"}`:         "NUL",
	} {
		err := Unmarshal([]byte(`{"trace":{"trace_info":{"trace_id":"tr-1",`+part+`}}}`), new(tracing.StartTraceRequest))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", part, err, want)
		}
	}
}
