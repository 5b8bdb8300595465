package accounts

import (
	"context"
	"database/sql"

	"github.com/millrace-ml/millrace/mlflow"
)

// Assignment gives a role to a user. Its JSON is that of MLflow.
type Assignment struct {
	ID     int64 `json:"id"`
	UserID int64 `json:"user_id"`
	RoleID int64 `json:"role_id"`
}

// Assign gives a role to a user. It refuses to give the grants of a single user to
// another one.
func (s *Store) Assign(ctx context.Context, username string, roleID int64) (a *Assignment, err error) {
	err = s.write(ctx, func(t tx) error {
		user, err := t.lockUser(username)
		if err != nil {
			return err
		}
		role, err := t.lockRole(roleID)
		if err != nil {
			return err
		}
		if owner, owned := role.Owner(); owned && owner != user.ID {
			return invalid("Role with id=%d holds the grants of the user with id=%d and cannot be assigned to another user.",
				roleID, owner)
		}
		switch found, err := t.assigned(user.ID, roleID); {
		case err != nil:
			return err
		case found:
			return mlflow.Errorf(mlflow.ResourceAlreadyExists,
				"User role assignment (user_id=%d, role_id=%d) already exists", user.ID, roleID)
		}
		a, err = t.assign(user.ID, roleID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return a, nil
}

func (t tx) assign(userID, roleID int64) (*Assignment, error) {
	id, err := t.InsertID("id", "INSERT INTO user_role_assignments (user_id, role_id) VALUES (?, ?)", userID, roleID)
	return &Assignment{id, userID, roleID}, err
}

func (t tx) assigned(userID, roleID int64) (found bool, err error) {
	err = t.QueryRow(
		"SELECT EXISTS (SELECT 1 FROM user_role_assignments WHERE user_id = ? AND role_id = ?)", userID, roleID,
	).Scan(&found)
	return found, err
}

// Unassign takes a role from a user.
func (s *Store) Unassign(ctx context.Context, username string, roleID int64) error {
	return s.write(ctx, func(t tx) error {
		user, _, err := t.user(username)
		if err != nil {
			return err
		}
		n, err := t.Exec("DELETE FROM user_role_assignments WHERE user_id = ? AND role_id = ?", user.ID, roleID)
		if err == nil && n == 0 {
			err = mlflow.Errorf(mlflow.ResourceDoesNotExist,
				"User role assignment (user_id=%d, role_id=%d) not found", user.ID, roleID)
		}
		if err == nil {
			_, err = t.Exec("DELETE FROM millrace_group_roles WHERE user_id = ? AND role_id = ?", user.ID, roleID)
		}
		return err
	})
}

// Assignments returns the assignments of a role, ordered by id.
func (s *Store) Assignments(ctx context.Context, roleID int64) (list []Assignment, err error) {
	err = s.read(ctx, func(t tx) error {
		if _, err := t.role(roleID); err != nil {
			return err
		}
		list, err = t.assignments("WHERE role_id = ? ORDER BY id", roleID)
		return err
	})
	return list, err
}

func (t tx) assignments(clause string, args ...any) ([]Assignment, error) {
	return collect(
		t, "SELECT id, user_id, role_id FROM user_role_assignments "+clause, args,
		func(rows *sql.Rows, a *Assignment) error { return rows.Scan(&a.ID, &a.UserID, &a.RoleID) },
	)
}

// RolesOf returns the roles of a user in all workspaces, ordered by id. They include
// the one that holds the user's own grants.
func (s *Store) RolesOf(ctx context.Context, username string) (roles []Role, err error) {
	err = s.read(ctx, func(t tx) error {
		user, _, err := t.user(username)
		if err != nil {
			return err
		}
		roles, err = t.rolesOf(user.ID)
		return err
	})
	return roles, err
}

func (t tx) rolesOf(userID int64) ([]Role, error) {
	return t.roles("JOIN user_role_assignments a ON a.role_id = r.id WHERE a.user_id = ?", userID)
}
