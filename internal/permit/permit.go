// Package permit checks whether the user of a request may do what its route does.
//
// Every route has a Rule, which finds the resources of a request and asks the grants of
// package access. On a server without users, everybody may do everything.
package permit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/mlflow"
)

// ErrDenied is the error of a request that the user may not send. It is the same for
// resources that do not exist, so that it does not tell which ones exist.
var ErrDenied = mlflow.Errorf(mlflow.PermissionDenied, "Permission denied")

// Rule decides who may use a route. The zero Rule is not valid: mounting it panics.
type Rule struct {
	name    string
	public  bool
	audited bool
	// bind returns the check for requests that are decoded to a type.
	bind func(req reflect.Type) (func(*Checker, any) error, error)
	// plain is the check for requests that are not decoded.
	plain func(*Checker, *http.Request) error
	// in returns the same rule for another field of the request.
	in func(field string) Rule
}

// Public is the rule of routes that need no user, such as those of health and version.
var Public = Rule{name: "public", public: true}

// User is the rule of routes that every user may use, because they tell nothing about a
// resource.
var User = everyRequest("user", func(*Checker) error { return nil })

// Filtered is the rule of routes that every user may use and that return only what the
// user may read.
var Filtered = everyRequest("filtered", func(*Checker) error { return nil })

// Admin is the rule of routes for administrators of the server.
var Admin = everyRequest("admin", (*Checker).Admin)

func everyRequest(name string, check func(*Checker) error) Rule {
	return Rule{
		name: name,
		bind: func(reflect.Type) (func(*Checker, any) error, error) {
			return func(c *Checker, _ any) error { return check(c) }, nil
		},
		plain: func(c *Checker, _ *http.Request) error { return check(c) },
	}
}

// For returns a rule for requests that are decoded to Req.
func For[Req any](name string, check func(*Checker, *Req) error) Rule {
	return Rule{name: name, bind: func(t reflect.Type) (func(*Checker, any) error, error) {
		if t != reflect.TypeFor[Req]() {
			return nil, fmt.Errorf("the rule %s is for %v, not for %v", name, reflect.TypeFor[Req](), t)
		}
		return func(c *Checker, in any) error { return check(c, in.(*Req)) }, nil
	}}
}

// ForRequest returns a rule for requests that are not decoded. The check must not read
// the body.
func ForRequest(name string, check func(*Checker, *http.Request) error) Rule {
	return Rule{name: name, plain: check}
}

// byField returns a rule that passes the value of a field of the request to check.
func byField(name, field string, check func(*Checker, string) error) Rule {
	r := Rule{name: name, in: func(other string) Rule { return byField(name, other, check) }}
	r.bind = func(t reflect.Type) (func(*Checker, any) error, error) {
		f, found := t.FieldByName(field)
		if !found || f.Type.Kind() != reflect.String {
			return nil, fmt.Errorf("the rule %s needs the field %s, which %v does not have", name, field, t)
		}
		return func(c *Checker, in any) error {
			return check(c, reflect.ValueOf(in).Elem().FieldByIndex(f.Index).String())
		}, nil
	}
	return r
}

// In returns the rule for requests that name the resource in another field than usual.
func (r Rule) In(field string) Rule {
	other := r.in(field)
	other.audited = r.audited
	return other
}

func (r Rule) String() string { return r.name }

// Audited returns the rule for a route whose requests are recorded in the audit log.
func (r Rule) Audited() Rule {
	r.audited = true
	return r
}

// IsAudited reports whether requests are recorded in the audit log.
func (r Rule) IsAudited() bool { return r.audited }

// Public reports whether the rule needs no user.
func (r Rule) Public() bool { return r.public }

// Bind returns the check for requests that are decoded to Req. It panics if the rule
// does not apply to such requests, which is a mistake in the program.
func Bind[Req any](r Rule, owners Owners) func(context.Context, *Req) error {
	if r.public {
		return func(context.Context, *Req) error { return nil }
	}
	if r.bind == nil {
		panic(fmt.Sprintf("permit: the rule %q does not apply to requests that are decoded", r.name))
	}
	check, err := r.bind(reflect.TypeFor[Req]())
	if err != nil {
		panic("permit: " + err.Error())
	}
	return func(ctx context.Context, in *Req) error {
		return current(ctx, func() error { return check(New(ctx, owners), in) })
	}
}

// BindPlain returns the check for requests that are not decoded. It panics if the rule
// does not apply to such requests.
func BindPlain(r Rule, owners Owners) func(*http.Request) error {
	if r.public {
		return func(*http.Request) error { return nil }
	}
	if r.plain == nil {
		panic(fmt.Sprintf("permit: the rule %q does not apply to requests that are not decoded", r.name))
	}
	return func(req *http.Request) error {
		ctx := req.Context()
		return current(ctx, func() error { return r.plain(New(ctx, owners), req) })
	}
}

// Current runs a check that depends on more than the request.
func Current(ctx context.Context, owners Owners, check func(*Checker) error) error {
	return current(ctx, func() error { return check(New(ctx, owners)) })
}

// current runs a check and, if it denies the request, again with the current grants.
func current(ctx context.Context, check func() error) error {
	err := check()
	if !errors.Is(err, ErrDenied) {
		return err
	}
	refreshed, refreshErr := access.Refresh(ctx)
	if refreshErr != nil {
		return refreshErr
	}
	if refreshed {
		err = check()
	}
	return err
}

// Owners finds the resources that contain others.
type Owners interface {
	// HasExperiment reports whether an experiment exists.
	HasExperiment(ctx context.Context, id string) (bool, error)
	// ExperimentName returns the name of an experiment, and whether it exists.
	ExperimentName(ctx context.Context, id string) (name string, found bool, err error)
	// ExperimentNamed returns the id of an experiment, or "" if there is no such one.
	ExperimentNamed(ctx context.Context, name string) (string, error)
	// ExperimentOfRun returns the id of a run's experiment, or "" if there is no such run.
	ExperimentOfRun(ctx context.Context, id string) (string, error)
	// ExperimentOfModel returns the id of a logged model's experiment, or "" if there is
	// no such model.
	ExperimentOfModel(ctx context.Context, id string) (string, error)
	// ExperimentOfTrace returns the id of a trace's experiment, or "" if there is no such
	// trace.
	ExperimentOfTrace(ctx context.Context, id string) (string, error)
	// ExperimentsOfDataset returns the ids of the experiments of an evaluation dataset. There
	// are none if there is no such dataset.
	ExperimentsOfDataset(ctx context.Context, id string) ([]string, error)
	// ExperimentOfSchema returns the id of the experiment of a schema of labels, or "" if there
	// is no such schema.
	ExperimentOfSchema(ctx context.Context, id string) (string, error)
	// KindOfModel returns access.RegisteredModel or access.Prompt, or "" if no model of
	// the registry has the name.
	KindOfModel(ctx context.Context, name string) (access.Type, error)
	// Moved forgets the experiments of runs and logged models that were moved to another.
	Moved(runs, models []string)
}
