package storetest

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/registry"
	"github.com/millrace-ml/millrace/mlflow"
)

const catalogModel = "main.default.m"

// newPending creates a version of catalogModel whose files are at location.
func newPending(t *testing.T, s *store.Store, location string) *registry.CatalogVersion {
	t.Helper()
	return must(s.CreatePendingVersion(t.Context(),
		registry.NewVersion{Name: catalogModel, Source: "models:/m-1", Tags: []mlflow.Tag{{Key: "t", Value: "1"}}},
		registry.VersionFiles{Location: location, ModelID: "m-1", RunServer: "7"}, me))(t)
}

func pendingVersions(t *testing.T, s *store.Store) {
	ctx := t.Context()
	newModel(t, s, catalogModel)
	v := newPending(t, s, "mlflow-artifacts:/model-versions/1")
	if v.Version != "1" || v.Status != mlflow.VersionPending || v.UserID != me.User ||
		v.Location != "mlflow-artifacts:/model-versions/1" || v.ModelID != "m-1" || v.RunServer != "7" || len(v.Tags) != 1 {
		t.Errorf("%+v", v)
	}
	if err := s.SetModelAlias(ctx, catalogModel, "champion", 1, me); !errors.Is(err, mlflow.InvalidParameterValue) {
		t.Errorf("an alias of a version that is not finalized: %v", err)
	}
	move := registry.Move{Stage: mlflow.StageProduction}
	if _, err := s.MoveVersion(ctx, catalogModel, 1, move, me); !errors.Is(err, mlflow.InvalidParameterValue) {
		t.Errorf("a stage of a version that is not finalized: %v", err)
	}
	var wg sync.WaitGroup
	for range 16 { // Clients may repeat a request whose response they did not receive.
		wg.Go(func() {
			if v, err := s.FinalizeVersion(ctx, catalogModel, 1); err != nil || v.Status != mlflow.VersionReady {
				t.Errorf("%+v, %v", v, err)
			}
		})
	}
	wg.Wait()
	if err := s.SetModelAlias(ctx, catalogModel, "champion", 1, me); err != nil {
		t.Error(err)
	}
	if _, err := s.FinalizeVersion(ctx, catalogModel, 2); !errors.Is(err, mlflow.ResourceDoesNotExist) {
		t.Errorf("finalizing a version that does not exist: %v", err)
	}
	must(s.RenameRegisteredModel(ctx, catalogModel, "main.default.n", me))(t)
	renamed := must(s.CatalogVersion(ctx, "main.default.n", 1))(t)
	if renamed.Location != v.Location || renamed.ModelID != "m-1" || !slices.Equal(renamed.Aliases, []string{"champion"}) {
		t.Errorf("renamed: %+v", renamed)
	}
	// Nothing is created if the model does not exist.
	files := registry.VersionFiles{Location: "x:/1"}
	_, err := s.CreatePendingVersion(ctx, registry.NewVersion{Name: catalogModel}, files, me)
	if !errors.Is(err, mlflow.ResourceDoesNotExist) {
		t.Error(err)
	}
	newModel(t, s, catalogModel)
	newPending(t, s, "x:/1")
}

// filesOfVersions checks that the files of a version are released with the last version
// that refers to them.
func filesOfVersions(t *testing.T, s *store.Store) {
	ctx := t.Context()
	newModel(t, s, catalogModel)
	newModel(t, s, "copies")
	for _, location := range []string{"x:/1", "x:/2", "x:/3"} {
		newPending(t, s, location)
	}
	must(s.FinalizeVersion(ctx, catalogModel, 2))(t)
	must(s.CreateModelVersion(ctx, registry.NewVersion{Name: "copies", Source: "models:/" + catalogModel + "/2"}, me))(t)
	newVersion(t, s, "copies")
	var released []string
	for _, step := range []struct {
		what   string
		delete func() ([]string, error)
		want   []string
	}{
		{"a version", func() ([]string, error) { return s.DeleteModelVersion(ctx, catalogModel, 1, me) }, []string{"x:/1"}},
		{"a version with a copy", func() ([]string, error) { return s.DeleteModelVersion(ctx, catalogModel, 2, me) }, nil},
		{"files of others", func() ([]string, error) { return s.DeleteModelVersion(ctx, "copies", 2, me) }, nil},
		{"the model", func() ([]string, error) { return s.DeleteRegisteredModel(ctx, catalogModel, me) }, []string{"x:/3"}},
		{"the copy", func() ([]string, error) { return s.DeleteRegisteredModel(ctx, "copies", me) }, []string{"x:/2"}},
	} {
		unused, err := step.delete()
		if err != nil || !slices.Equal(unused, step.want) {
			t.Errorf("deleting %s releases %q, %v; want %q", step.what, unused, err, step.want)
		}
		released = append(released, unused...)
		for _, location := range []string{"x:/1", "x:/2", "x:/3"} {
			if has := must(s.HasVersionFiles(ctx, location))(t); has == slices.Contains(released, location) {
				t.Errorf("after deleting %s, the server owns the files at %s: %t", step.what, location, has)
			}
		}
	}
}

// copyOrDelete creates a copy of a version and deletes the version at the same time. The
// files must not be released if the copy exists.
func copyOrDelete(t *testing.T, s *store.Store) {
	ctx := t.Context()
	newModel(t, s, catalogModel)
	newModel(t, s, "copies")
	copied := 0
	for n := int64(1); n <= 20; n++ {
		location := "x:/" + string(rune('a'+n))
		newPending(t, s, location)
		must(s.FinalizeVersion(ctx, catalogModel, n))(t)
		source := "models:/" + catalogModel + "/" + newest(t, s)
		var wg sync.WaitGroup
		var unused []string
		var copyErr, deleteErr error
		wg.Go(func() {
			_, copyErr = s.CreateModelVersion(ctx, registry.NewVersion{Name: "copies", Source: source}, me)
		})
		wg.Go(func() { unused, deleteErr = s.DeleteModelVersion(ctx, catalogModel, n, me) })
		wg.Wait()
		if deleteErr != nil || copyErr != nil && !errors.Is(copyErr, mlflow.ResourceDoesNotExist) {
			t.Fatal(copyErr, deleteErr)
		}
		if (copyErr == nil) != (len(unused) == 0) {
			t.Fatalf("version %d: the copy: %v, files released: %q", n, copyErr, unused)
		}
		if copyErr == nil {
			copied++
		}
	}
	t.Logf("%d of 20 copies came first", copied)
}

func newest(t *testing.T, s *store.Store) string {
	t.Helper()
	return must(s.HighestVersion(t.Context(), catalogModel))(t).Version
}

func searchCatalog(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for _, name := range []string{
		"a.b.c", "a.b.d", "a.B.c", "a.bb.c", "A.b.c", "ä.b.c",
		"plain", "two.levels", "four.levels.a.b", "a..b", ".a.b", "a.b.",
	} {
		newModel(t, s, name)
		newVersion(t, s, name)
	}
	names := func(prefix string, limit int) (list []string) {
		for token := ""; ; {
			page, next, err := s.SearchCatalogModels(ctx, prefix, limit, token)
			if err != nil || len(page) > limit {
				t.Fatal(len(page), err)
			}
			for i := range page {
				list = append(list, page[i].Name)
			}
			if token = next; token == "" {
				slices.Sort(list)
				return list
			}
		}
	}
	for prefix, want := range map[string][]string{
		"":     {"A.b.c", "a.B.c", "a.b.c", "a.b.d", "a.bb.c", "ä.b.c"},
		"a.b.": {"a.b.c", "a.b.d"}, "a.B.": {"a.B.c"}, "ä.b.": {"ä.b.c"}, "a.%.": nil, "_.b.": nil, "none.b.": nil,
	} {
		if got := names(prefix, 2); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", prefix, got, want)
		}
	}
	list, _, err := s.SearchCatalogVersions(ctx, "", 100, &mlflow.SearchModelVersionsRequest{})
	if err != nil || len(list) != 6 {
		t.Errorf("%d versions, %v", len(list), err)
	}
	one := &mlflow.SearchModelVersionsRequest{Filter: "name='a.b.c'"}
	for name, in := range map[string]*mlflow.SearchModelVersionsRequest{"": one, "a.b.c": {}} {
		list, _, err = s.SearchCatalogVersions(ctx, name, 100, in)
		if err != nil || len(list) != 1 || list[0].Name != "a.b.c" {
			t.Errorf("%+v, %v", list, err)
		}
	}
}
