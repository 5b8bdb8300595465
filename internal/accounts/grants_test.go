package accounts_test

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/mlflow"
)

func TestGrants(t *testing.T) {
	onAll(t, func(t *testing.T, s store) {
		ctx := t.Context()
		s.user("ann")
		s.grant("ann", access.Experiment, "1", access.Read)
		wantError(t, s.Grant(ctx, "ann", access.Experiment, "1", access.Deny), mlflow.ResourceAlreadyExists,
			"Permission for user=ann on resource_type=experiment, resource_id=1 already exists.")
		s.grant("ann", access.Experiment, access.Any, access.Use)
		s.grant("ann", access.Run, access.Any, access.Deny)
		if p, granted, err := s.GrantOn(ctx, "ann", access.Experiment, "1"); p != access.Read || !granted || err != nil {
			t.Errorf("%s, %v, %v", p, granted, err)
		}
		if _, granted, err := s.GrantOn(ctx, "ann", access.Experiment, "2"); granted || err != nil {
			t.Errorf("%v, %v", granted, err)
		}
		for _, p := range []access.Permission{access.Manage, access.Edit} {
			if err := s.SetGrant(ctx, "ann", access.Experiment, "1", p); err != nil {
				t.Fatal(err)
			}
			if got := s.permission("ann", access.Experiment, "1"); got != p {
				t.Errorf("ann has %s, want %s", got, p)
			}
		}
		if err := s.Revoke(ctx, "ann", access.Experiment, "1"); err != nil {
			t.Fatal(err)
		}
		if got := s.permission("ann", access.Experiment, "1"); got != access.Use {
			t.Errorf("ann has %s", got)
		}
		wantError(t, s.Revoke(ctx, "ann", access.Experiment, "1"), mlflow.ResourceDoesNotExist,
			"Permission for user=ann on resource_type=experiment, resource_id=1 not found.")
		for _, err := range []error{
			s.Grant(ctx, "ann", access.Workspace, access.Any, access.Use),
			s.Grant(ctx, "ann", access.Experiment, "1", access.NoPermissions),
			s.Grant(ctx, "ann", access.Run, "1", access.Read),
			s.Revoke(ctx, "ann", access.Workspace, access.Any),
			s.Revoke(ctx, "ann", "model", "m"),
		} {
			wantCode(t, err, mlflow.InvalidParameterValue)
		}
		_, _, err := s.GrantOn(ctx, "bob", access.Experiment, "1")
		for _, err := range []error{
			err, s.Grant(ctx, "bob", access.Experiment, "1", access.Read), s.Revoke(ctx, "bob", access.Experiment, "1"),
			s.SetGrant(ctx, "bob", access.Experiment, "1", access.Read),
		} {
			wantError(t, err, mlflow.ResourceDoesNotExist, "User with username=bob not found")
		}
		if roles := must(s.Roles(ctx, nil))(t); len(roles) != 1 || len(roles[0].Permissions) != 2 {
			t.Errorf("%+v", roles)
		}
	})
}

// A database that another program has written may give the own role of a user to others.
func TestSharedOwnRole(t *testing.T) {
	t.Parallel()
	uri := dbtest.NewFile(t)
	s := open(t, uri)
	s.user("ann")
	bob := s.user("bob")
	s.grant("ann", access.Experiment, "1", access.Read)
	execute(t, uri, "INSERT INTO user_role_assignments (user_id, role_id) VALUES (?, 1)", bob.ID)
	wantError(t, s.Grant(t.Context(), "ann", access.Experiment, "2", access.Read), mlflow.InvalidParameterValue,
		"Role with id=1 is reserved for the grants of the user with id=1, but it is also assigned to the user with id=2. Unassign it first.")
	if err := s.Unassign(t.Context(), "bob", 1); err != nil {
		t.Fatal(err)
	}
	s.grant("ann", access.Experiment, "2", access.Read)
	if err := s.Unassign(t.Context(), "ann", 1); err != nil {
		t.Fatal(err)
	}
	s.grant("ann", access.Experiment, "3", access.Read)
	if held := must(s.GrantsOf(t.Context(), "ann"))(t); len(held) != 3 {
		t.Errorf("%+v", held)
	}
}

func TestHolders(t *testing.T) {
	onAll(t, func(t *testing.T, s store) {
		ctx := t.Context()
		s.user("ann")
		s.user("bob")
		team, admins := s.role("team", "ann", "bob"), s.role("admins")
		must(s.AddPermission(ctx, team.ID, access.Experiment, access.Any, access.Read))(t)
		must(s.AddPermission(ctx, admins.ID, access.Workspace, access.Any, access.Manage))(t)
		must(s.AddPermission(ctx, team.ID, access.Experiment, "2", access.Manage))(t)
		must(s.AddPermission(ctx, must(s.CreateRole(ctx, "other", "r", nil))(t).ID, access.Experiment, "1", access.Manage))(t)
		s.grant("ann", access.Experiment, "1", access.Edit)
		s.grant("bob", access.RegisteredModel, "1", access.Edit)
		own := must(s.GrantsOf(ctx, "ann"))(t)
		ownID := own[len(own)-1].RoleID
		s.grant("ann", access.Experiment, "prefix:team-", access.Read)
		s.grant("bob", access.Experiment, "prefix:team-y", access.Read)
		want := []accounts.Holder{
			{Role: "team", RoleID: team.ID, Members: []string{"ann", "bob"}, ResourceType: "experiment", ResourcePattern: "*", Permission: "READ"},
			{Username: "ann", RoleID: ownID, ResourceType: "experiment", ResourcePattern: "1", Permission: "EDIT"},
			{Username: "ann", RoleID: ownID, ResourceType: "experiment", ResourcePattern: "prefix:team-", Permission: "READ"},
			{Role: "admins", RoleID: admins.ID, ResourceType: "workspace", ResourcePattern: "*", Permission: "MANAGE"},
		}
		if got := must(s.Holders(ctx, access.Experiment, "1", "team-x"))(t); !reflect.DeepEqual(got, want) {
			t.Errorf("%+v\nwant %+v", got, want)
		}
		if got := must(s.Holders(ctx, access.Workspace, "*", ""))(t); !reflect.DeepEqual(got, want[3:]) {
			t.Errorf("%+v", got)
		}
		_, err := s.Holders(ctx, "model", "1", "")
		wantCode(t, err, mlflow.InvalidParameterValue)
	})
}

// TestPrefixes gives grants on prefixes of names.
func TestPrefixes(t *testing.T) {
	onAll(t, func(t *testing.T, s store) {
		s.user("ann")
		for resource, want := range map[access.Type]mlflow.ErrorCode{
			access.Experiment: "", access.RegisteredModel: "", access.Prompt: "", access.Scorer: mlflow.InvalidParameterValue,
			access.Run: mlflow.InvalidParameterValue, access.Workspace: mlflow.InvalidParameterValue,
		} {
			err := s.Grant(t.Context(), "ann", resource, "prefix:team-", access.Manage)
			if want == "" && err != nil || want != "" && !errors.Is(err, want) {
				t.Errorf("%s: %v", resource, err)
			}
		}
		wantCode(t, s.Grant(t.Context(), "ann", access.Experiment, "prefix:", access.Read), mlflow.InvalidParameterValue)
		a := must(s.Account(t.Context(), "ann", access.NoPermissions))(t)
		for key, want := range map[access.Key]access.Permission{
			{Type: access.RegisteredModel, ID: "team-x"}:            access.Manage,
			{Type: access.RegisteredModel, ID: "Team-x"}:            access.NoPermissions,
			{Type: access.Experiment, ID: "7", Name: "team-x"}:      access.Manage,
			{Type: access.Experiment, ID: "7", Name: "other"}:       access.NoPermissions,
			{Type: access.Experiment, ID: "team-x", Name: "other"}:  access.NoPermissions,
			{Type: access.RegisteredModel, ID: "prefix:team-other"}: access.NoPermissions,
		} {
			if got := a.Grants.Permission(key); got != want {
				t.Errorf("%+v: %s", key, got)
			}
		}
	})
}

func TestChangeGrant(t *testing.T) {
	onAll(t, func(t *testing.T, s store) {
		ctx := t.Context()
		s.user("ann")
		s.grant("ann", access.Experiment, "1", access.Read)
		if err := s.ChangeGrant(ctx, "ann", access.Experiment, "1", access.Deny); err != nil {
			t.Error(err)
		}
		if p, granted, err := s.GrantOn(ctx, "ann", access.Experiment, "1"); p != access.Deny || !granted || err != nil {
			t.Errorf("%s, %t, %v", p, granted, err)
		}
		wantCode(t, s.ChangeGrant(ctx, "ann", access.Experiment, "2", access.Read), mlflow.ResourceDoesNotExist)
		wantCode(t, s.ChangeGrant(ctx, "bob", access.Experiment, "1", access.Read), mlflow.ResourceDoesNotExist)
		wantCode(t, s.ChangeGrant(ctx, "ann", access.Experiment, "1", access.NoPermissions), mlflow.InvalidParameterValue)
	})
}

// TestGrantsOnAllStay renames and deletes a resource whose id is that of all resources.
func TestGrantsOnAllStay(t *testing.T) {
	onAll(t, func(t *testing.T, s store) {
		ctx := t.Context()
		const model = access.RegisteredModel
		s.user("ann")
		s.grant("ann", model, access.Any, access.Edit)
		s.grant("ann", model, "m", access.Manage)
		for _, err := range []error{
			s.Rename(ctx, model, access.Any, "n"), s.Rename(ctx, model, "m", access.Any), s.Forget(ctx, model, access.Any),
		} {
			if err != nil {
				t.Error(err)
			}
		}
		for id, want := range map[string]access.Permission{access.Any: access.Edit, "m": access.Manage} {
			if p, _, err := s.GrantOn(ctx, "ann", model, id); p != want || err != nil {
				t.Errorf("%s: %s, %v", id, p, err)
			}
		}
		if _, granted, err := s.GrantOn(ctx, "ann", model, "n"); granted || err != nil {
			t.Errorf("a grant on all became one on n, %v", err)
		}
	})
}

func TestRenameAndForget(t *testing.T) {
	onAll(t, func(t *testing.T, s store) {
		ctx := t.Context()
		const model = access.RegisteredModel
		for name, grants := range map[string][2]access.Permission{
			"moved": {access.Edit, ""}, "higher": {access.Read, access.Manage}, "lower": {access.Manage, access.Read},
			"denied": {access.Manage, access.Deny}, "present": {"", access.Use},
		} {
			s.user(name)
			for i, id := range []string{"old", "new"} {
				if grants[i] != "" {
					s.grant(name, model, id, grants[i])
				}
			}
		}
		s.grant("moved", model, "OLD", access.Use)
		s.grant("moved", access.Prompt, "old", access.Use)
		role := s.role("team", "moved")
		must(s.AddPermission(ctx, role.ID, model, "old", access.Read))(t)
		if err := s.Rename(ctx, model, "old", "new"); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]access.Permission{
			"moved": access.Edit, "higher": access.Manage, "lower": access.Manage, "denied": access.Deny, "present": access.Use,
		} {
			if got := s.permission(name, model, "new"); got != want {
				t.Errorf("%s has %s, want %s", name, got, want)
			}
			if _, granted, err := s.GrantOn(ctx, name, model, "old"); granted || err != nil {
				t.Errorf("%s has a grant on the old name, %v", name, err)
			}
		}
		if err := s.Forget(ctx, model, "new"); err != nil {
			t.Fatal(err)
		}
		if got := s.permission("denied", model, "new"); got != access.NoPermissions {
			t.Errorf("denied has %s", got)
		}
		held := must(s.GrantsOf(ctx, "moved"))(t)
		if len(held) != 3 {
			t.Errorf("%+v", held)
		}
		wantCode(t, s.Rename(ctx, model, "new", ""), mlflow.InvalidParameterValue)
	})
}

// Two servers share the database.
func TestConcurrentGrants(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, uri string) {
		stores := []store{open(t, uri), open(t, uri)}
		for i := range 5 {
			name := fmt.Sprint("user", i)
			stores[0].user(name)
			var created [8]error
			var wait sync.WaitGroup
			for n := range created {
				s := stores[n%2]
				wait.Go(func() { created[n] = s.Grant(t.Context(), name, access.Experiment, "1", access.Read) })
				wait.Go(func() {
					if err := s.SetGrant(t.Context(), name, access.Experiment, "2", access.Edit); err != nil {
						t.Error(err)
					}
				})
				wait.Go(func() {
					if err := s.Grant(t.Context(), name, access.RegisteredModel, fmt.Sprint(n), access.Edit); err != nil {
						t.Error(err)
					}
				})
			}
			wait.Wait()
			succeeded := 0
			for _, err := range created {
				if err == nil {
					succeeded++
				} else if !errors.Is(err, mlflow.ResourceAlreadyExists) {
					t.Error(err)
				}
			}
			roles := must(stores[0].RolesOf(t.Context(), name))(t)
			if succeeded != 1 || len(roles) != 1 || len(roles[0].Permissions) != 2+len(created) {
				t.Fatalf("%d grants succeeded, roles %+v", succeeded, roles)
			}
		}
	})
}

func TestConcurrentUsersAndRoles(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, uri string) {
		stores := []store{open(t, uri), open(t, uri)}
		var users, roles, deleted [4]error
		var wait sync.WaitGroup
		each := func(errs []error, do func(s store) error) {
			for n := range errs {
				wait.Go(func() { errs[n] = do(stores[n%2]) })
			}
		}
		each(users[:], func(s store) error {
			_, err := s.CreateUser(t.Context(), "ann", password, false)
			return err
		})
		each(roles[:], func(s store) error {
			_, err := s.CreateRole(t.Context(), "default", "r", nil)
			return err
		})
		wait.Wait()
		wantOne(t, users[:], mlflow.ResourceAlreadyExists)
		wantOne(t, roles[:], mlflow.ResourceAlreadyExists)
		for i := range 20 { // Grants meet the deletion of the user.
			name := fmt.Sprint("user", i)
			stores[0].user(name)
			var granted [4]error
			each(granted[:], func(s store) error {
				return s.SetGrant(t.Context(), name, access.Experiment, "1", access.Read)
			})
			each(deleted[:], func(s store) error { return s.DeleteUser(t.Context(), name) })
			wait.Wait()
			wantOne(t, deleted[:], mlflow.ResourceDoesNotExist)
			for _, err := range granted {
				if err != nil && !errors.Is(err, mlflow.ResourceDoesNotExist) {
					t.Error(err)
				}
			}
		}
		if all := must(stores[1].Roles(t.Context(), nil))(t); len(all) != 1 {
			t.Errorf("roles of deleted users remain: %+v", all)
		}
	})
}

// wantOne checks that one of several requests succeeded and the others failed with a code.
func wantOne(t *testing.T, errs []error, code mlflow.ErrorCode) {
	t.Helper()
	succeeded := 0
	for _, err := range errs {
		if err == nil {
			succeeded++
		} else if !errors.Is(err, code) {
			t.Error(err)
		}
	}
	if succeeded != 1 {
		t.Errorf("%d requests succeeded, want 1", succeeded)
	}
}
