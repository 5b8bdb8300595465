// Package storetest is the test suite of the store for every database.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/mlflow"
)

// Run runs the suite, except some of the tests. open returns an empty store that is closed at the end
// of the test.
func Run(t *testing.T, open func(t *testing.T) *store.Store, except ...string) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, *store.Store){
		"BatchIsAllOrNothing":     batchIsAllOrNothing,
		"BatchesAtOnce":           batchesAtOnce,
		"OneFailureHurtsNobody":   oneFailureHurtsNobody,
		"LatestMetric":            latestMetric,
		"MetricSample":            metricSample,
		"LongMetricSample":        longMetricSample,
		"PeaksInSample":           peaksInSample,
		"SeriesGrow":              seriesGrow,
		"SeriesOfAllRuns":         seriesOfAllRuns,
		"SeriesWindows":           seriesWindows,
		"SummariesGrow":           summariesGrow,
		"SummariesAfterPurge":     summariesAfterPurge,
		"HistoryPages":            historyPages,
		"SearchPages":             searchPages,
		"SearchLoadsEverything":   searchLoadsEverything,
		"SameNameAtOnce":          sameNameAtOnce,
		"CaseAndUnicodeInKeys":    caseAndUnicodeInKeys,
		"CanceledRequestIsNotRun": canceledRequestIsNotRun,
		"Datasets":                datasets,
		"DeleteAndRestore":        deleteAndRestore,
		"VersionsAtOnce":          versionsAtOnce,
		"ModelsAtOnce":            modelsAtOnce,
		"NumbersAreNotGivenAgain": numbersAreNotGivenAgain,
		"RenameModel":             renameModel,
		"MoveIsAllOrNothing":      moveIsAllOrNothing,
		"SearchModelPages":        searchModelPages,
		"PendingVersions":         pendingVersions,
		"FilesOfVersions":         filesOfVersions,
		"CopyOrDelete":            copyOrDelete,
		"SearchCatalog":           searchCatalog,
		"TableTree":               tableTree,
		"TableOrder":              tableOrder,
		"TableCells":              tableCells,
		"TablesAtOnce":            tablesAtOnce,
		"TableColumns":            tableColumns,
		"TableGroups":             tableGroups,
		"CellsOfGroups":           cellsOfGroups,
		"BulkChanges":             bulkChanges,
		"MoveRuns":                moveRuns,
		"MoveAtOnce":              moveAtOnce,
		"SearchPlans":             searchPlans,
		"SearchTraces":            searchTraces,
		"RegularExpressions":      regularExpressions,
		"SpansMakeTraces":         spansMakeTraces,
		"RootNames":               rootNames,
		"FinishedTracesStay":      finishedTracesStay,
		"TracesAtOnce":            tracesAtOnce,
		"DeleteTraces":            deleteTraces,
		"QueueRollupsOfTraces":    queueRollups,
		"AssessTraces":            assessTraces,
		"MergeRecords":            mergeRecords,
		"RefuseRecords":           refuseRecords,
		"DeepRecords":             deepRecords,
		"PageRecords":             pageRecords,
		"RecordsAtOnce":           recordsAtOnce,
		"DeleteDatasets":          deleteDatasets,
		"SearchDatasets":          searchDatasets,
		"ScorersAtOnce":           scorersAtOnce,
		"DeleteScorers":           deleteScorers,
		"LabelSchemas":            labelSchemas,
		"WebhookEvents":           webhookEvents,
		"ClaimsAtOnce":            claimsAtOnce,
		"Deliveries":              deliveries,
		"ChangeWebhooks":          changeWebhooks,
	} {
		if slices.Contains(except, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func newRun(t *testing.T, s *store.Store, experiment int64, start int64) string {
	t.Helper()
	run := must(s.CreateRun(t.Context(), experiment, &mlflow.CreateRunRequest{StartTime: start}))(t)
	return run.Info.RunID
}

func batchIsAllOrNothing(t *testing.T, s *store.Store) {
	ctx, run := t.Context(), newRun(t, s, 0, 1)
	if err := s.LogParam(ctx, run, mlflow.Param{Key: "p", Value: "1"}); err != nil {
		t.Fatal(err)
	}
	err := s.LogBatch(ctx, run,
		[]mlflow.Metric{{Key: "m", Value: 1, Timestamp: 1}},
		[]mlflow.Param{{Key: "new", Value: "1"}, {Key: "p", Value: "2"}},
		[]mlflow.Tag{{Key: "t", Value: "1"}})
	if !errors.Is(err, mlflow.InvalidParameterValue) {
		t.Fatalf("changing a param: %v", err)
	}
	got := must(s.Run(ctx, run))(t)
	if len(got.Data.Metrics) != 0 || len(got.Data.Params) != 1 || len(got.Data.Tags) != 1 {
		t.Errorf("a refused batch left %+v", got.Data)
	}
}

func batchesAtOnce(t *testing.T, s *store.Store) {
	const clients, batches, size = 16, 10, 25
	ctx, run := t.Context(), newRun(t, s, 0, 1)
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for b := range batches {
				metrics := make([]mlflow.Metric, size)
				for i := range metrics {
					step := int64((c*batches+b)*size + i)
					metrics[i] = mlflow.Metric{Key: "m", Value: float64(step), Timestamp: step, Step: step}
				}
				if err := s.LogBatch(ctx, run, metrics, nil,
					[]mlflow.Tag{{Key: fmt.Sprintf("t%d", c), Value: strconv.Itoa(b)}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	history, _, err := s.MetricHistory(ctx, run, "m", 0, "")
	if err != nil || len(history) != clients*batches*size {
		t.Fatalf("%d values, want %d; %v", len(history), clients*batches*size, err)
	}
	got := must(s.Run(ctx, run))(t)
	if m := got.Data.Metrics[0]; m.Step != clients*batches*size-1 {
		t.Errorf("the latest value is at step %d", m.Step)
	}
}

func oneFailureHurtsNobody(t *testing.T, s *store.Store) {
	ctx, run := t.Context(), newRun(t, s, 0, 1)
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			id := run
			if i%2 == 1 {
				id = "nosuchrun"
			}
			err := s.LogBatch(ctx, id, []mlflow.Metric{{Key: fmt.Sprintf("m%d", i), Value: 1, Timestamp: 1}}, nil, nil)
			if got := errors.Is(err, mlflow.ResourceDoesNotExist); got != (i%2 == 1) {
				t.Errorf("request %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	if got := must(s.Run(ctx, run))(t); len(got.Data.Metrics) != 100 {
		t.Errorf("%d metrics, want 100", len(got.Data.Metrics))
	}
}

func searchPages(t *testing.T, s *store.Store) {
	const n = 25
	want := make([]string, n)
	for i := range n { // Some runs have the same start time, so the order is by ID.
		want[i] = newRun(t, s, 0, int64(i/3))
	}
	var seen []string
	in := &mlflow.SearchRunsRequest{}
	for {
		runs, next, err := s.SearchRuns(t.Context(), []int64{0}, 10, in)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range runs {
			seen = append(seen, r.Info.RunID)
		}
		if next == "" {
			break
		}
		in.PageToken = next
	}
	once := map[string]bool{}
	for _, id := range seen {
		once[id] = true
	}
	if len(seen) != n || len(once) != n {
		t.Errorf("%d runs on the pages, %d different, want %d", len(seen), len(once), n)
	}
	for _, id := range want {
		if !once[id] {
			t.Errorf("run %s is on no page", id)
		}
	}
}

func searchLoadsEverything(t *testing.T, s *store.Store) {
	ctx := t.Context()
	const n = 1200 // The number is larger than one chunk.
	for i := range n {
		run := newRun(t, s, 0, int64(i))
		err := s.LogBatch(ctx, run, []mlflow.Metric{{Key: "m", Value: float64(i), Timestamp: 1}},
			[]mlflow.Param{{Key: "p", Value: strconv.Itoa(i)}}, []mlflow.Tag{{Key: "t", Value: strconv.Itoa(i)}})
		if err != nil {
			t.Fatal(err)
		}
	}
	runs, next, err := s.SearchRuns(ctx, []int64{0}, 5000, &mlflow.SearchRunsRequest{OrderBy: []string{"metrics.m DESC"}})
	if err != nil || len(runs) != n || next != "" {
		t.Fatalf("%d runs, next %q, %v", len(runs), next, err)
	}
	for i, r := range runs {
		want := strconv.Itoa(n - 1 - i)
		if r.Data.Params[0].Value != want || r.Data.Metrics[0].Value != float64(n-1-i) || len(r.Data.Tags) != 2 {
			t.Fatalf("run %d holds %+v", i, r.Data)
		}
	}
}

func sameNameAtOnce(t *testing.T, s *store.Store) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	made := 0
	for range 32 {
		wg.Go(func() {
			_, err := s.CreateExperiment(t.Context(), "one", "", nil)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				made++
			} else if !errors.Is(err, mlflow.ResourceAlreadyExists) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if made != 1 {
		t.Errorf("%d experiments of one name", made)
	}
}

func caseAndUnicodeInKeys(t *testing.T, s *store.Store) {
	ctx, run := t.Context(), newRun(t, s, 0, 1)
	keys := []string{"key", "Key", "KEY", "ключ", "Ключ", "naïve", "naive", "鍵"}
	for _, k := range keys {
		if err := s.LogBatch(ctx, run, []mlflow.Metric{{Key: k, Value: 1, Timestamp: 1}}, []mlflow.Param{{Key: k, Value: k}},
			[]mlflow.Tag{{Key: k, Value: k}}); err != nil {
			t.Fatalf("%s: %v", k, err)
		}
	}
	got := must(s.Run(ctx, run))(t)
	if len(got.Data.Metrics) != len(keys) || len(got.Data.Params) != len(keys) || len(got.Data.Tags) != len(keys)+1 {
		t.Errorf("keys that differ only in case or accents fell together: %+v", got.Data)
	}
	for name, want := range map[string]bool{"Case": true, "case": true, "cäse": true} {
		if _, err := s.CreateExperiment(ctx, name, "", nil); (err == nil) != want {
			t.Errorf("experiment %s: %v", name, err)
		}
	}
}

func canceledRequestIsNotRun(t *testing.T, s *store.Store) {
	run := newRun(t, s, 0, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.SetTag(ctx, run, mlflow.Tag{Key: "t", Value: "x"}); !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled write: %v", err)
	}
	if _, err := s.Run(ctx, run); !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled read: %v", err)
	}
	if got := must(s.Run(t.Context(), run))(t); len(got.Data.Tags) != 1 {
		t.Errorf("the canceled write left %+v", got.Data.Tags)
	}
}

func datasets(t *testing.T, s *store.Store) {
	ctx := t.Context()
	first, second := newRun(t, s, 0, 1), newRun(t, s, 0, 2)
	in := mlflow.DatasetInput{
		Dataset: &mlflow.Dataset{Name: "d", Digest: "1", SourceType: "local", Source: "{}", Schema: "{}", Profile: "{}"},
		Tags:    []mlflow.InputTag{{Key: "mlflow.data.context", Value: "train"}},
	}
	for _, run := range []string{first, second, first} {
		if err := s.LogInputs(ctx, run, []mlflow.DatasetInput{in, in}, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, run := range []string{first, second} {
		got := must(s.Run(ctx, run))(t).Inputs.DatasetInputs
		if len(got) != 1 || *got[0].Dataset != *in.Dataset || len(got[0].Tags) != 1 {
			t.Errorf("inputs of %s: %+v", run, got)
		}
	}
	if list := must(s.DatasetSummaries(ctx, []int64{0}))(t); len(list) != 1 || list[0].Context != "train" {
		t.Errorf("summaries: %+v", list)
	}
	third := newRun(t, s, 0, 3)
	var order []mlflow.DatasetInput
	for _, name := range []string{"z", "a", "m", "d"} {
		order = append(order,
			mlflow.DatasetInput{Dataset: &mlflow.Dataset{Name: name, Digest: "1", SourceType: "local", Source: "{}"}})
	}
	if err := s.LogInputs(ctx, third, order, nil); err != nil {
		t.Fatal(err)
	}
	for i, got := range must(s.Run(ctx, third))(t).Inputs.DatasetInputs {
		if got.Dataset.Name != order[i].Dataset.Name {
			t.Errorf("input %d is %s, want %s", i, got.Dataset.Name, order[i].Dataset.Name)
		}
	}
}

func deleteAndRestore(t *testing.T, s *store.Store) {
	ctx := t.Context()
	id := must(s.CreateExperiment(ctx, "e", "", nil))(t)
	run := newRun(t, s, id, 1)
	if err := s.DeleteRun(ctx, run); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteExperiment(ctx, id); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteExperiment(ctx, id); !errors.Is(err, mlflow.ResourceDoesNotExist) {
		t.Errorf("deleting again: %v", err)
	}
	if err := s.RestoreExperiment(ctx, id); err != nil {
		t.Fatal(err)
	}
	if got := must(s.RunInfo(ctx, run))(t); got.LifecycleStage != mlflow.StageActive {
		t.Errorf("the run is %s; MLflow restores all runs with their experiment", got.LifecycleStage)
	}
}
