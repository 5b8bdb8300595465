package accounts_test

import (
	"slices"
	"testing"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
)

func TestAccount(t *testing.T) {
	onAll(t, func(t *testing.T, s store) {
		ctx := t.Context()
		s.user("ann")
		s.grant("ann", access.Experiment, "1", access.Edit)
		role := s.role("team", "ann")
		must(s.AddPermission(ctx, role.ID, access.Experiment, "1", access.Read))(t)
		must(s.AddPermission(ctx, role.ID, access.Experiment, "2", access.Deny))(t)
		other := must(s.CreateRole(ctx, "team-a", "admin", nil))(t)
		must(s.AddPermission(ctx, other.ID, access.Workspace, access.Any, access.Manage))(t)
		must(s.AddPermission(ctx, other.ID, access.Experiment, "3", access.Manage))(t)
		must(s.Assign(ctx, "ann", other.ID))(t)
		unassigned := s.role("unassigned")
		must(s.AddPermission(ctx, unassigned.ID, access.Experiment, "4", access.Manage))(t)
		a := must(s.Account(ctx, "ann", access.Read))(t)
		for id, want := range map[string]access.Permission{"1": "EDIT", "2": "DENY", "3": "READ", "4": "READ"} {
			if got := a.Grants.Permission(access.Key{Type: access.Experiment, ID: id}); got != want {
				t.Errorf("ann has %s on %s, want %s", got, id, want)
			}
		}
		if a.Username != "ann" || a.Grants.IsAdmin() || a.Grants.Manages() {
			t.Errorf("%+v", a)
		}
		if !slices.Equal(a.Workspaces, []string{"default", "team-a"}) || !slices.Equal(a.Managed, []string{"team-a"}) {
			t.Errorf("%q, %q", a.Workspaces, a.Managed)
		}
		if err := s.SetAdmin(ctx, "ann", true); err != nil {
			t.Fatal(err)
		}
		if a := must(s.Account(ctx, "ann", access.Read))(t); !a.IsAdmin || !a.Grants.IsAdmin() {
			t.Errorf("%+v", a)
		}
	})
}

// Rows that MLflow's own checks refuse have no effect, whoever wrote them.
func TestAccountIgnoresImpossibleGrants(t *testing.T) {
	t.Parallel()
	uri := dbtest.NewFile(t)
	s := open(t, uri)
	s.user("ann")
	role := s.role("r", "ann")
	for _, row := range [][2]string{{"workspace", "default"}, {"run", "1"}, {"unknown", "*"}} {
		execute(t, uri, `INSERT INTO role_permissions (role_id, resource_type, resource_pattern, permission)
			VALUES (?, ?, ?, 'MANAGE')`, role.ID, row[0], row[1])
	}
	a := must(s.Account(t.Context(), "ann", access.NoPermissions))(t)
	if a.Grants.Manages() || len(a.Managed) != 0 ||
		a.Grants.Permission(access.Key{Type: access.Run, ID: "1"}) != access.NoPermissions {
		t.Errorf("%+v", a)
	}
}
