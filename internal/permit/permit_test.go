package permit_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/permit"
)

// owners knows experiment 7 with run r and model m, and the registered model model and
// the prompt prompt.
type owners struct{ err error }

func (o owners) HasExperiment(_ context.Context, id string) (bool, error) { return id == "7", o.err }

func (o owners) ExperimentName(_ context.Context, id string) (string, bool, error) {
	return "team-seven", id == "7", o.err
}

func (o owners) ExperimentNamed(_ context.Context, name string) (string, error) {
	return map[string]string{"seven": "7"}[name], o.err
}

func (o owners) ExperimentOfRun(_ context.Context, id string) (string, error) {
	return map[string]string{"r": "7"}[id], o.err
}

func (o owners) ExperimentOfModel(_ context.Context, id string) (string, error) {
	return map[string]string{"m": "7"}[id], o.err
}

func (o owners) ExperimentOfTrace(_ context.Context, id string) (string, error) {
	return map[string]string{"m": "7"}[id], o.err
}

func (o owners) ExperimentsOfDataset(_ context.Context, id string) ([]string, error) {
	return map[string][]string{"d": {"7"}, "both": {"7", "8"}}[id], o.err
}

func (o owners) ExperimentOfSchema(_ context.Context, id string) (string, error) {
	return map[string]string{"m": "7"}[id], o.err
}

func (o owners) KindOfModel(_ context.Context, name string) (access.Type, error) {
	return map[string]access.Type{"model": access.RegisteredModel, "prompt": access.Prompt}[name], o.err
}

type request struct{ ExperimentID, RunID, ModelID, DatasetID, Name, Path string }

func grantsOf(t access.Type, id string, p access.Permission) *access.Grants {
	g := &access.Grants{Default: access.NoPermissions}
	g.Add(access.Key{Type: t, ID: id}, p)
	return g
}

// TestSpellings checks that grants apply to every spelling of an experiment's id that
// handlers accept.
func TestSpellings(t *testing.T) {
	t.Parallel()
	denied := &access.Grants{Default: access.Read}
	denied.Add(access.Key{Type: access.Experiment, ID: "7"}, access.Deny)
	for _, id := range []string{"7", "07", "+7", " 7", "7\n"} {
		ctx := access.NewContext(t.Context(), denied, nil)
		c := permit.New(ctx, owners{})
		if err := c.Experiment(id, access.ToRead); !errors.Is(err, permit.ErrDenied) {
			t.Errorf("%q is read: %v", id, err)
		}
		if err := c.PartOf(id, access.Run, access.ToRead); !errors.Is(err, permit.ErrDenied) {
			t.Errorf("a run of %q is read: %v", id, err)
		}
		c = permit.New(access.NewContext(t.Context(), grantsOf(access.Experiment, "7", access.Read), nil), owners{})
		if err := c.Experiment(id, access.ToRead); err != nil {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	const exp, rm, prompt = access.Experiment, access.RegisteredModel, access.Prompt
	for name, c := range map[string]struct {
		rule   permit.Rule
		in     request
		grants *access.Grants
		want   bool
	}{
		"an experiment":               {permit.Experiment(access.ToUpdate), request{ExperimentID: "7"}, grantsOf(exp, "7", access.Edit), true},
		"an experiment, read only":    {permit.Experiment(access.ToUpdate), request{ExperimentID: "7"}, grantsOf(exp, "7", access.Read), false},
		"no such experiment":          {permit.Experiment(access.ToRead), request{ExperimentID: "8"}, grantsOf(exp, "7", access.Manage), false},
		"no such one of all":          {permit.Experiment(access.ToRead), request{ExperimentID: "8"}, grantsOf(exp, "*", access.Read), true},
		"no such one to change":       {permit.Experiment(access.ToUpdate), request{ExperimentID: "8"}, grantsOf(exp, "*", access.Manage), false},
		"no such one, an admin":       {permit.Experiment(access.ToRead), request{ExperimentID: "8"}, &access.Grants{Admin: true}, true},
		"no such one, without users":  {permit.Experiment(access.ToRead), request{ExperimentID: "8"}, nil, true},
		"by the name's prefix":        {permit.Experiment(access.ToUpdate), request{ExperimentID: "7"}, grantsOf(exp, "prefix:team-", access.Edit), true},
		"by another prefix":           {permit.Experiment(access.ToRead), request{ExperimentID: "7"}, grantsOf(exp, "prefix:Team-", access.Edit), false},
		"a run by a prefix":           {permit.Run(access.ToUpdate), request{RunID: "r"}, grantsOf(exp, "prefix:team-", access.Edit), true},
		"a model by a prefix":         {permit.Model(access.ToRead), request{Name: "model"}, grantsOf(rm, "prefix:mod", access.Read), true},
		"a run":                       {permit.Run(access.ToRead), request{RunID: "r"}, grantsOf(exp, "7", access.Read), true},
		"no such run":                 {permit.Run(access.ToRead), request{RunID: "x"}, grantsOf(exp, "*", access.Manage), false},
		"a new run":                   {permit.CreateIn(access.Run), request{ExperimentID: "7"}, grantsOf(exp, "7", access.Edit), true},
		"a new run, read only":        {permit.CreateIn(access.Run), request{ExperimentID: "7"}, grantsOf(exp, "7", access.Read), false},
		"a logged model":              {permit.LoggedModel(access.ToDelete), request{ModelID: "m"}, grantsOf(exp, "7", access.Manage), true},
		"a dataset":                   {permit.Dataset(access.ToUpdate), request{DatasetID: "d"}, grantsOf(exp, "7", access.Edit), true},
		"a dataset, read only":        {permit.Dataset(access.ToUpdate), request{DatasetID: "d"}, grantsOf(exp, "7", access.Read), false},
		"a dataset of two":            {permit.Dataset(access.ToRead), request{DatasetID: "both"}, grantsOf(exp, "7", access.Manage), false},
		"a dataset of none":           {permit.Dataset(access.ToRead), request{DatasetID: "x"}, grantsOf(exp, "*", access.Manage), false},
		"a registered model":          {permit.Model(access.ToRead), request{Name: "model"}, grantsOf(rm, "model", access.Read), true},
		"a prompt by another type":    {permit.Model(access.ToRead), request{Name: "prompt"}, grantsOf(rm, "prompt", access.Manage), false},
		"a prompt":                    {permit.Model(access.ToRead), request{Name: "prompt"}, grantsOf(prompt, "prompt", access.Read), true},
		"no such model":               {permit.Model(access.ToRead), request{Name: "x"}, grantsOf(rm, "model", access.Manage), false},
		"no such model of all":        {permit.Model(access.ToRead), request{Name: "x"}, grantsOf(rm, "*", access.Read), true},
		"no such model to change":     {permit.Model(access.ToUpdate), request{Name: "x"}, grantsOf(rm, "*", access.Manage), false},
		"no such model's version":     {permit.Version(access.ToRead), request{Name: "x"}, grantsOf(rm, "*", access.Manage), false},
		"in another field":            {permit.Version(access.ToRead).In("Path"), request{Path: "model", Name: "prompt"}, grantsOf(rm, "model", access.Read), true},
		"a whole experiment":          {permit.WholeExperiment, request{ExperimentID: "7"}, grantsOf(exp, "7", access.Manage), true},
		"a whole one with EDIT":       {permit.WholeExperiment, request{ExperimentID: "7"}, grantsOf(exp, "7", access.Edit), false},
		"an administrator's":          {permit.Admin, request{}, grantsOf(access.Workspace, "*", access.Manage), false},
		"an administrator's, of one":  {permit.Admin, request{}, &access.Grants{Admin: true}, true},
		"everybody's":                 {permit.User, request{}, &access.Grants{}, true},
		"a new experiment":            {permit.CreateExperiment, request{}, &access.Grants{}, true},
		"a new experiment, if denied": {permit.CreateExperiment, request{}, grantsOf(exp, "*", access.Deny), false},
	} {
		ctx := access.NewContext(t.Context(), c.grants, nil)
		err := permit.Bind[request](c.rule, owners{})(ctx, &c.in)
		if (err == nil) != c.want || err != nil && !errors.Is(err, permit.ErrDenied) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOutage checks that a request is not permitted if its owner cannot be found.
func TestOutage(t *testing.T) {
	t.Parallel()
	away := errors.New("the database is away")
	for _, rule := range []permit.Rule{
		permit.Experiment(access.ToRead), permit.Run(access.ToRead), permit.LoggedModel(access.ToRead),
		permit.Model(access.ToRead), permit.WholeModel, permit.WholeExperiment, permit.CreateIn(access.Run),
	} {
		ctx := access.NewContext(t.Context(), &access.Grants{Default: access.Manage}, nil)
		if err := permit.Bind[request](rule, owners{away})(ctx, &request{}); !errors.Is(err, away) {
			t.Errorf("%s: %v", rule, err)
		}
	}
}

// TestRefresh checks that a request is refused with current grants only.
func TestRefresh(t *testing.T) {
	t.Parallel()
	current := grantsOf(access.Experiment, "7", access.Edit)
	for name, c := range map[string]struct {
		refresh func(context.Context) (*access.Grants, error)
		want    error
	}{
		"granted in the meantime": {func(context.Context) (*access.Grants, error) { return current, nil }, nil},
		"still denied":            {func(context.Context) (*access.Grants, error) { return &access.Grants{}, nil }, permit.ErrDenied},
		"the database is away":    {func(context.Context) (*access.Grants, error) { return nil, http.ErrServerClosed }, http.ErrServerClosed},
		"cannot be refreshed":     {nil, permit.ErrDenied},
	} {
		ctx := access.NewContext(t.Context(), &access.Grants{Default: access.NoPermissions}, c.refresh)
		err := permit.Bind[request](permit.Run(access.ToUpdate), owners{})(ctx, &request{RunID: "r"})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && access.FromContext(ctx) != current {
			t.Errorf("%s: the handler gets the old grants", name)
		}
	}
}

// TestMismatches mounts rules on requests that they are not for.
func TestMismatches(t *testing.T) {
	t.Parallel()
	type other struct{ RunID int }
	for name, bind := range map[string]func(){
		"no field":                func() { permit.Bind[other](permit.Experiment(access.ToRead), owners{}) },
		"a field of a wrong type": func() { permit.Bind[other](permit.Run(access.ToRead), owners{}) },
		"another message": func() {
			permit.Bind[other](permit.For("x", func(*permit.Checker, *request) error { return nil }), owners{})
		},
		"not decoded": func() { permit.BindPlain(permit.Run(access.ToRead), owners{}) },
		"decoded": func() {
			permit.Bind[request](permit.ForRequest("x", func(*permit.Checker, *http.Request) error { return nil }), owners{})
		},
		"no rule": func() { permit.Bind[request](permit.Rule{}, owners{}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: the rule can be mounted", name)
				}
			}()
			bind()
		}()
	}
}

func TestPlainRules(t *testing.T) {
	t.Parallel()
	rule := permit.ForRequest("run", func(c *permit.Checker, r *http.Request) error {
		return c.Run(r.URL.Query().Get("run"), access.ToRead)
	})
	for query, want := range map[string]error{"?run=r": nil, "?run=x": permit.ErrDenied, "": permit.ErrDenied} {
		r := httptest.NewRequest(http.MethodGet, "/"+query, nil)
		r = r.WithContext(access.NewContext(r.Context(), grantsOf(access.Experiment, "7", access.Read), nil))
		if err := permit.BindPlain(rule, owners{})(r); !errors.Is(err, want) {
			t.Errorf("%q: %v", query, err)
		}
	}
}

func (o owners) Moved(_, _ []string) {}

// TestRecentAge checks that an owner is asked for again when it is old or forgotten.
func TestRecentAge(t *testing.T) {
	t.Parallel()
	asked := 0
	get := func(r *permit.Recent) int {
		if _, err := r.Get("run", func() (string, error) { asked++; return "owner", nil }); err != nil {
			t.Error(err)
		}
		return asked
	}
	r := permit.NewRecent(10, time.Hour)
	if get(r); get(r) != 1 {
		t.Errorf("asked %d times within the age", asked)
	}
	r.Forget([]string{"run", "another"})
	if get(r) != 2 {
		t.Errorf("asked %d times after it was forgotten", asked)
	}
	r = permit.NewRecent(10, time.Nanosecond)
	get(r)
	time.Sleep(time.Microsecond)
	if get(r) != 4 {
		t.Errorf("asked %d times for an old owner", asked)
	}
}

func TestRecent(t *testing.T) {
	t.Parallel()
	r := permit.NewRecent(100, 0)
	var mu sync.Mutex
	asked := map[string]int{}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 1000 {
				id := fmt.Sprint(i % 50)
				owner, err := r.Get(id, func() (string, error) {
					mu.Lock()
					defer mu.Unlock()
					asked[id]++
					return "owner of " + id, nil
				})
				if owner != "owner of "+id || err != nil {
					t.Errorf("%s: %s, %v", id, owner, err)
				}
			}
		})
	}
	all.Wait()
	for id, n := range asked {
		if n > 4 {
			t.Errorf("%s was asked for %d times", id, n)
		}
	}
	for range 2 { // What does not exist is not remembered.
		if owner, err := r.Get("nothing", func() (string, error) { return "", nil }); owner != "" || err != nil {
			t.Errorf("nothing: %s, %v", owner, err)
		}
	}
	if owner, _ := r.Get("nothing", func() (string, error) { return "new", nil }); owner != "new" {
		t.Errorf("created in the meantime: %q", owner)
	}
}
