package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/registry"
	"github.com/millrace-ml/millrace/mlflow"
)

var me = registry.Author{User: "me@example.org"}

func newModel(t *testing.T, s *store.Store, name string) {
	t.Helper()
	must(
		s.CreateRegisteredModel(t.Context(),
			&mlflow.CreateRegisteredModelRequest{Name: name, Tags: []mlflow.Tag{{Key: "of", Value: name}}}),
	)(t)
}

func newVersion(t *testing.T, s *store.Store, name string) string {
	t.Helper()
	v := must(
		s.CreateModelVersion(
			t.Context(),
			registry.NewVersion{Name: name, Source: "s3://b/k", Tags: []mlflow.Tag{{Key: "t", Value: "1"}}},
			me,
		),
	)(t)
	return v.Version
}

func versionsAtOnce(t *testing.T, s *store.Store) {
	const clients = 64
	newModel(t, s, "m")
	numbers := make([]int, clients)
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			v, err := s.CreateModelVersion(t.Context(), registry.NewVersion{Name: "m", Source: "s3://b/k"}, me)
			if err != nil {
				t.Error(err)
				return
			}
			numbers[i], _ = strconv.Atoi(v.Version)
		})
	}
	wg.Wait()
	slices.Sort(numbers)
	for i, n := range numbers {
		if n != i+1 {
			t.Fatalf("versions %v", numbers)
		}
	}
	log, _, err := s.RegistryChanges(t.Context(), "m", 1000, "")
	if err != nil || len(log) != clients {
		t.Errorf("%d entries in the log, %v", len(log), err)
	}
}

func modelsAtOnce(t *testing.T, s *store.Store) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	made := 0
	for range 32 {
		wg.Go(func() {
			_, err := s.CreateRegisteredModel(t.Context(), &mlflow.CreateRegisteredModelRequest{Name: "m"})
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
		t.Errorf("made %d times", made)
	}
}

func numbersAreNotGivenAgain(t *testing.T, s *store.Store) {
	ctx := t.Context()
	newModel(t, s, "m")
	newVersion(t, s, "m")
	if n := newVersion(t, s, "m"); n != "2" {
		t.Fatalf("version %s", n)
	}
	if err := s.SetModelAlias(ctx, "m", "champion", 2, me); err != nil {
		t.Fatal(err)
	}
	if _, err := s.DeleteModelVersion(ctx, "m", 2, me); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ModelVersionByAlias(ctx, "m", "champion"); !errors.Is(err, mlflow.InvalidParameterValue) {
		t.Errorf("an alias of a deleted version: %v", err)
	}
	if _, err := s.DownloadURI(ctx, "m", 2); !errors.Is(err, mlflow.ResourceDoesNotExist) {
		t.Errorf("the files of a deleted version: %v", err)
	}
	if n := newVersion(t, s, "m"); n != "3" {
		t.Errorf("version %s after one was deleted, want 3", n)
	}
	if v := must(s.HighestVersion(ctx, "m"))(t); v.Version != "3" {
		t.Errorf("the highest is %s", v.Version)
	}
}

func renameModel(t *testing.T, s *store.Store) {
	ctx := t.Context()
	newModel(t, s, "old")
	newModel(t, s, "taken")
	newVersion(t, s, "old")
	if err := s.SetModelAlias(ctx, "old", "champion", 1, me); err != nil {
		t.Fatal(err)
	}
	if _, err := s.RenameRegisteredModel(ctx, "old", "taken", me); !errors.Is(err, mlflow.ResourceAlreadyExists) {
		t.Errorf("to a taken name: %v", err)
	}
	m := must(s.RenameRegisteredModel(ctx, "old", "new", me))(t)
	if m.Name != "new" || len(m.Tags) != 1 || len(m.Aliases) != 1 || len(m.LatestVersions) != 1 ||
		m.LatestVersions[0].Name != "new" ||
		len(m.LatestVersions[0].Tags) != 1 {
		t.Errorf("%+v", m)
	}
	if v := must(s.ModelVersionByAlias(ctx, "new", "champion"))(t); v.Version != "1" || v.Name != "new" {
		t.Errorf("%+v", v)
	}
	if log, _, err := s.RegistryChanges(ctx, "new", 10, ""); err != nil || len(log) != 3 || log[0].From != "old" {
		t.Errorf("the log: %+v, %v", log, err)
	}
	if log, _, err := s.RegistryChanges(ctx, "old", 10, ""); err != nil || len(log) != 0 {
		t.Errorf("the old name's log: %+v, %v", log, err)
	}
	if _, err := s.DeleteRegisteredModel(ctx, "new", me); err != nil {
		t.Fatal(err)
	}
	newModel(t, s, "new")
	if m := must(s.RegisteredModel(ctx, "new"))(t); len(m.LatestVersions) != 0 || len(m.Aliases) != 0 || len(m.Tags) != 1 {
		t.Errorf("made again: %+v", m)
	}
}

// moveIsAllOrNothing checks that a request that fails for its alias changes no stage,
// that one that fails for its stage changes no alias, and that neither is logged.
func moveIsAllOrNothing(t *testing.T, s *store.Store) {
	ctx := t.Context()
	newModel(t, s, "m")
	for range 3 {
		newVersion(t, s, "m")
	}
	staging := registry.Move{Stage: mlflow.StageStaging, Archive: true}
	for n := int64(1); n <= 3; n++ {
		must(s.MoveVersion(ctx, "m", n, staging, me))(t)
	}
	if _, err := s.MoveVersion(ctx, "m", 9, staging, me); !errors.Is(err, mlflow.ResourceDoesNotExist) {
		t.Errorf("a version that is not there: %v", err)
	}
	var stages []string
	list, _, err := s.SearchModelVersions(ctx, 10, &mlflow.SearchModelVersionsRequest{OrderBy: []string{"version_number"}})
	for _, v := range list {
		stages = append(stages, v.CurrentStage)
	}
	if want := []string{"Archived", "Archived", "Staging"}; err != nil || !slices.Equal(stages, want) {
		t.Errorf("%v, %v", stages, err)
	}
	latest := must(s.LatestVersions(ctx, "m", []string{"Archived", "Staging", "None"}))(t)
	if len(latest) != 2 || latest[0].Version != "2" || latest[1].Version != "3" {
		t.Errorf("latest: %+v", latest)
	}
	log, _, err := s.RegistryChanges(ctx, "m", 100, "")
	if err != nil || len(log) != 3+3+2 {
		t.Errorf("%d entries, %v", len(log), err)
	}
}

func searchModelPages(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for i := range 7 {
		name := fmt.Sprintf("m%d", i)
		newModel(t, s, name)
		newVersion(t, s, name)
	}
	var got []string
	in := &mlflow.SearchRegisteredModelsRequest{Filter: "name LIKE 'm%' AND name != 'm3'", OrderBy: []string{"name DESC"}}
	for {
		page, next, err := s.SearchRegisteredModels(ctx, 2, in)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page {
			got = append(got, m.Name)
			if len(m.LatestVersions) != 1 || len(m.Tags) != 1 || m.Tags[0].Value != m.Name {
				t.Errorf("%+v", m)
			}
		}
		if in.PageToken = next; next == "" {
			break
		}
	}
	if want := []string{"m6", "m5", "m4", "m2", "m1", "m0"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
