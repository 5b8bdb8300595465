package accounts_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/mlflow"
)

func TestRoles(t *testing.T) {
	onAll(t, func(t *testing.T, s store) {
		ctx := t.Context()
		text := "reads"
		role := must(s.CreateRole(ctx, "default", "readers", &text))(t)
		other := must(s.CreateRole(ctx, "team-a", "readers", nil))(t)
		must(s.CreateRole(ctx, "default", "Readers", nil))(t)
		p := must(s.AddPermission(ctx, role.ID, access.Experiment, "7", access.Read))(t)
		must(s.AddPermission(ctx, role.ID, access.Run, access.Any, access.Deny))(t)
		must(s.AddPermission(ctx, other.ID, access.Workspace, access.Any, access.Manage))(t)
		got := must(s.Role(ctx, role.ID))(t)
		if got.Name != "readers" || *got.Description != text || len(got.Permissions) != 2 || got.Permissions[0] != *p {
			t.Errorf("%+v", got)
		}
		if got := must(s.RoleNamed(ctx, "team-a", "readers"))(t); got.ID != other.ID || got.Description != nil {
			t.Errorf("%+v", got)
		}
		for want, workspaces := range map[int][]string{3: nil, 0: {}, 1: {"team-a"}, 2: {"default", "none"}} {
			if list := must(s.Roles(ctx, workspaces))(t); len(list) != want {
				t.Errorf("%d roles in %q, want %d", len(list), workspaces, want)
			}
		}
		name, empty := "writers", ""
		if got := must(s.UpdateRole(ctx, role.ID, &name, nil))(t); got.Name != name || *got.Description != text {
			t.Errorf("%+v", got)
		}
		must(s.UpdateRole(ctx, role.ID, &name, &empty))(t)
		if got := must(s.Role(ctx, role.ID))(t); got.Name != name || *got.Description != "" || len(got.Permissions) != 2 {
			t.Errorf("%+v", got)
		}
		s.user("ann")
		must(s.Assign(ctx, "ann", role.ID))(t)
		if err := s.DeleteRole(ctx, role.ID); err != nil {
			t.Fatal(err)
		}
		_, err := s.Role(ctx, role.ID)
		wantCode(t, err, mlflow.ResourceDoesNotExist)
		_, err = s.Permission(ctx, p.ID)
		wantCode(t, err, mlflow.ResourceDoesNotExist)
		if roles := must(s.RolesOf(ctx, "ann"))(t); len(roles) != 0 {
			t.Errorf("%+v", roles)
		}
	})
}

func TestRoleErrors(t *testing.T) {
	t.Parallel()
	s := open(t, dbtest.NewFile(t))
	ctx := t.Context()
	first, second := s.role("first"), s.role("second")
	create := func(workspace, name, description string) error {
		_, err := s.CreateRole(ctx, workspace, name, &description)
		return err
	}
	rename := func(id int64, name string) error {
		_, err := s.UpdateRole(ctx, id, &name, nil)
		return err
	}
	long := strings.Repeat("x", 1025)
	const exists, bad, none = mlflow.ResourceAlreadyExists, mlflow.InvalidParameterValue, mlflow.ResourceDoesNotExist
	for _, test := range []struct {
		err     error
		code    mlflow.ErrorCode
		message string
	}{
		{create("default", "first", ""), exists, "Role (name=first, workspace=default) already exists."},
		{rename(second.ID, "first"), exists, "Role (name=first, workspace=default) already exists."},
		{rename(first.ID, "first"), "", ""},
		{create("default", " ", ""), bad, "Role name cannot be empty."},
		{create("\t", "x", ""), bad, "Workspace cannot be empty."},
		{create("default", "__user_x", ""), bad, "Role name '__user_x' is reserved: names that begin with '__user_' hold the grants of single users."},
		{rename(first.ID, "__user_1__"), bad, "Role name '__user_1__' is reserved: names that begin with '__user_' hold the grants of single users."},
		{create("default", long[:256], ""), bad, "Role name has 256 characters, and at most 255 are allowed."},
		{create(long[:64], "x", ""), bad, "Workspace has 64 characters, and at most 63 are allowed."},
		{create("default", "x", long), bad, "Role description has 1025 characters, and at most 1024 are allowed."},
		{rename(99, "x"), none, "Role with id=99 not found"},
		{s.DeleteRole(ctx, 99), none, "Role with id=99 not found"},
	} {
		if test.code == "" {
			if test.err != nil {
				t.Error(test.err)
			}
			continue
		}
		wantError(t, test.err, test.code, test.message)
	}
}

func TestRolePermissions(t *testing.T) {
	onAll(t, func(t *testing.T, s store) {
		ctx := t.Context()
		role := s.role("r")
		p := must(s.AddPermission(ctx, role.ID, access.RegisteredModel, "Model", access.Read))(t)
		must(s.AddPermission(ctx, role.ID, access.RegisteredModel, "model", access.Edit))(t)
		_, err := s.AddPermission(ctx, role.ID, access.RegisteredModel, "Model", access.Use)
		wantCode(t, err, mlflow.ResourceAlreadyExists)
		_, err = s.AddPermission(ctx, role.ID+9, access.RegisteredModel, "Model", access.Use)
		wantCode(t, err, mlflow.ResourceDoesNotExist)
		if got := must(s.SetPermission(ctx, p.ID, access.Manage))(t); got.Permission != access.Manage || got.RoleID != role.ID {
			t.Errorf("%+v", got)
		}
		if got := must(s.Permission(ctx, p.ID))(t); got.Permission != access.Manage || got.ResourcePattern != "Model" {
			t.Errorf("%+v", got)
		}
		_, err = s.SetPermission(ctx, p.ID, access.NoPermissions)
		wantCode(t, err, mlflow.InvalidParameterValue)
		if err := s.RemovePermission(ctx, p.ID); err != nil {
			t.Fatal(err)
		}
		wantCode(t, s.RemovePermission(ctx, p.ID), mlflow.ResourceDoesNotExist)
		_, err = s.SetPermission(ctx, p.ID, access.Read)
		wantCode(t, err, mlflow.ResourceDoesNotExist)
		if got := must(s.Role(ctx, role.ID))(t); len(got.Permissions) != 1 || got.Permissions[0].ResourcePattern != "model" {
			t.Errorf("%+v", got)
		}
	})
}

// The table is that of MLflow 3.17.
func TestPossibleGrants(t *testing.T) {
	t.Parallel()
	s := open(t, dbtest.NewFile(t))
	role := s.role("r")
	s.user("ann")
	for _, resource := range append([]access.Type{"", "model", "*"}, access.Types...) {
		for _, pattern := range []string{"", "*", "1", "team-*", strings.Repeat("x", 255), strings.Repeat("x", 256), "a\x00"} {
			for _, p := range append([]access.Permission{"", "read", "ADMIN"}, access.Permissions...) {
				want := resource.Valid() && p.Valid() && p != access.NoPermissions
				want = want && (pattern == "*" || !resource.OnlyAny() && pattern != "" && len(pattern) < 256 && pattern != "a\x00")
				want = want && (resource != access.Workspace || p == access.Use || p == access.Manage)
				added, err := s.AddPermission(t.Context(), role.ID, resource, pattern, p)
				if (err == nil) != want {
					t.Errorf("adding %s on %q of %q: %v, want success: %v", p, pattern, resource, err, want)
				}
				if err != nil {
					wantCode(t, err, mlflow.InvalidParameterValue)
				} else if err := s.RemovePermission(t.Context(), added.ID); err != nil {
					t.Error(err)
				}
				if err := s.SetGrant(t.Context(), "ann", resource, pattern, p); (err == nil) != want {
					t.Errorf("setting %s on %q of %q: %v, want success: %v", p, pattern, resource, err, want)
				}
			}
		}
	}
}

func TestAssignments(t *testing.T) {
	onAll(t, func(t *testing.T, s store) {
		ctx := t.Context()
		ann, bob := s.user("ann"), s.user("bob")
		role := s.role("r")
		a := must(s.Assign(ctx, "bob", role.ID))(t)
		if *a != (accounts.Assignment{ID: a.ID, UserID: bob.ID, RoleID: role.ID}) || a.ID == 0 {
			t.Errorf("%+v", a)
		}
		must(s.Assign(ctx, "ann", role.ID))(t)
		_, err := s.Assign(ctx, "ann", role.ID)
		wantCode(t, err, mlflow.ResourceAlreadyExists)
		_, err = s.Assign(ctx, "Ann", role.ID)
		wantCode(t, err, mlflow.ResourceDoesNotExist)
		_, err = s.Assign(ctx, "ann", role.ID+9)
		wantCode(t, err, mlflow.ResourceDoesNotExist)
		if list := must(s.Assignments(ctx, role.ID))(t); len(list) != 2 || list[0] != *a || list[1].UserID != ann.ID {
			t.Errorf("%+v", list)
		}
		_, err = s.Assignments(ctx, role.ID+9)
		wantCode(t, err, mlflow.ResourceDoesNotExist)
		s.grant("bob", access.Experiment, "1", access.Read)
		all := must(s.UsersWithRoles(ctx))(t)
		if len(all) != 2 || len(all[0].Roles) != 1 || len(all[1].Roles) != 2 || all[1].Roles[0].ID != role.ID {
			t.Errorf("%+v", all)
		}
		if err := s.Unassign(ctx, "bob", role.ID); err != nil {
			t.Fatal(err)
		}
		wantCode(t, s.Unassign(ctx, "bob", role.ID), mlflow.ResourceDoesNotExist)
		wantCode(t, s.Unassign(ctx, "eve", role.ID), mlflow.ResourceDoesNotExist)
		own := must(s.RolesOf(ctx, "bob"))(t)
		if len(own) != 1 {
			t.Fatalf("%+v", own)
		}
		_, err = s.Assign(ctx, "ann", own[0].ID)
		wantCode(t, err, mlflow.InvalidParameterValue)
		name := "shared"
		_, err = s.UpdateRole(ctx, own[0].ID, &name, nil)
		wantCode(t, err, mlflow.InvalidParameterValue)
		if p := s.permission("ann", access.Experiment, "1"); p != access.NoPermissions {
			t.Errorf("ann has %s", p)
		}
	})
}

// The pages and clients of MLflow read this JSON.
func TestJSON(t *testing.T) {
	t.Parallel()
	s := open(t, dbtest.NewFile(t))
	s.user("ann")
	role := s.role("r", "ann")
	want := func(v any, text string) {
		t.Helper()
		if got, err := json.Marshal(v); err != nil || string(got) != text {
			t.Errorf("%s %v\nwant %s", got, err, text)
		}
	}
	want(role, `{"id":1,"name":"r","workspace":"default","description":null,"permissions":[]}`)
	s.grant("ann", access.Experiment, "1", access.Edit)
	want(must(s.UsersWithRoles(t.Context()))(t), `[{"id":1,"username":"ann","is_admin":false,"roles":[`+
		`{"id":1,"name":"r","workspace":"default","description":null,"permissions":[]},`+
		`{"id":2,"name":"__user_1__","workspace":"default","description":null,"permissions":[`+
		`{"id":1,"role_id":2,"resource_type":"experiment","resource_pattern":"1","permission":"EDIT"}]}]}]`)
	want(must(s.GrantsOf(t.Context(), "ann"))(t), `[{"role_id":2,"role_name":"__user_1__","workspace":"default",`+
		`"resource_type":"experiment","resource_pattern":"1","permission":"EDIT"}]`)
	want(must(s.Assignments(t.Context(), 1))(t), `[{"id":1,"user_id":1,"role_id":1}]`)
	if err := s.DeleteUser(t.Context(), "ann"); err != nil {
		t.Fatal(err)
	}
	want(must(s.Users(t.Context()))(t), `[]`)
	want(must(s.UsersWithRoles(t.Context()))(t), `[]`)
	want(must(s.Assignments(t.Context(), 1))(t), `[]`)
	want(must(s.Roles(t.Context(), []string{"none"}))(t), `[]`)
}
