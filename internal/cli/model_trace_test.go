package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// logged copies a folder with a model to one with a model that was logged with the given id.
func logged(t *testing.T, folder, id string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "MLmodel")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, bytes.Replace(text, []byte("model_id: null"), []byte("model_id: "+id), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// invoke sends a request to a served model and returns the status and the id of its trace.
func invoke(t *testing.T, url, contentType, body string, headers ...string) (status int, id string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/invocations", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	if resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Millrace-Trace-Id")
}

// waitForTraces waits until a served model has sent a number of traces.
func waitForTraces(t *testing.T, url string, n int, log *buffer) {
	t.Helper()
	want := fmt.Sprintf("millrace_serving_traces_total{result=\"sent\"} %d\n", n)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		if resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
		switch {
		case strings.Contains(string(text), want):
			return
		case time.Now().After(deadline):
			t.Fatalf("%d traces are not sent: %s\n%s", n, text, log)
		}
	}
}

// TestServeTraces serves a model whose requests become traces: good and bad ones, one that
// continues the trace of its caller, and a large one.
func TestServeTraces(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	url, _, stop := serve(t, "--backend-store-uri", "sqlite:///"+filepath.Join(dir, "mlflow.db"),
		"--artifacts-destination", filepath.Join(dir, "files"))
	ctx, c := t.Context(), mlflow.NewClient(url)
	const model = "m-0123456789abcdef0123456789abcdef"
	if err := registerVersions(ctx, c, logged(t, "../../models/testdata/mlflow_torch", model), dir); err != nil {
		t.Fatal(err)
	}
	experiment, err := c.CreateExperiment(ctx, &mlflow.CreateExperimentRequest{Name: "requests"})
	if err != nil {
		t.Fatal(err)
	}
	served, log, end := serveModel(t, url, "-m", "models:/m/1", "--trace-experiment", "requests")
	example, err := os.ReadFile("../../models/testdata/mlflow_torch/serving_input_example.json")
	if err != nil {
		t.Fatal(err)
	}
	const caller = "4bf92f3577b34da6a3ce929d0e0e4736"
	var ids []string
	for _, request := range []struct {
		body   string
		status int
		parent string
	}{
		{string(example), http.StatusOK, ""},
		{`{"inputs": "ünï` + "\x00" + `"}`, http.StatusBadRequest, ""},
		{strings.Repeat(" ", 1<<20) + string(example), http.StatusOK, ""},
		{string(example), http.StatusOK, "00-" + caller + "-00f067aa0ba902b7-01"},
	} {
		status, id := invoke(t, served, "application/json", request.body, "traceparent", request.parent)
		if status != request.status || id == "" {
			t.Errorf("%.50s: %d %q", request.body, status, id)
		}
		ids = append(ids, id)
	}
	if status, id := invoke(t, served, "application/json", string(example), "traceparent", "00-"+caller+"-00f067aa0ba902b7-00"); status != http.StatusOK || id != "" {
		t.Errorf("the caller does not record its trace, but there is %q", id)
	}
	waitForTraces(t, served, len(ids), log)
	if err := end(); err != nil {
		t.Errorf("%v: %s", err, log)
	}
	traces := make([]*tracing.Trace, len(ids))
	for i, id := range ids {
		if traces[i], err = c.Trace(ctx, id); err != nil {
			t.Fatalf("%s: %v: %s", id, err, log)
		}
	}
	for i, want := range []tracing.State{tracing.StateOK, tracing.StateError, tracing.StateOK} {
		checkTrace(t, traces[i], want, experiment, model)
	}
	for i, want := range map[int][]string{
		0: {`mlflow.spanInputs={"kvlist_value":{"values":[{"key":"inputs"`, `mlflow.spanOutputs={"kvlist_value":{"values":[{"key":"predictions"`},
		1: {`"ünï�"`},
		2: {`mlflow.spanInputs={"string_value":`, "millrace.inputs.bytes="},
		3: {"mlflow.modelId=" + `{"string_value":"` + model, "millrace.model.version="},
	} {
		text := attributes(t, &traces[i].Spans[0])
		for _, part := range want {
			if !strings.Contains(text, part) {
				t.Errorf("%d: the attributes have no %s: %.2000s", i, part, text)
			}
		}
		if len(text) > 40<<10 {
			t.Errorf("%d: the attributes have %d bytes", i, len(text))
		}
	}
	if id := traces[3].TraceInfo.TraceID; id != "tr-"+caller || len(traces[3].Spans[0].ParentSpanID) != 8 {
		t.Errorf("the trace of the caller is %s with %+v", id, traces[3].Spans[0])
	}
	found, err := c.SearchTraces(ctx, &tracing.SearchTracesRequest{
		Locations: []tracing.Location{tracing.InExperiment(experiment)}, Filter: "metadata.`mlflow.modelId` = '" + model + "' AND status = 'ERROR'",
	})
	if err != nil || len(found.Traces) != 1 {
		t.Errorf("found %+v, %v", found, err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// attributes returns the attributes of a span, a line for each.
func attributes(t *testing.T, s *tracing.Span) string {
	t.Helper()
	var b strings.Builder
	for _, a := range s.Attributes {
		value, err := json.Marshal(a.Value)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(a.Key + "=" + string(value) + "\n")
	}
	return b.String()
}

func checkTrace(t *testing.T, trace *tracing.Trace, state tracing.State, experiment, model string) {
	t.Helper()
	info := trace.TraceInfo
	if len(trace.Spans) != 1 || trace.Spans[0].Name != "predict" || info.State != state || info.ExperimentID() != experiment ||
		info.TraceMetadata[tracing.MetadataModelID] != model || info.TraceMetadata["millrace.model.name"] != "m" ||
		info.TraceMetadata["millrace.model.version"] != "1" || info.Tags[tracing.TagTraceName] != "predict" {
		t.Errorf("%+v with %d spans", info, len(trace.Spans))
	}
}

// TestServeWhileTrackingIsDown ends the tracking server while a model is served: predictions go on,
// and the traces arrive when a server is there again.
func TestServeWhileTrackingIsDown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	args := []string{
		"--backend-store-uri", "sqlite:///" + filepath.Join(dir, "mlflow.db"), "--artifacts-destination", filepath.Join(dir, "files"),
	}
	url, _, stop := serve(t, args...)
	served, log, end := serveModel(t, url, "-m", "../../models/testdata/mlflow_torch", "--trace-experiment", "0")
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("../../models/testdata/mlflow_torch/serving_input_example.json")
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for range 20 {
		status, id := invoke(t, served, "application/json", string(example))
		if status != http.StatusOK {
			t.Fatalf("%d", status)
		}
		ids = append(ids, id)
	}
	for deadline := time.Now().Add(time.Minute); !strings.Contains(log.String(), "do not reach"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the log is %s", log)
		}
	}
	_, _, stop = serve(t, append(args, "--port", url[strings.LastIndex(url, ":")+1:])...)
	waitForTraces(t, served, len(ids), log)
	if err := end(); err != nil {
		t.Error(err)
	}
	c := mlflow.NewClient(url)
	for _, id := range ids {
		if trace, err := c.Trace(t.Context(), id); err != nil || trace.TraceInfo.State != tracing.StateOK {
			t.Fatalf("%s: %v: %s", id, err, log)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// TestServeTraceFlags checks that flags of traces that have no effect are refused.
func TestServeTraceFlags(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	url, _, stop := serve(t, "--backend-store-uri", "sqlite:///"+filepath.Join(dir, "mlflow.db"),
		"--artifacts-destination", filepath.Join(dir, "files"))
	for _, args := range [][]string{
		{"--trace-experiment", "none"},
		{"--trace-experiment", ""},
		{"--trace-content", "5"},
		{"--trace-experiment", "0", "--trace-content", "-1"},
		{"--trace-experiment", "0", "--trace-content", "1048577"},
	} {
		root := New()
		root.SetArgs(append([]string{"models", "serve", "--tracking-uri", url, "--port", "0", "-m", "../../models/testdata/mlflow_torch"}, args...))
		root.SetOut(io.Discard)
		root.SetErr(io.Discard)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		err := root.ExecuteContext(ctx)
		if cancel(); err == nil || ctx.Err() != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			t.Errorf("%q: %v", args, err)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
