package accounts

import (
	"context"
	"database/sql"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/mlflow"
)

// Held is a grant that a user holds by one of its roles. Its JSON is that of MLflow.
type Held struct {
	RoleID          int64             `json:"role_id"`
	RoleName        string            `json:"role_name"`
	Workspace       string            `json:"workspace"`
	ResourceType    access.Type       `json:"resource_type"`
	ResourcePattern string            `json:"resource_pattern"`
	Permission      access.Permission `json:"permission"`
}

// Direct reports whether the grant is the user's own, not that of a shared role.
func (h *Held) Direct() bool {
	_, owned := ownerOf(h.RoleName)
	return owned
}

// Grant gives a user a permission on a resource, on which the user has no grant of its
// own yet. The resource need not exist.
func (s *Store) Grant(
	ctx context.Context, username string, resource access.Type, id string, p access.Permission,
) error {
	if err := refuseWorkspace(resource); err != nil {
		return err
	}
	return s.grant(ctx, username, resource, id, p, func(_ tx, _ *RolePermission) error {
		return mlflow.Errorf(mlflow.ResourceAlreadyExists,
			"Permission for user=%s on resource_type=%s, resource_id=%s already exists.", username, resource, id)
	})
}

// SetGrant is Grant that replaces the user's own grant on the resource, if there is
// one. It also takes the type of a workspace.
func (s *Store) SetGrant(
	ctx context.Context, username string, resource access.Type, id string, p access.Permission,
) error {
	return s.grant(ctx, username, resource, id, p, func(t tx, held *RolePermission) error {
		return t.setPermission(held.ID, p)
	})
}

// ChangeGrant changes the permission of a user's own grant on a resource.
func (s *Store) ChangeGrant(
	ctx context.Context, username string, resource access.Type, id string, p access.Permission,
) error {
	if err := checkGrant(resource, id, p); err != nil {
		return err
	}
	return s.write(ctx, func(t tx) error {
		if _, err := t.lockUser(username); err != nil {
			return err
		}
		held, err := t.grantOn(username, resource, id)
		if err != nil {
			return err
		}
		if held == nil {
			return noGrant(username, resource, id)
		}
		return t.setPermission(held.ID, p)
	})
}

func noGrant(username string, resource access.Type, id string) error {
	return mlflow.Errorf(mlflow.ResourceDoesNotExist,
		"Permission for user=%s on resource_type=%s, resource_id=%s not found.", username, resource, id)
}

// grant gives a user a permission, or calls again if the user has a grant of its own.
func (s *Store) grant(
	ctx context.Context, username string, resource access.Type, id string, p access.Permission,
	again func(t tx, held *RolePermission) error,
) error {
	if err := checkGrant(resource, id, p); err != nil {
		return err
	}
	return s.write(ctx, func(t tx) error {
		user, err := t.lockUser(username)
		if err != nil {
			return err
		}
		roleID, err := t.makeOwnRole(user.ID)
		if err != nil {
			return err
		}
		held, err := t.permissionOn(roleID, resource, id)
		if err == nil && held != nil {
			return again(t, held)
		}
		if err == nil {
			_, err = t.addPermission(roleID, resource, id, p)
		}
		return err
	})
}

// makeOwnRole returns the role that holds the grants of a single user. It creates the
// role if there is none.
func (t tx) makeOwnRole(userID int64) (roleID int64, err error) {
	roleID, err = t.roleNamed(DefaultWorkspace, ownRole(userID))
	if err != nil {
		return 0, err
	}
	if roleID == 0 {
		roleID, err = t.InsertID("id",
			"INSERT INTO roles (name, workspace) VALUES (?, ?)", ownRole(userID), DefaultWorkspace)
		if err != nil {
			return 0, err
		}
	}
	assignments, err := t.assignments("WHERE role_id = ? ORDER BY id", roleID)
	if err != nil {
		return 0, err
	}
	assigned := false
	for _, a := range assignments {
		if a.UserID != userID {
			return 0, invalid("Role with id=%d is reserved for the grants of the user with id=%d, "+
				"but it is also assigned to the user with id=%d. Unassign it first.", roleID, userID, a.UserID)
		}
		assigned = true
	}
	if !assigned {
		_, err = t.assign(userID, roleID)
	}
	return roleID, err
}

// Revoke removes a user's own grant on a resource.
func (s *Store) Revoke(ctx context.Context, username string, resource access.Type, id string) error {
	if err := refuseWorkspace(resource); err != nil {
		return err
	}
	if !resource.Valid() {
		return checkResource(resource, id)
	}
	return s.write(ctx, func(t tx) error {
		if _, err := t.lockUser(username); err != nil {
			return err
		}
		held, err := t.grantOn(username, resource, id)
		if err != nil {
			return err
		}
		if held == nil {
			return noGrant(username, resource, id)
		}
		return t.removePermission(held.ID)
	})
}

func refuseWorkspace(resource access.Type) error {
	if resource != access.Workspace {
		return nil
	}
	return invalid("resource_type '%s' is not possible in a grant to a single user. "+
		"Add the permission to a role and assign the role.", resource)
}

// GrantOn returns a user's own grant on exactly a resource, and whether there is one.
func (s *Store) GrantOn(
	ctx context.Context, username string, resource access.Type, id string,
) (p access.Permission, granted bool, err error) {
	err = s.read(ctx, func(t tx) error {
		held, err := t.grantOn(username, resource, id)
		if granted = held != nil; granted {
			p = held.Permission
		}
		return err
	})
	return p, granted, err
}

// grantOn returns a user's own grant on exactly a resource, or nil.
func (t tx) grantOn(username string, resource access.Type, id string) (*RolePermission, error) {
	user, _, err := t.user(username)
	if err != nil {
		return nil, err
	}
	roleID, err := t.roleNamed(DefaultWorkspace, ownRole(user.ID))
	if err != nil || roleID == 0 {
		return nil, err
	}
	return t.permissionOn(roleID, resource, id)
}

// GrantsOf returns the grants that a user holds by any role, in all workspaces.
func (s *Store) GrantsOf(ctx context.Context, username string) (list []Held, err error) {
	err = s.read(ctx, func(t tx) error {
		user, _, err := t.user(username)
		if err != nil {
			return err
		}
		list, err = t.heldBy(user.ID)
		return err
	})
	return list, err
}

func (t tx) heldBy(userID int64) ([]Held, error) {
	return collect(
		t, `SELECT r.id, r.name, r.workspace, p.resource_type, p.resource_pattern, p.permission
			FROM user_role_assignments a JOIN roles r ON r.id = a.role_id JOIN role_permissions p ON p.role_id = r.id
			WHERE a.user_id = ? ORDER BY r.id, p.id`,
		[]any{userID},
		func(rows *sql.Rows, h *Held) error {
			return rows.Scan(&h.RoleID, &h.RoleName, &h.Workspace, &h.ResourceType, &h.ResourcePattern, &h.Permission)
		},
	)
}
