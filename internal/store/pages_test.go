package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/store/registry"
	"github.com/millrace-ml/millrace/internal/store/storetest"
	"github.com/millrace-ml/millrace/mlflow"
)

// TestLargePages searches more runs than fit into a page. The pages must contain each
// run exactly once, and no page may contain all runs.
func TestLargePages(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	const runs, batches = 12, 7
	for range runs {
		run, err := s.CreateRun(t.Context(), 0, &mlflow.CreateRunRequest{})
		if err != nil {
			t.Fatal(err)
		}
		for b := range batches {
			batch := &mlflow.LogBatchRequest{RunID: run.Info.RunID}
			for i := range 100 {
				batch.Tags = append(batch.Tags, mlflow.Tag{Key: fmt.Sprint(b, ".", i), Value: strings.Repeat("x", 8000)})
			}
			if err := s.LogBatch(t.Context(), batch.RunID, batch.Metrics, batch.Params, batch.Tags); err != nil {
				t.Fatal(err)
			}
		}
	}
	seen, pages := map[string]bool{}, 0
	for in := (&mlflow.SearchRunsRequest{}); pages == 0 || in.PageToken != ""; pages++ {
		list, next, err := s.SearchRuns(t.Context(), []int64{0}, 1000, in)
		if err != nil || len(list) == 0 {
			t.Fatal(list, err)
		}
		for _, run := range list {
			if n := len(run.Data.Tags); n < batches*100 || seen[run.Info.RunID] {
				t.Errorf("run %s: %d tags, seen %t", run.Info.RunID, n, seen[run.Info.RunID])
			}
			seen[run.Info.RunID] = true
		}
		in.PageToken = next
	}
	if len(seen) != runs || pages < 2 {
		t.Errorf("%d runs on %d pages", len(seen), pages)
	}
}

// TestLongHistory requests more values than a response can have.
func TestLongHistory(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	run, err := s.CreateRun(t.Context(), 0, &mlflow.CreateRunRequest{})
	if err != nil {
		t.Fatal(err)
	}
	const values, page = 4_000, 3_000
	s.MaxPage = page
	for step := 0; step < values; step += 1000 {
		batch := &mlflow.LogBatchRequest{RunID: run.Info.RunID}
		for i := range 1000 {
			batch.Metrics = append(
				batch.Metrics,
				mlflow.Metric{Key: "m", Value: 1, Step: int64(step + i), Timestamp: int64(values - step - i)},
			)
		}
		if err := s.LogBatch(t.Context(), batch.RunID, batch.Metrics, batch.Params, batch.Tags); err != nil {
			t.Fatal(err)
		}
	}
	for n, want := range map[int]bool{0: true, values - 1: true, values: false} {
		longer, err := s.LongerHistory(t.Context(), run.Info.RunID, "m", n)
		if err != nil || longer != want {
			t.Errorf("longer than %d: %t, %v", n, longer, err)
		}
	}
	for _, limit := range []int{0, 1_000_000} {
		first, token, err := s.MetricHistory(t.Context(), run.Info.RunID, "m", limit, "")
		if err != nil || len(first) != page || token == "" {
			t.Fatal(len(first), token, err)
		}
		rest, end, err := s.MetricHistory(t.Context(), run.Info.RunID, "m", limit, token)
		if err != nil || len(rest) != values-page || end != "" || first[0].Timestamp != 1 ||
			rest[values-page-1].Timestamp != values {
			t.Errorf("%d more, then %q, %v", len(rest), end, err)
		}
	}
}

// TestLargeCatalogPages does the same as TestLargePages for all other searches.
func TestLargeCatalogPages(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	const items = 30
	var tags []mlflow.Tag
	for i := range 10 {
		tags = append(tags, mlflow.Tag{Key: fmt.Sprint(i), Value: strings.Repeat("x", 100_000)})
	}
	for i := range items {
		name := fmt.Sprint("m", i)
		if _, err := s.CreateExperiment(t.Context(), name, "", tags); err != nil {
			t.Fatal(err)
		}
		if _, err := s.CreateLoggedModel(t.Context(), 0, &mlflow.CreateLoggedModelRequest{ExperimentID: "0", Name: name, Tags: tags}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.CreateRegisteredModel(t.Context(), &mlflow.CreateRegisteredModelRequest{Name: "v"}); err != nil {
		t.Fatal(err)
	}
	for i := range items {
		if _, err := s.CreateRegisteredModel(t.Context(), &mlflow.CreateRegisteredModelRequest{Name: fmt.Sprint("m", i), Tags: tags}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.CreateModelVersion(t.Context(), registry.NewVersion{Name: "v", Source: "s3://bucket/x", Tags: tags}, registry.Author{}); err != nil {
			t.Fatal(err)
		}
	}
	for what, page := range map[string]func(token string) (int, string, error){
		"experiments": func(token string) (int, string, error) {
			list, next, err := s.SearchExperiments(t.Context(), &mlflow.SearchExperimentsRequest{MaxResults: 1000, PageToken: token, Filter: "name LIKE 'm%'"})
			for _, e := range list {
				if len(e.Tags) != len(tags) {
					t.Errorf("%s has %d tags", e.Name, len(e.Tags))
				}
			}
			return len(list), next, err
		},
		"registered models": func(token string) (int, string, error) {
			list, next, err := s.SearchRegisteredModels(t.Context(), 1000, &mlflow.SearchRegisteredModelsRequest{PageToken: token, Filter: "name LIKE 'm%'"})
			for _, m := range list {
				if len(m.Tags) != len(tags) {
					t.Errorf("%s has %d tags", m.Name, len(m.Tags))
				}
			}
			return len(list), next, err
		},
		"versions": func(token string) (int, string, error) {
			list, next, err := s.SearchModelVersions(t.Context(), 1000, &mlflow.SearchModelVersionsRequest{PageToken: token})
			for _, v := range list {
				if len(v.Tags) != len(tags) {
					t.Errorf("version %s has %d tags", v.Version, len(v.Tags))
				}
			}
			return len(list), next, err
		},
		"logged models": func(token string) (int, string, error) {
			list, next, err := s.SearchLoggedModels(t.Context(), []int64{0}, 1000, &mlflow.SearchLoggedModelsRequest{ExperimentIDs: []string{"0"}, PageToken: token})
			for _, m := range list {
				if len(m.Info.Tags) != len(tags) {
					t.Errorf("%s has %d tags", m.Info.Name, len(m.Info.Tags))
				}
			}
			return len(list), next, err
		},
	} {
		found, pages := 0, 0
		for token := ""; pages == 0 || token != ""; pages++ {
			n, next, err := page(token)
			if err != nil || n == 0 {
				t.Fatal(what, n, err)
			}
			found, token = found+n, next
		}
		if found != items || pages < 2 {
			t.Errorf("%s: %d on %d pages", what, found, pages)
		}
	}
}
