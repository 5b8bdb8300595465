package storetest

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/mlflow"
)

func named(ids ...string) mlflow.RunSelection { return mlflow.RunSelection{RunIDs: ids} }

func bulkChanges(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w := &tableWorld{s, map[string]string{}}
	for i, name := range []string{"a", "b", "c"} {
		w.run(t, name, "", int64(i+1))
	}
	other := must(s.CreateExperiment(ctx, "other", "", nil))(t)
	stray := newRun(t, s, other, 1)
	a, b, c := w.ids["a"], w.ids["b"], w.ids["c"]
	tag := func(id, key string) string {
		for _, tag := range must(s.Run(ctx, id))(t).Data.Tags {
			if tag.Key == key {
				return tag.Value
			}
		}
		return "-"
	}
	set := &mlflow.TagRunsRequest{
		Runs: mlflow.RunSelection{All: true, Except: []string{b}},
		Set:  []mlflow.Tag{{Key: "k", Value: "1"}, {Key: "K", Value: "2"}},
	}
	if ids := must(s.TagRuns(ctx, 0, set))(t); fmt.Sprint(ids) != fmt.Sprint([]string{a, c}) {
		t.Errorf("tagged %v", ids)
	}
	must(s.TagRuns(ctx, 0, &mlflow.TagRunsRequest{Runs: named(c), Remove: []string{"K", "none"}}))(t)
	if got := tag(a, "k") + tag(a, "K") + tag(b, "k") + tag(c, "k") + tag(c, "K"); got != "12-1-" {
		t.Errorf("tags: %s", got)
	}
	rename := &mlflow.RenameRunsRequest{Runs: named(c, a), Name: "new-{n} {name}"}
	must(s.RenameRuns(ctx, 0, rename))(t)
	if run := must(s.Run(ctx, c))(t); run.Info.RunName != "new-2 c" || tag(c, "mlflow.runName") != "new-2 c" {
		t.Errorf("renamed to %s", run.Info.RunName)
	}

	// Nothing changes if one of the runs is not in the experiment or deleted.
	missing := mlflow.RunSelection{RunIDs: []string{a, stray}}
	if _, err := s.DeleteRuns(ctx, 0, &missing); !errors.Is(err, mlflow.ResourceDoesNotExist) {
		t.Errorf("a run of another experiment: %v", err)
	}
	deleted := named(b, c)
	must(s.DeleteRuns(ctx, 0, &deleted))(t)
	for name, call := range map[string]func() error{
		"tag": func() error {
			_, err := s.TagRuns(ctx, 0, &mlflow.TagRunsRequest{Runs: named(a, b), Set: []mlflow.Tag{{Key: "k", Value: "3"}}})
			return err
		},
		"rename": func() error {
			_, err := s.RenameRuns(ctx, 0, &mlflow.RenameRunsRequest{Runs: named(a, b), Name: "x"})
			return err
		},
		"blank name": func() error {
			_, err := s.RenameRuns(ctx, 0, &mlflow.RenameRunsRequest{Runs: named(a), Name: " "})
			return err
		},
		"move": func() error {
			in := named(a, b)
			_, _, err := s.MoveRuns(ctx, 0, other, &in)
			return err
		},
	} {
		if err := call(); !errors.Is(err, mlflow.InvalidParameterValue) {
			t.Errorf("%s: %v", name, err)
		}
	}
	run := must(s.Run(ctx, a))(t)
	if run.Info.LifecycleStage != mlflow.StageActive || run.Info.RunName != "new-1 a" || run.Info.ExperimentID != "0" ||
		tag(a, "k") != "1" {
		t.Errorf("after failures: %+v", run)
	}
	all := mlflow.RunSelection{All: true, RunViewType: mlflow.ViewDeleted, Filter: "params.name = 'b'"}
	if ids := must(s.RestoreRuns(ctx, 0, &all))(t); len(ids) != 1 || ids[0] != b {
		t.Errorf("restored %v", ids)
	}
}

func moveRuns(t *testing.T, s *store.Store) {
	ctx := t.Context()
	target := must(s.CreateExperiment(ctx, "target", "", nil))(t)
	first, second, stays := newRun(t, s, 0, 1), newRun(t, s, 0, 2), newRun(t, s, 0, 3)
	data := func(name string) []mlflow.DatasetInput {
		return []mlflow.DatasetInput{{
			Dataset: &mlflow.Dataset{Name: name, Digest: "1", SourceType: "local", Source: "{}", Schema: "s"},
			Tags:    []mlflow.InputTag{{Key: "mlflow.data.context", Value: "train"}},
		}}
	}
	there := newRun(t, s, target, 4)
	for run, names := range map[string][]string{first: {"x", "y"}, second: {"x"}, stays: {"x"}, there: {"y"}} {
		for _, name := range names {
			if err := s.LogInputs(ctx, run, data(name), nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	model := must(s.CreateLoggedModel(ctx, 0, &mlflow.CreateLoggedModelRequest{
		Name: "m", SourceRunID: first, Params: []mlflow.Param{{Key: "p", Value: "1"}},
		Tags: []mlflow.Tag{{Key: "t", Value: "1"}},
	}))(t).Info.ModelID
	before := must(s.Run(ctx, first))(t)
	in := named(first, second)
	runs, models, err := s.MoveRuns(ctx, 0, target, &in)
	if err != nil || len(runs) != 2 || len(models) != 1 || models[0] != model {
		t.Fatalf("moved %v and %v: %v", runs, models, err)
	}
	after := must(s.Run(ctx, first))(t)
	used, had, id := after.Inputs.DatasetInputs, before.Inputs.DatasetInputs, strconv.FormatInt(target, 10)
	if after.Info.ExperimentID != id || after.Info.ArtifactURI != before.Info.ArtifactURI ||
		len(used) != 2 || *used[0].Dataset != *had[0].Dataset || len(used[0].Tags) != 1 {
		t.Errorf("after the move: %+v %+v", after.Info, after.Inputs)
	}
	if m := must(s.LoggedModel(ctx, model, false))(t); m.Info.ExperimentID != id || len(m.Info.Tags) != 1 {
		t.Errorf("the model: %+v", m.Info)
	}
	for experiment, want := range map[int64]int{0: 1, target: 2} {
		if list := must(s.DatasetSummaries(ctx, []int64{experiment}))(t); len(list) != want {
			t.Errorf("datasets of %d: %+v", experiment, list)
		}
	}
	if err := s.DeleteExperiment(ctx, target); err != nil {
		t.Fatal(err)
	}
	in = named(stays)
	if _, _, err := s.MoveRuns(ctx, 0, target, &in); !errors.Is(err, mlflow.InvalidParameterValue) {
		t.Errorf("to a deleted experiment: %v", err)
	}
}

// moveAtOnce checks that of several moves of one run at the same time, one succeeds.
func moveAtOnce(t *testing.T, s *store.Store) {
	ctx := t.Context()
	runs := []string{newRun(t, s, 0, 1), newRun(t, s, 0, 2)}
	var targets []int64
	for i := range 6 {
		targets = append(targets, must(s.CreateExperiment(ctx, fmt.Sprint("target ", i), "", nil))(t))
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	moved := 0
	for _, target := range targets {
		all.Go(func() {
			in := named(runs...)
			if _, _, err := s.MoveRuns(ctx, 0, target, &in); err == nil {
				mu.Lock()
				moved++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	a, b := must(s.RunInfo(ctx, runs[0]))(t), must(s.RunInfo(ctx, runs[1]))(t)
	if moved != 1 || a.ExperimentID != b.ExperimentID || a.ExperimentID == "0" {
		t.Errorf("%d moves succeeded: %s %s", moved, a.ExperimentID, b.ExperimentID)
	}
}
