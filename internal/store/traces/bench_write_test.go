package traces_test

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/span"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/traces"
)

// writtenSpans is the number of spans in the batch of BenchmarkLogSpans.
const writtenSpans = 100_000

// newSpans returns spans of about 700 bytes in traces of inTrace spans each. Traces of different
// rounds have different ids.
func newSpans(round, inTrace int) []*span.Resource {
	r := &span.Resource{}
	for i := range writtenSpans {
		s := &span.Span{
			Name: fmt.Sprintf("step %d", i%inTrace), Type: "TOOL", Start: firstTrace*1_000_000 + int64(i)*1000,
			End: firstTrace*1_000_000 + int64(i)*1000 + 500, Status: span.StatusOK,
		}
		binary.LittleEndian.PutUint64(s.TraceID[:], uint64(i/inTrace)*0x9E3779B97F4A7C15)
		binary.LittleEndian.PutUint64(s.TraceID[8:], uint64(round))
		binary.BigEndian.PutUint64(s.ID[:], uint64(i%inTrace)+1)
		if i%inTrace > 0 {
			binary.BigEndian.PutUint64(s.Parent[:], uint64(i%inTrace/10)+1)
		}
		s.Attributes.Set("mlflow.traceRequestId", `"`+s.TraceID.String()+`"`)
		s.Attributes.Set("mlflow.spanType", `"TOOL"`)
		s.Attributes.Set("mlflow.spanInputs", `{"question": "What is the answer to the question of this step?", "context": "Words."}`)
		s.Attributes.Set("mlflow.spanOutputs", `{"answer": "A text of some length, as tools return it to models, and some more of it."}`)
		s.Attributes.Set("service", `"bench"`)
		if i%10 == 9 {
			s.Attributes.Set("mlflow.chat.tokenUsage", `{"input_tokens": 10, "output_tokens": 20, "total_tokens": 30}`)
		}
		r.Spans = append(r.Spans, s)
	}
	return []*span.Resource{r}
}

// BenchmarkLogSpans writes 100,000 spans in one batch, on $MILLRACE_BENCH_DATABASE or a new SQLite
// file. encode-ms is the time before the transaction.
func BenchmarkLogSpans(b *testing.B) {
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
	round := int(time.Now().UnixNano())
	for _, inTrace := range []int{1, 100, writtenSpans} {
		b.Run(fmt.Sprintf("in-trace=%d", inTrace), func(b *testing.B) {
			var encoding time.Duration
			for b.Loop() {
				b.StopTimer()
				round++
				resources := newSpans(round, inTrace)
				b.StartTimer()
				start := time.Now()
				batch, err := traces.NewBatch(resources, func(string) bool { return true })
				if err != nil {
					b.Fatal(err)
				}
				encoding += time.Since(start)
				if err := s.LogSpans(b.Context(), 0, batch, "", func(string) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(encoding.Milliseconds())/float64(b.N), "encode-ms")
		})
	}
}
