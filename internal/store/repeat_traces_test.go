package store_test

import (
	"context"
	"testing"

	"github.com/millrace-ml/millrace/internal/span"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/storetest"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// filledTrace is the trace that fillTraces makes first.
var filledTrace = span.TraceID{1}.String()

// fillTraces stores two traces with two spans and an assessment each.
func fillTraces(t *testing.T, s *store.Store) {
	t.Helper()
	for i := range byte(2) {
		for j := range byte(2) {
			made := &span.Span{TraceID: span.TraceID{i + 1}, ID: span.ID{j + 1}, Name: "root", Start: 1, End: 2}
			if err := storetest.LogSpans(t, s, made); err != nil {
				t.Fatal(err)
			}
		}
		_, err := s.CreateAssessment(t.Context(), &tracing.Assessment{
			AssessmentID: "a-" + span.TraceID{i + 1}.String(), TraceID: span.TraceID{i + 1}.String(), AssessmentName: "n",
			Source: &tracing.Source{SourceType: tracing.SourceCode}, Feedback: &tracing.Feedback{Value: []byte("1.0")},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// traceReads calls the methods that read traces.
var traceReads = map[string]func(ctx context.Context, s *store.Store) (answer, error){
	"ExperimentOfTrace": func(ctx context.Context, s *store.Store) (answer, error) {
		id, err := s.ExperimentOfTrace(ctx, filledTrace)
		return answer{id, "is the experiment"}, err
	},
	"TraceInfo": func(ctx context.Context, s *store.Store) (answer, error) {
		info, err := s.TraceInfo(ctx, filledTrace)
		return answer{info}, err
	},
	"TraceInfos": func(ctx context.Context, s *store.Store) (answer, error) {
		list, err := s.TraceInfos(ctx, []string{filledTrace})
		return answer{list}, err
	},
	"RootNames": func(ctx context.Context, s *store.Store) (answer, error) {
		names, err := s.RootNames(ctx, []string{filledTrace})
		return answer{names}, err
	},
	"Trace": func(ctx context.Context, s *store.Store) (answer, error) {
		trace, err := s.Trace(ctx, filledTrace)
		return answer{trace}, err
	},
	"TracesByID": func(ctx context.Context, s *store.Store) (answer, error) {
		list, err := s.TracesByID(ctx, []string{filledTrace, span.TraceID{2}.String()})
		return answer{list}, err
	},
	"TraceFiles": func(ctx context.Context, s *store.Store) (answer, error) {
		spans, files, archive, err := s.TraceFiles(ctx, filledTrace)
		return answer{spans, files, archive}, err
	},
	"Assessment": func(ctx context.Context, s *store.Store) (answer, error) {
		a, err := s.Assessment(ctx, filledTrace, "a-"+filledTrace)
		return answer{a}, err
	},
}
