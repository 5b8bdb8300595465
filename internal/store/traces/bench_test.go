package traces_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/traces"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// benchTraces is the number of traces that the benchmarks search, of three spans each.
const benchTraces = 100_000

const (
	firstTrace = 1_795_000_000_000 // Unix milliseconds
	interval   = 6000              // milliseconds between traces; seven days for all
)

// fillTraces inserts traces whose spans have about 800 bytes.
func fillTraces(b *testing.B, s *store.Store) {
	b.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("alpha beta gamma delta question answer model weather city user assistant tokens input output")
	text := func(n int) string {
		var t strings.Builder
		for t.Len() < n {
			t.WriteString(words[r.IntN(len(words))] + " ")
		}
		return t.String()
	}
	for from := 0; from < benchTraces; from += 1000 {
		err := s.Write(b.Context(), func(t db.Tx) error {
			for i := from; i < from+1000; i++ {
				if err := insertTrace(t, i, r, text); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	err := s.Write(b.Context(), func(t db.Tx) error {
		if t.Flavor() != db.PostgreSQL {
			return nil
		}
		for _, table := range []string{"trace_info", "trace_tags", "trace_request_metadata", "spans", "assessments"} {
			if _, err := t.Exec("ANALYZE " + table); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

func insertTrace(t db.Tx, i int, r *rand.Rand, text func(int) string) error {
	id, start := fmt.Sprintf("tr-%016x%016x", r.Uint64(), i), int64(firstTrace+interval*i)
	status := "OK"
	if i%50 == 0 {
		status = "ERROR"
	}
	_, err := t.Exec(`INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, execution_time_ms, status, trace_name,
		session_id, request_preview, response_preview, input_tokens, output_tokens, total_tokens, db_payload_generation)
		VALUES (?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)`, id, start, r.IntN(5000), status, fmt.Sprintf("chain-%d", i%20),
		fmt.Sprintf("session-%d", i/10), text(200), text(200), r.IntN(1000), r.IntN(1000), r.IntN(2000))
	if err != nil {
		return err
	}
	for key, value := range map[string]string{
		"mlflow.artifactLocation": "mlflow-artifacts:/0/traces/" + id + "/artifacts", "mlflow.trace.spansLocation": "TRACKING_STORE",
		"env": fmt.Sprintf("env-%d", i%5), "customer": fmt.Sprintf("customer-%d", i%20_000),
	} {
		if _, err := t.Exec("INSERT INTO trace_tags (request_id, `key`, value) VALUES (?, ?, ?)", id, key, value); err != nil {
			return err
		}
	}
	for key, value := range map[string]string{
		"mlflow.user": "me", "mlflow.trace_schema.version": "3", "mlflow.trace.infoFinalized": "true",
		"mlflow.source.name": "app.py", "mlflow.sourceRun": fmt.Sprintf("run-%d", i%1000),
	} {
		if _, err := t.Exec("INSERT INTO trace_request_metadata (request_id, `key`, value) VALUES (?, ?, ?)", id, key, value); err != nil {
			return err
		}
	}
	for n, name := range []string{"root", "chat", cmp.Or(map[bool]string{true: "rare tool"}[i%30_000 == 77], "retrieve")} {
		kind := []string{"CHAIN", "CHAT_MODEL", "RETRIEVER"}[n]
		var cost, model any
		if n == 1 {
			cost, model = 0.001*float64(i%7), fmt.Sprintf("model-%d", i%4)
		}
		words := text(400)
		if i == 4321 {
			words += "needle"
		}
		content := fmt.Sprintf(`{"trace_id": "JcB8kik+2oUFCkhS+MJt1g==", "span_id": "noZzhbYM6N4=", "name": %q, "start_time_unix_nano": %d, `+
			`"events": [], "status": {"code": "STATUS_CODE_OK", "message": ""}, "attributes": {"mlflow.traceRequestId": "\"%s\"", `+
			`"mlflow.spanType": "\"%s\"", "mlflow.spanInputs": "\"%s\""}, "links": []}`, name, start*1_000_000, id, kind, words)
		_, err := t.Exec(`INSERT INTO spans (trace_id, experiment_id, span_id, name, type, status, start_time_unix_nano,
			end_time_unix_nano, content, total_cost, model_name) VALUES (?, 0, ?, ?, ?, 'OK', ?, ?, ?, ?, ?)`,
			id, fmt.Sprintf("%016x", i*3+n), name, kind, (start+int64(n))*1_000_000, (start+int64(n)+50)*1_000_000, content, cost, model)
		if err != nil {
			return err
		}
	}
	if i%2 == 1 {
		return nil
	}
	score := float64(i) / benchTraces
	_, err = t.Exec(`INSERT INTO assessments (assessment_id, trace_id, name, assessment_type, value, created_timestamp,
		last_updated_timestamp, source_type, valid, experiment_id, trace_timestamp_ms, aggregate_value, is_numeric_value)
		VALUES (?, ?, 'score', 'feedback', ?, ?, ?, 'HUMAN', true, 0, ?, ?, true)`, "a-"+id, id, fmt.Sprint(score), start, start, start, score)
	return err
}

// BenchmarkTraces searches traces, on $MILLRACE_BENCH_DATABASE or a new SQLite file. The database is
// filled unless it has traces.
func BenchmarkTraces(b *testing.B) {
	uri := cmp.Or(os.Getenv("MILLRACE_BENCH_DATABASE"), "sqlite:///"+filepath.Join(b.TempDir(), "mlflow.db"))
	s, err := store.Open(b.Context(), store.Options{URI: uri, ArtifactRoot: "mlflow-artifacts:/"})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	}()
	if list, _, err := s.SearchTraces(b.Context(), &traces.Search{ExperimentIDs: []int64{0}, Limit: 1}); err != nil {
		b.Fatal(err)
	} else if len(list) == 0 {
		start := time.Now()
		fillTraces(b, s)
		b.Logf("filled in %v", time.Since(start))
	}
	for _, c := range []struct{ name, filter, orderBy string }{
		{"first", "", ""},
		{"week", fmt.Sprintf("timestamp_ms > %d AND timestamp_ms < %d", firstTrace, firstTrace+interval*benchTraces), "timestamp DESC"},
		{"tag", "tags.customer = 'customer-77'", ""},
		{"tag-none", "tags.env = 'nope'", ""},
		{"tag-common", "tags.env = 'env-1'", ""},
		{"tag-like", "tags.customer LIKE '%-1234%'", ""},
		{"metadata", "metadata.mlflow.source.name = 'other.py'", ""},
		{"run", "run_id = 'run-77'", ""},
		{"name", "name = 'chain-7'", ""},
		{"name-none", "name = 'nope'", ""},
		{"status", "status = 'ERROR'", ""},
		{"status-none", "status = 'IN_PROGRESS'", ""},
		{"session", "metadata.mlflow.trace.session = 'session-77'", ""},
		{"span-rare", "span.name = 'rare tool'", ""},
		{"span-none", "span.name = 'nope'", ""},
		{"span-common", "span.name = 'chat'", ""},
		{"span-type", "span.type = 'TOOL'", ""},
		{"text", "trace.text LIKE '%weather city%'", ""},
		{"text-rare", "trace.text LIKE '%needle%'", ""},
		{"text-ilike", "trace.text ILIKE '%NEEDLE%'", ""},
		{"attribute", "span.attributes.mlflow.spanInputs RLIKE 'needle'", ""},
		{"attribute-like", "span.attributes.mlflow.spanInputs LIKE '%needle%'", ""},
		{"feedback-none", "feedback.score = 'x'", ""},
		{"feedback-rare", "feedback.score < 0.001", ""},
		{"feedback-old", "feedback.score < 0.5", ""},
		{"feedback-new", "feedback.score > 0.5", ""},
		{"feedback-any", "feedback.score IS NOT NULL", ""},
		{"feedback-without", "feedback.score IS NULL", ""},
		{"slow", "execution_time_ms > 4990", ""},
		{"by-duration", "", "execution_time_ms DESC"},
		{"by-tag", "", "tags.customer"},
	} {
		b.Run("search/"+c.name, func(b *testing.B) {
			in := &traces.Search{ExperimentIDs: []int64{0}, Filter: c.filter, Limit: 25}
			if c.orderBy != "" {
				in.OrderBy = []string{c.orderBy}
			}
			for b.Loop() {
				if _, _, err := s.SearchTraces(b.Context(), in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	start, end, day := int64(firstTrace), int64(firstTrace+interval*benchTraces), int64(86400)
	percentiles := []tracing.Aggregation{{AggregationType: tracing.AggregateAvg}}
	for _, p := range []float64{50, 90, 99} {
		percentiles = append(percentiles, tracing.Aggregation{AggregationType: tracing.AggregatePercentile, PercentileValue: &p})
	}
	of := func(kinds ...tracing.AggregationType) (list []tracing.Aggregation) {
		for _, kind := range kinds {
			list = append(list, tracing.Aggregation{AggregationType: kind})
		}
		return list
	}
	for _, c := range []struct {
		name, metric string
		view         tracing.View
		aggregations []tracing.Aggregation
		daily        bool
		dimensions   []string
	}{
		{"count", "trace_count", tracing.ViewTraces, of(tracing.AggregateCount), true, []string{"trace_status"}},
		{"tokens", "total_tokens", tracing.ViewTraces, of(tracing.AggregateSum, tracing.AggregateAvg), false, nil},
		{"tokens-daily", "input_tokens", tracing.ViewTraces, of(tracing.AggregateSum), true, nil},
		{"latency", "latency", tracing.ViewTraces, of(tracing.AggregateAvg), false, nil},
		{"latency-daily", "latency", tracing.ViewTraces, percentiles[1:], true, nil},
		{"tokens-percentiles", "total_tokens", tracing.ViewTraces, percentiles[1:], true, nil},
		{"cost", "total_cost", tracing.ViewSpans, of(tracing.AggregateSum), false, []string{"span_model_name"}},
		{"cost-daily", "total_cost", tracing.ViewSpans, of(tracing.AggregateSum), true, nil},
	} {
		b.Run("metrics/"+c.name, func(b *testing.B) {
			in := &tracing.TraceMetricsRequest{
				ViewType: c.view, MetricName: c.metric, Aggregations: c.aggregations, Dimensions: c.dimensions,
				StartTimeMS: &start, EndTimeMS: &end,
			}
			if c.daily {
				in.TimeIntervalSeconds = &day
			}
			for b.Loop() {
				if _, err := s.TraceMetrics(b.Context(), []int64{0}, in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
