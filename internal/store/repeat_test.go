package store_test

import (
	"context"
	"encoding/json"
	"maps"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/series"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/history"
	"github.com/millrace-ml/millrace/internal/store/registry"
	"github.com/millrace-ml/millrace/internal/store/storetest"
	"github.com/millrace-ml/millrace/internal/store/traces"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// TestRepeatedTransactions runs the whole suite with every transaction executed twice,
// where the first attempt is rolled back. Hundreds of searches take most of its time, and
// TestRepeatedReads repeats some.
func TestRepeatedTransactions(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) *store.Store {
		s := storetest.New(t)
		s.RepeatTransactions()
		return s
	}, "SearchPlans", "SearchTraces")
}

// answer is what a method returned.
type answer []any

// TestRepeatedReads checks that the result of a method does not depend on the number of
// attempts of its transaction.
func TestRepeatedReads(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "mlflow.db")
	var stores [2]*store.Store
	for i := range stores {
		s, err := openAt(t, path)
		if err != nil {
			t.Fatal(err)
		}
		closeAtEnd(t, s)
		stores[i] = s
	}
	stores[1].RepeatTransactions()
	run := fill(t, stores[0])

	calls := map[string]func(ctx context.Context, s *store.Store) (answer, error){
		"Experiment": func(ctx context.Context, s *store.Store) (answer, error) {
			e, err := s.Experiment(ctx, 0)
			return answer{e}, err
		},
		"ExperimentByName": func(ctx context.Context, s *store.Store) (answer, error) {
			e, err := s.ExperimentByName(ctx, "Default")
			return answer{e}, err
		},
		"TraceMetrics": func(ctx context.Context, s *store.Store) (answer, error) {
			points, err := s.TraceMetrics(ctx, []int64{0}, &tracing.TraceMetricsRequest{
				ViewType: tracing.ViewTraces, MetricName: "trace_count", Dimensions: []string{"trace_status"},
				Aggregations: []tracing.Aggregation{{AggregationType: tracing.AggregateCount}},
			})
			return answer{points}, err
		},
		"Correlation": func(ctx context.Context, s *store.Store) (answer, error) {
			c, err := s.Correlation(ctx, []int64{0}, &tracing.CorrelationRequest{FilterString1: "status = 'OK'"})
			return answer{c}, err
		},
		"SearchTraces": func(ctx context.Context, s *store.Store) (answer, error) {
			list, next, err := s.SearchTraces(ctx, &traces.Search{ExperimentIDs: []int64{0}, Limit: 1})
			return answer{list, next}, err
		},
		"SearchExperiments": func(ctx context.Context, s *store.Store) (answer, error) {
			list, next, err := s.SearchExperiments(ctx, &mlflow.SearchExperimentsRequest{MaxResults: 1})
			return answer{list, next}, err
		},
		"ExperimentActivity": func(ctx context.Context, s *store.Store) (answer, error) {
			list, err := s.ExperimentActivity(ctx, []int64{0, 1})
			return answer{list}, err
		},
		"Database": func(ctx context.Context, s *store.Store) (answer, error) {
			info, err := s.Database(ctx)
			return answer{info, "of MLflow"}, err
		},
		"DailyRuns": func(ctx context.Context, s *store.Store) (answer, error) {
			list, err := s.DailyRuns(ctx, []int64{0, 1}, 0, 2)
			return answer{list, "by day"}, err
		},
		"RunTable": func(ctx context.Context, s *store.Store) (answer, error) {
			tree, err := s.RunTable(ctx, []int64{0}, 2, 9, &mlflow.RunTableRequest{
				Tree: &mlflow.RunTree{OpenAll: true}, Columns: []mlflow.RunColumn{{Kind: "params", Key: "p"}},
			})
			if err != nil {
				return nil, err
			}
			flat, err := s.RunTable(ctx, []int64{0}, 2, 9, &mlflow.RunTableRequest{})
			return answer{tree, flat}, err
		},
		"RunColumns": func(ctx context.Context, s *store.Store) (answer, error) {
			out, err := s.RunColumns(ctx, []int64{0}, 9, &mlflow.RunColumnsRequest{})
			return answer{out}, err
		},
		"RunValues": func(ctx context.Context, s *store.Store) (answer, error) {
			out, err := s.RunValues(ctx, []int64{0}, 9, &mlflow.RunValuesRequest{
				Column: mlflow.RunColumn{Kind: "attributes", Key: "run_name"},
			})
			return answer{out}, err
		},
		"LoggedModel": func(ctx context.Context, s *store.Store) (answer, error) {
			list, _, err := s.SearchLoggedModels(ctx, []int64{0}, 1, &mlflow.SearchLoggedModelsRequest{})
			if err != nil {
				return nil, err
			}
			m, err := s.LoggedModel(ctx, list[0].Info.ModelID, false)
			return answer{m}, err
		},
		"SearchLoggedModels": func(ctx context.Context, s *store.Store) (answer, error) {
			list, next, err := s.SearchLoggedModels(ctx, []int64{0}, 1, &mlflow.SearchLoggedModelsRequest{})
			return answer{list, next}, err
		},
		"MetricHistory": func(ctx context.Context, s *store.Store) (answer, error) {
			list, next, err := s.MetricHistory(ctx, run, "m", 2, "")
			if err != nil {
				return nil, err
			}
			second, end, err := s.MetricHistory(ctx, run, "m", 2, next)
			return answer{list, next, second, end}, err
		},
		"LongerHistory": func(ctx context.Context, s *store.Store) (answer, error) {
			longer, err := s.LongerHistory(ctx, run, "m", 2)
			return answer{longer, "than 2"}, err
		},
		"MetricHistoryBulk": func(ctx context.Context, s *store.Store) (answer, error) {
			list, err := s.MetricHistoryBulk(ctx, []string{run}, "m", 3)
			return answer{list}, err
		},
		"MetricSummaries": func(ctx context.Context, s *store.Store) (answer, error) {
			list, err := s.MetricSummaries(ctx, run)
			return answer{list}, err
		},
		"MetricSample": func(ctx context.Context, s *store.Store) (answer, error) {
			short, err := s.MetricSample(ctx, run, "m", 2, nil)
			if err != nil {
				return nil, err
			}
			long, err := s.MetricSample(ctx, run, "long", 10, nil)
			return answer{short, long}, err
		},
		"MetricSeries": func(ctx context.Context, s *store.Store) (answer, error) {
			statuses, list, err := s.MetricSeries(ctx, &history.SeriesQuery{
				RunIDs: []string{run}, Keys: []string{"m", "long"}, Samples: 8, Axis: series.ByStep,
			})
			return answer{statuses, list}, err
		},
		"ModelVersion": func(ctx context.Context, s *store.Store) (answer, error) {
			v, err := s.ModelVersion(ctx, "model", 2)
			return answer{v}, err
		},
		"DownloadURI": func(ctx context.Context, s *store.Store) (answer, error) {
			uri, err := s.DownloadURI(ctx, "model", 1)
			return answer{uri}, err
		},
		"ModelVersionByAlias": func(ctx context.Context, s *store.Store) (answer, error) {
			v, err := s.ModelVersionByAlias(ctx, "model", "champion")
			return answer{v}, err
		},
		"HighestVersion": func(ctx context.Context, s *store.Store) (answer, error) {
			v, err := s.HighestVersion(ctx, "model")
			return answer{v}, err
		},
		"LatestVersions": func(ctx context.Context, s *store.Store) (answer, error) {
			list, err := s.LatestVersions(ctx, "model", []string{"None"})
			return answer{list}, err
		},
		"HasExperiment": func(ctx context.Context, s *store.Store) (answer, error) {
			found, err := s.HasExperiment(ctx, 0)
			return answer{found, "of a number"}, err
		},
		"ExperimentName": func(ctx context.Context, s *store.Store) (answer, error) {
			name, found, err := s.ExperimentName(ctx, 0)
			return answer{name, found}, err
		},
		"EachLocation": func(ctx context.Context, s *store.Store) (list answer, err error) {
			err = s.EachLocation(ctx, func(id, location string) { list = append(list, id, location) })
			return list, err
		},
		"ExperimentOfRun": func(ctx context.Context, s *store.Store) (answer, error) {
			id, err := s.ExperimentOfRun(ctx, run)
			return answer{id, "of a run"}, err
		},
		"ExperimentOfModel": func(ctx context.Context, s *store.Store) (answer, error) {
			id, err := s.ExperimentOfModel(ctx, "missing")
			return answer{id, "of a model"}, err
		},
		"ModelNamed": func(ctx context.Context, s *store.Store) (answer, error) {
			name, prompt, err := s.ModelNamed(ctx, "model")
			return answer{name, prompt}, err
		},
		"RegisteredModel": func(ctx context.Context, s *store.Store) (answer, error) {
			m, err := s.RegisteredModel(ctx, "model")
			return answer{m}, err
		},
		"RegistryChanges": func(ctx context.Context, s *store.Store) (answer, error) {
			list, next, err := s.RegistryChanges(ctx, "model", 2, "")
			return answer{list, next}, err
		},
		"SearchTrash": func(ctx context.Context, s *store.Store) (answer, error) {
			list, next, err := s.SearchTrash(ctx, &mlflow.SearchTrashRequest{Kind: mlflow.TrashedRun, MaxResults: 1})
			return answer{list, next}, err
		},
		"Lineage": func(ctx context.Context, s *store.Store) (answer, error) {
			out, err := s.Lineage(ctx, &mlflow.LineageRequest{Name: "model", Version: "2"})
			return answer{out}, err
		},
		"DatasetUsages": func(ctx context.Context, s *store.Store) (answer, error) {
			list, next, err := s.DatasetUsages(ctx, 0, 1, &mlflow.DatasetUsagesRequest{})
			return answer{list, next}, err
		},
		"Dataset": func(ctx context.Context, s *store.Store) (answer, error) {
			d, err := s.Dataset(ctx, 0, "d", "1")
			return answer{d}, err
		},
		"MonitorModel": func(ctx context.Context, s *store.Store) (answer, error) {
			out, err := s.MonitorModel(ctx, "model", 1, "")
			return answer{out}, err
		},
		"SearchRegisteredModels": func(ctx context.Context, s *store.Store) (answer, error) {
			list, next, err := s.SearchRegisteredModels(ctx, 1, &mlflow.SearchRegisteredModelsRequest{})
			return answer{list, next}, err
		},
		"SearchModelVersions": func(ctx context.Context, s *store.Store) (answer, error) {
			list, next, err := s.SearchModelVersions(ctx, 1, &mlflow.SearchModelVersionsRequest{})
			return answer{list, next}, err
		},
		"CatalogVersion": func(ctx context.Context, s *store.Store) (answer, error) {
			v, err := s.CatalogVersion(ctx, "model", 2)
			return answer{v}, err
		},
		"HasVersionFiles": func(ctx context.Context, s *store.Store) (answer, error) {
			has, err := s.HasVersionFiles(ctx, "x:/main.default.a")
			return answer{has, "at a location"}, err
		},
		"SearchCatalogModels": func(ctx context.Context, s *store.Store) (answer, error) {
			list, next, err := s.SearchCatalogModels(ctx, "main.", 1, "")
			return answer{list, next}, err
		},
		"SearchCatalogVersions": func(ctx context.Context, s *store.Store) (answer, error) {
			list, next, err := s.SearchCatalogVersions(ctx, "", 1, &mlflow.SearchModelVersionsRequest{})
			return answer{list, next}, err
		},
		"Run": func(ctx context.Context, s *store.Store) (answer, error) {
			r, err := s.Run(ctx, run)
			return answer{r}, err
		},
		"RunInfo": func(ctx context.Context, s *store.Store) (answer, error) {
			info, err := s.RunInfo(ctx, run)
			return answer{info}, err
		},
		"RunChildren": func(ctx context.Context, s *store.Store) (answer, error) {
			list, err := s.RunChildren(ctx, run, 1)
			return answer{list}, err
		},
		"DatasetSummaries": func(ctx context.Context, s *store.Store) (answer, error) {
			list, err := s.DatasetSummaries(ctx, []int64{0})
			return answer{list}, err
		},
		"SearchRuns": func(ctx context.Context, s *store.Store) (answer, error) {
			list, next, err := s.SearchRuns(ctx, []int64{0}, 1, &mlflow.SearchRunsRequest{})
			return answer{list, next}, err
		},
		"Secret": func(ctx context.Context, s *store.Store) (answer, error) {
			key, err := s.Secret(ctx, "k")
			return answer{key}, err
		},
		"Tokens": func(ctx context.Context, s *store.Store) (answer, error) {
			list, err := s.Tokens(ctx)
			return answer{list}, err
		},
		"EachToken": func(ctx context.Context, s *store.Store) (list answer, err error) {
			err = s.EachToken(
				ctx,
				func(id, email string, hash [32]byte, until int64) { list = append(list, id, email, hash, until) },
			)
			return list, err
		},
	}
	fillTraces(t, stores[0])
	maps.Copy(calls, traceReads)
	maps.Copy(calls, evaluationReads(fillEvaluation(t, stores[0])))
	maps.Copy(calls, webhookReads(fillWebhooks(t, stores[0])))
	for name, call := range calls {
		var answers [2]string
		for i, s := range stores {
			got, err := call(t.Context(), s)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			text, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			answers[i] = string(text)
		}
		if answers[0] != answers[1] || len(answers[0]) < len("[[],0]") {
			t.Errorf("%s: %s\nrepeated: %s", name, answers[0], answers[1])
		}
	}
	checkAllCalled(t, calls)
}

// checkAllCalled fails for each method of the store that returns a result and is missing
// in calls. The suite covers the methods that write.
func checkAllCalled[F any](t *testing.T, calls map[string]F) {
	t.Helper()
	writes := map[string]bool{
		"CreateExperiment": true, "CreateLoggedModel": true, "FinalizeLoggedModel": true, "SetModelTags": true, "CreateModelVersion": true,
		"UpdateModelVersion": true, "MoveVersion": true, "CreateRegisteredModel": true, "UpdateRegisteredModel": true, "RenameRegisteredModel": true,
		"CreateRun": true, "UpdateRun": true, "CreateToken": true, "CreatePendingVersion": true, "FinalizeVersion": true,
		"DeleteModelVersion": true, "DeleteRegisteredModel": true,
		"TagRuns": true, "RenameRuns": true, "DeleteRuns": true, "RestoreRuns": true, "MoveRuns": true,
		"StartTrace": true, "StartTraceV2": true, "EndTraceV2": true, "DeleteTraces": true, "DeleteTracesUntil": true,
		"CreateAssessment": true, "UpdateAssessment": true,
		"AddToExperiments": true, "RemoveFromExperiments": true, "CreateDataset": true, "DeleteRecords": true,
		"ParseRecords": true, "UpsertRecords": true,
		"RegisterScorer": true, "CreateLabelSchema": true, "UpdateLabelSchema": true,
		"CreateWebhook": true, "UpdateWebhook": true, "ClaimDeliveries": true, "Redeliver": true, "PruneDeliveries": true,
	}
	methods := reflect.TypeFor[*store.Store]()
	for i := range methods.NumMethod() {
		m := methods.Method(i)
		if _, called := calls[m.Name]; !called && !writes[m.Name] && m.Type.NumOut() > 1 {
			t.Errorf("%s is not called", m.Name)
		}
	}
}

// fill stores at least two of everything that lists contain, and returns a run that has
// them.
func fill(t *testing.T, s *store.Store) (runID string) {
	t.Helper()
	ctx := t.Context()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.CreateExperiment(ctx, "other", "", []mlflow.Tag{{Key: "a", Value: "1"}, {Key: "b", Value: "2"}})
	check(err)
	run := storetest.NewRun(t, s)
	long := make([]mlflow.Metric, 2000)
	for i := range long {
		long[i] = mlflow.Metric{Key: "long", Value: float64(i % 7), Step: int64(i), Timestamp: int64(i)}
	}
	check(s.LogBatch(ctx, run, long, nil, nil))
	check(s.LogBatch(
		ctx,
		run,
		[]mlflow.Metric{{Key: "m", Step: 1}, {Key: "m", Step: 2}, {Key: "m", Step: 3}, {Key: "n"}},
		[]mlflow.Param{
			{Key: "p", Value: "1"},
			{Key: "q", Value: "2"},
		},
		[]mlflow.Tag{{Key: "t", Value: "1"}, {Key: "u", Value: "2"}},
	))
	for _, name := range []string{"d", "e"} {
		check(
			s.LogInputs(
				ctx,
				run,
				[]mlflow.DatasetInput{
					{
						Dataset: &mlflow.Dataset{Name: name, Digest: "1", SourceType: "local", Source: "{}"},
						Tags:    []mlflow.InputTag{{Key: "mlflow.data.context", Value: "train"}},
					},
				},
				nil,
			),
		)
		_, err := s.CreateRun(ctx, 0, &mlflow.CreateRunRequest{Tags: []mlflow.Tag{{Key: "mlflow.parentRunId", Value: run}}})
		check(err)
		check(s.DeleteRun(ctx, storetest.NewRun(t, s)))
		_, err = s.CreateLoggedModel(
			ctx,
			0,
			&mlflow.CreateLoggedModelRequest{
				Name:        name,
				SourceRunID: run,
				Params:      []mlflow.Param{{Key: "p", Value: "1"}},
				Tags:        []mlflow.Tag{{Key: "t", Value: "1"}},
			},
		)
		check(err)
		_, err = s.CreateRegisteredModel(ctx, &mlflow.CreateRegisteredModelRequest{Name: "model " + name})
		check(err)
		_, err = s.CreateToken(ctx, name+"@example.org", name, auth.TokenHash(name), 0)
		check(err)
	}
	_, err = s.CreateRegisteredModel(
		ctx,
		&mlflow.CreateRegisteredModelRequest{Name: "model", Tags: []mlflow.Tag{{Key: "t", Value: "1"}}},
	)
	check(err)
	by := registry.Author{User: "me@example.org"}
	for range 3 {
		_, err = s.CreateModelVersion(
			ctx,
			registry.NewVersion{
				Name:   "model",
				Source: "mlflow-artifacts:/x",
				RunID:  run,
				Tags:   []mlflow.Tag{{Key: "t", Value: "1"}},
			},
			by,
		)
		check(err)
	}
	for _, name := range []string{"main.default.a", "main.default.b"} {
		_, err = s.CreateRegisteredModel(ctx, &mlflow.CreateRegisteredModelRequest{Name: name})
		check(err)
		_, err = s.CreatePendingVersion(ctx, registry.NewVersion{Name: name}, registry.VersionFiles{Location: "x:/" + name}, by)
		check(err)
	}
	for _, alias := range []string{"champion", "newest"} {
		check(s.SetModelAlias(ctx, "model", alias, 2, by))
	}
	return run
}
