package store_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/registry"
	"github.com/millrace-ml/millrace/internal/store/storetest"
	"github.com/millrace-ml/millrace/mlflow"
)

// visibleWorld has experiments, models and prompts with names that differ in details.
// Each experiment has a run, a logged model and a child of the run of the first one, and
// each model has a version.
type visibleWorld struct {
	*store.Store

	ids    map[string]string // of experiments, by name
	parent string
}

var visibleNames = []string{"team-a", "team-b", "Team-c", "tea", "tëam", "100%"}

func newVisibleWorld(t *testing.T, uri string) *visibleWorld {
	t.Helper()
	w := &visibleWorld{Store: storetest.Open(t, uri), ids: map[string]string{}}
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range visibleNames {
		id, err := w.CreateExperiment(ctx, name, "", nil)
		must(err)
		w.ids[name] = strconv.FormatInt(id, 10)
		var tags []mlflow.Tag
		if w.parent != "" {
			tags = []mlflow.Tag{{Key: "mlflow.parentRunId", Value: w.parent}}
		}
		run, err := w.CreateRun(ctx, id, &mlflow.CreateRunRequest{RunName: name, Tags: tags})
		must(err)
		if w.parent == "" {
			w.parent = run.Info.RunID
		}
		_, err = w.CreateLoggedModel(ctx, id, &mlflow.CreateLoggedModelRequest{Name: "of " + name})
		must(err)
		for _, kind := range []string{"m ", "p "} {
			in := &mlflow.CreateRegisteredModelRequest{Name: kind + name}
			if kind == "p " {
				in.Tags = []mlflow.Tag{{Key: "mlflow.prompt.is_prompt", Value: "true"}}
			}
			_, err = w.CreateRegisteredModel(ctx, in)
			must(err)
			_, err = w.CreateModelVersion(ctx, registry.NewVersion{Name: kind + name, Source: "x"}, registry.Author{User: "me"})
			must(err)
		}
	}
	return w
}

// searches returns what each search finds, as sorted lists of names.
func (w *visibleWorld) searches(ctx context.Context, t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	add := func(search, name string) { found[search] = append(found[search], name) }
	var ids []int64
	names := map[string]string{}
	for name, text := range w.ids {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
		names[text] = name
	}
	experiments, _, err := w.SearchExperiments(ctx, &mlflow.SearchExperimentsRequest{MaxResults: 100})
	for _, e := range experiments {
		if e.Name != "Default" {
			add("experiments", e.Name)
		}
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(err)
	runs, _, err := w.SearchRuns(ctx, ids, 100, &mlflow.SearchRunsRequest{})
	check(err)
	for _, r := range runs {
		add("runs", r.Info.RunName)
	}
	children, err := w.RunChildren(ctx, w.parent, 100)
	check(err)
	for _, r := range children {
		add("children", r.RunName)
	}
	activity, err := w.ExperimentActivity(ctx, ids)
	check(err)
	for _, a := range activity {
		add("activity", names[a.ExperimentID])
	}
	logged, _, err := w.SearchLoggedModels(ctx, ids, 100, &mlflow.SearchLoggedModelsRequest{})
	check(err)
	for _, m := range logged {
		add("logged models", strings.TrimPrefix(m.Info.Name, "of "))
	}
	for _, filter := range []string{"", "tag.`mlflow.prompt.is_prompt` = 'true'"} {
		models, _, err := w.SearchRegisteredModels(ctx, 100, &mlflow.SearchRegisteredModelsRequest{Filter: filter})
		check(err)
		for _, m := range models {
			add("models", m.Name)
		}
	}
	versions, _, err := w.SearchModelVersions(ctx, 100, &mlflow.SearchModelVersionsRequest{})
	check(err)
	for _, v := range versions {
		add("versions", v.Name)
	}
	changes, _, err := w.RegistryChanges(ctx, "", 100, "")
	check(err)
	for _, c := range changes {
		add("changes", c.Model)
	}
	for _, list := range found {
		slices.Sort(list)
	}
	return found
}

// TestVisible searches as users with all kinds of grants on every database.
func TestVisible(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, uri string) {
		w := newVisibleWorld(t, uri)
		all := strings.Join(visibleNames, " ")
		for name, c := range map[string]struct {
			least        access.Permission
			experiments  map[string]access.Permission // by name, * or prefix
			models       map[string]access.Permission
			prompts      map[string]access.Permission
			want         string // the experiments
			wantM, wantP string
		}{
			"everything": {least: access.Read, want: all, wantM: all, wantP: all},
			"nothing":    {least: access.NoPermissions},
			"nothing, and one denied": {
				least: access.NoPermissions, experiments: map[string]access.Permission{"team-a": access.Deny},
				models: map[string]access.Permission{"m team-a": access.Deny}, prompts: map[string]access.Permission{"p tea": access.Deny},
			},
			"one": {
				least: access.NoPermissions, experiments: map[string]access.Permission{"team-a": access.Read},
				models: map[string]access.Permission{"m team-b": access.Edit}, prompts: map[string]access.Permission{"p tea": access.Read},
				want: "team-a", wantM: "team-b", wantP: "tea",
			},
			"all but one": {
				least: access.Read, experiments: map[string]access.Permission{"team-a": access.Deny},
				models: map[string]access.Permission{"m team-b": access.Deny}, prompts: map[string]access.Permission{"p tea": access.Deny},
				want: "team-b Team-c tea tëam 100%", wantM: "team-a Team-c tea tëam 100%", wantP: "team-a team-b Team-c tëam 100%",
			},
			"a prefix": {
				least: access.NoPermissions, experiments: map[string]access.Permission{"prefix:team-": access.Read},
				models: map[string]access.Permission{"prefix:m Team": access.Read}, prompts: map[string]access.Permission{"prefix:p të": access.Read},
				want: "team-a team-b", wantM: "Team-c", wantP: "tëam",
			},
			"all but a prefix": {
				least: access.Read, experiments: map[string]access.Permission{"prefix:team-": access.Deny},
				models: map[string]access.Permission{"prefix:m t": access.Deny}, want: "Team-c tea tëam 100%", wantM: "Team-c 100%", wantP: all,
			},
			"a prefix and one": {
				least:       access.NoPermissions,
				experiments: map[string]access.Permission{"prefix:team-": access.Read, "team-b": access.Deny, "100%": access.Read},
				models:      map[string]access.Permission{"prefix:m team-": access.Read, "m tea": access.Read, "m team-a": access.Deny},
				want:        "team-a 100%", wantM: "team-b tea",
			},
			"other spellings": {
				least: access.NoPermissions, models: map[string]access.Permission{"M TEAM-A": access.Read, "m team-b ": access.Read, "m team-c": access.Read},
				prompts: map[string]access.Permission{"prefix:P": access.Read, "prefix:p TEAM": access.Read, "prefix:%": access.Read},
			},
			"hostile patterns": {
				least: access.NoPermissions, experiments: map[string]access.Permission{"prefix:%": access.Read, "1 OR 1=1": access.Read, "x": access.Read},
				models: map[string]access.Permission{"prefix:'": access.Read, "m %": access.Read},
			},
		} {
			g := &access.Grants{Default: c.least}
			add := func(t access.Type, list map[string]access.Permission) {
				for id, p := range list {
					if n, found := w.ids[id]; found && t == access.Experiment {
						id = n
					}
					g.Add(access.Key{Type: t, ID: id}, p)
				}
			}
			add(access.Experiment, c.experiments)
			add(access.RegisteredModel, c.models)
			add(access.Prompt, c.prompts)
			found := w.searches(access.NewContext(t.Context(), g, nil), t)
			experiments := words(c.want, "")
			models := append(words(c.wantM, "m "), words(c.wantP, "p ")...)
			children := slices.DeleteFunc(slices.Clone(experiments), func(name string) bool { return name == "team-a" })
			slices.Sort(models)
			for search, want := range map[string][]string{
				"experiments": experiments, "runs": experiments, "activity": experiments, "logged models": experiments,
				"children": children, "models": models, "versions": models, "changes": models,
			} {
				if !slices.Equal(slices.Compact(found[search]), want) {
					t.Errorf("%s: %s: %q, want %q", name, search, found[search], want)
				}
			}
		}
	})
}

func words(text, prefix string) (list []string) {
	for word := range strings.FieldsSeq(text) {
		list = append(list, prefix+word)
	}
	slices.Sort(list)
	return list
}

// TestVisibleParts denies all parts of a type.
func TestVisibleParts(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, uri string) {
		w := newVisibleWorld(t, uri)
		for part, hidden := range map[access.Type][]string{
			access.Run: {"runs", "children", "activity"}, access.LoggedModel: {"logged models"},
			access.RegisteredModelVersion: {}, access.PromptVersion: {},
		} {
			g := &access.Grants{Default: access.Read}
			g.Add(access.Key{Type: part, ID: access.Any}, access.Deny)
			found := w.searches(access.NewContext(t.Context(), g, nil), t)
			for search, list := range w.searches(t.Context(), t) {
				want := len(list)
				switch {
				case slices.Contains(hidden, search):
					want = 0
				case (search == "versions" || search == "changes") && strings.HasSuffix(string(part), "_version"):
					want /= 2
				}
				if len(found[search]) != want {
					t.Errorf("%s denied: %s: %v, want %d", part, search, found[search], want)
				}
			}
		}
	})
}

// TestManyGrants reads with more grants than a statement can have arguments.
func TestManyGrants(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, uri string) {
		w := newVisibleWorld(t, uri)
		for _, p := range []access.Permission{access.Read, access.Deny} {
			g := &access.Grants{Default: access.NoPermissions}
			if p == access.Deny {
				g.Default = access.Read
			}
			for i := range 70_000 {
				g.Add(access.Key{Type: access.Experiment, ID: strconv.Itoa(1_000_000 + i)}, p)
				g.Add(access.Key{Type: access.RegisteredModel, ID: fmt.Sprint("other ", i)}, p)
			}
			found := w.searches(access.NewContext(t.Context(), g, nil), t)
			if n := len(found["experiments"]); (n == 0) != (p == access.Read) {
				t.Errorf("%d experiments", n)
			}
		}
	})
}
