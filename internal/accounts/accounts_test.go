package accounts_test

import (
	"errors"
	"testing"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/mlflow"
)

const password = "a long password"

// store is a store whose methods may not fail in a test.
type store struct {
	*accounts.Store
	t *testing.T
}

func open(t *testing.T, uri string) store {
	t.Helper()
	s, err := accounts.Open(t.Context(), accounts.Options{URI: uri})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return store{s, t}
}

// onAll runs a test with an empty store on each database.
func onAll(t *testing.T, test func(t *testing.T, s store)) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, uri string) { test(t, open(t, uri)) })
}

func (s store) user(name string) *accounts.User {
	s.t.Helper()
	return must(s.CreateUser(s.t.Context(), name, password, false))(s.t)
}

func (s store) role(name string, members ...string) *accounts.Role {
	s.t.Helper()
	role := must(s.CreateRole(s.t.Context(), accounts.DefaultWorkspace, name, nil))(s.t)
	for _, m := range members {
		must(s.Assign(s.t.Context(), m, role.ID))(s.t)
	}
	return role
}

func (s store) grant(name string, resource access.Type, id string, p access.Permission) {
	s.t.Helper()
	if err := s.Grant(s.t.Context(), name, resource, id, p); err != nil {
		s.t.Fatal(err)
	}
}

// permission returns what a user may do with a resource if nothing is permitted by default.
func (s store) permission(name string, resource access.Type, id string) access.Permission {
	s.t.Helper()
	a := must(s.Account(s.t.Context(), name, access.NoPermissions))(s.t)
	return a.Grants.Permission(access.Key{Type: resource, ID: id})
}

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// wantError checks the code and the message of an error.
func wantError(t *testing.T, err error, code mlflow.ErrorCode, message string) {
	t.Helper()
	var e *mlflow.Error
	if !errors.As(err, &e) || e.Code != code || e.Message != message {
		t.Errorf("got the error %v, want %s: %s", err, code, message)
	}
}

func wantCode(t *testing.T, err error, code mlflow.ErrorCode) {
	t.Helper()
	if !errors.Is(err, code) {
		t.Errorf("got the error %v, want %s", err, code)
	}
}

// execute runs a statement as another program does, such as MLflow.
func execute(t *testing.T, uri, statement string, args ...any) {
	t.Helper()
	sqlDB, f, err := db.OpenSQL(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	defer sqlDB.Close()
	if _, err := sqlDB.ExecContext(t.Context(), f.Rewrite(statement, args), args...); err != nil {
		t.Fatal(err)
	}
}
