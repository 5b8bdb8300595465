package accounts

import (
	"context"
	"database/sql"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/mlflow"
)

// AddPermission adds a grant to a role. The resource need not exist.
func (s *Store) AddPermission(
	ctx context.Context,
	roleID int64,
	resource access.Type,
	pattern string,
	p access.Permission,
) (added *RolePermission, err error) {
	if err := checkGrant(resource, pattern, p); err != nil {
		return nil, err
	}
	err = s.write(ctx, func(t tx) error {
		if _, err := t.lockRole(roleID); err != nil {
			return err
		}
		switch held, err := t.permissionOn(roleID, resource, pattern); {
		case err != nil:
			return err
		case held != nil:
			return mlflow.Errorf(mlflow.ResourceAlreadyExists,
				"Role permission (role_id=%d, resource_type=%s, resource_pattern=%s) already exists.",
				roleID, resource, pattern)
		}
		added, err = t.addPermission(roleID, resource, pattern, p)
		return err
	})
	if err != nil {
		return nil, err
	}
	return added, nil
}

func (t tx) addPermission(
	roleID int64, resource access.Type, pattern string, p access.Permission,
) (*RolePermission, error) {
	id, err := t.InsertID("id",
		"INSERT INTO role_permissions (role_id, resource_type, resource_pattern, permission) VALUES (?, ?, ?, ?)",
		roleID, string(resource), pattern, string(p))
	return &RolePermission{id, roleID, resource, pattern, p}, err
}

// SetPermission changes the level of a grant of a role.
func (s *Store) SetPermission(ctx context.Context, id int64, p access.Permission) (set *RolePermission, err error) {
	err = s.write(ctx, func(t tx) error {
		if set, err = t.permission(id); err != nil {
			return err
		}
		if err := checkPermission(set.ResourceType, p); err != nil {
			return err
		}
		set.Permission = p
		return t.setPermission(id, p)
	})
	if err != nil {
		return nil, err
	}
	return set, nil
}

func (t tx) setPermission(id int64, p access.Permission) error {
	n, err := t.Exec("UPDATE role_permissions SET permission = ? WHERE id = ?", string(p), id)
	if err == nil && n == 0 {
		err = noPermission(id)
	}
	return err
}

// RemovePermission removes a grant from a role.
func (s *Store) RemovePermission(ctx context.Context, id int64) error {
	return s.write(ctx, func(t tx) error { return t.removePermission(id) })
}

func (t tx) removePermission(id int64) error {
	n, err := t.Exec("DELETE FROM role_permissions WHERE id = ?", id)
	if err == nil && n == 0 {
		err = noPermission(id)
	}
	return err
}

// Permission returns a grant of a role.
func (s *Store) Permission(ctx context.Context, id int64) (p *RolePermission, err error) {
	err = s.read(ctx, func(t tx) error {
		p, err = t.permission(id)
		return err
	})
	return p, err
}

func (t tx) permission(id int64) (*RolePermission, error) {
	list, err := t.permissions("WHERE p.id = ?", id)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, noPermission(id)
	}
	return &list[0], nil
}

func noPermission(id int64) error {
	return mlflow.Errorf(mlflow.ResourceDoesNotExist, "Role permission with id=%d not found", id)
}

// permissionOn returns the grant of a role on exactly a resource, or nil.
func (t tx) permissionOn(roleID int64, resource access.Type, pattern string) (*RolePermission, error) {
	list, err := t.permissions(
		"WHERE p.role_id = ? AND p.resource_type = ? AND p.resource_pattern = ?", roleID, string(resource), pattern,
	)
	for i, p := range list {
		if p.ResourceType == resource && p.ResourcePattern == pattern {
			return &list[i], err
		}
	}
	return nil, err
}

// permissions returns the grants p that a clause selects, ordered by id.
func (t tx) permissions(clause string, args ...any) ([]RolePermission, error) {
	return collect(
		t, "SELECT p.id, p.role_id, p.resource_type, p.resource_pattern, p.permission FROM role_permissions p "+
			clause+" ORDER BY p.id",
		args,
		func(rows *sql.Rows, p *RolePermission) error {
			return rows.Scan(&p.ID, &p.RoleID, &p.ResourceType, &p.ResourcePattern, &p.Permission)
		},
	)
}
