package accounts

import (
	"context"
	"database/sql"
	"regexp"
	"slices"
	"strconv"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/mlflow"
)

// DefaultWorkspace is the workspace of all experiments and models.
const DefaultWorkspace = "default"

// Role is a set of grants that users can share. The grants of a single user are the
// permissions of a role of its own, see [Role.Owner]. Its JSON is that of MLflow.
type Role struct {
	ID          int64            `json:"id"`
	Name        string           `json:"name"`
	Workspace   string           `json:"workspace"`
	Description *string          `json:"description"`
	Permissions []RolePermission `json:"permissions"`
}

// RolePermission is a grant of a role.
type RolePermission struct {
	ID              int64             `json:"id"`
	RoleID          int64             `json:"role_id"`
	ResourceType    access.Type       `json:"resource_type"`
	ResourcePattern string            `json:"resource_pattern"`
	Permission      access.Permission `json:"permission"`
}

// ownRolePrefix begins the names of roles that hold the grants of single users.
const ownRolePrefix = "__user_"

var ownRolePattern = regexp.MustCompile(`^__user_([0-9]{1,18})__$`)

// ownRole returns the name of the role that holds the grants of a single user.
func ownRole(userID int64) string { return ownRolePrefix + strconv.FormatInt(userID, 10) + "__" }

// Owner returns the id of the user whose own grants the role holds.
func (r *Role) Owner() (userID int64, owned bool) { return ownerOf(r.Name) }

func ownerOf(role string) (userID int64, owned bool) {
	match := ownRolePattern.FindStringSubmatch(role)
	if match == nil {
		return 0, false
	}
	userID, err := strconv.ParseInt(match[1], 10, 64)
	return userID, err == nil && ownRole(userID) == role
}

// CreateRole creates a role without permissions. The workspace need not exist.
func (s *Store) CreateRole(ctx context.Context, workspace, name string, description *string) (role *Role, err error) {
	for _, err := range []error{checkRoleName(name), checkWorkspace(workspace), checkDescription(description)} {
		if err != nil {
			return nil, err
		}
	}
	err = s.write(ctx, func(t tx) error {
		if err := t.roleNameFree(workspace, name, 0); err != nil {
			return err
		}
		id, err := t.InsertID("id",
			"INSERT INTO roles (name, workspace, description) VALUES (?, ?, ?)", name, workspace, nullString(description))
		role = &Role{ID: id, Name: name, Workspace: workspace, Description: description, Permissions: []RolePermission{}}
		return err
	})
	if err != nil {
		return nil, err
	}
	return role, nil
}

// roleNameFree returns an error if another role than the one with some id has a name.
func (t tx) roleNameFree(workspace, name string, id int64) error {
	other, err := t.roleNamed(workspace, name)
	if err == nil && other != 0 && other != id {
		err = mlflow.Errorf(mlflow.ResourceAlreadyExists,
			"Role (name=%s, workspace=%s) already exists.", name, workspace)
	}
	return err
}

// roleNamed returns the id of a role, or 0 if there is none.
func (t tx) roleNamed(workspace, name string) (found int64, err error) {
	err = t.Each(
		"SELECT id, workspace, name FROM roles WHERE workspace = ? AND name = ?", []any{workspace, name},
		func(rows *sql.Rows) error {
			var id int64
			var w, n string
			err := rows.Scan(&id, &w, &n)
			if w == workspace && n == name {
				found = id
			}
			return err
		},
	)
	return found, err
}

// Role returns a role.
func (s *Store) Role(ctx context.Context, id int64) (role *Role, err error) {
	err = s.read(ctx, func(t tx) error {
		role, err = t.role(id)
		return err
	})
	return role, err
}

func (t tx) role(id int64) (*Role, error) {
	roles, err := t.roles("WHERE r.id = ?", id)
	if err != nil {
		return nil, err
	}
	if len(roles) == 0 {
		return nil, noRole(id)
	}
	return &roles[0], nil
}

func noRole(id int64) error {
	return mlflow.Errorf(mlflow.ResourceDoesNotExist, "Role with id=%d not found", id)
}

// lockRole returns a role that no other transaction changes, deletes or gives anything
// until this one ends.
func (t tx) lockRole(id int64) (*Role, error) {
	n, err := t.Exec("UPDATE roles SET name = name WHERE id = ?", id)
	if err == nil && n == 0 {
		err = noRole(id)
	}
	if err != nil {
		return nil, err
	}
	return t.role(id)
}

// RoleNamed returns a role by its name.
func (s *Store) RoleNamed(ctx context.Context, workspace, name string) (role *Role, err error) {
	err = s.read(ctx, func(t tx) error {
		id, err := t.roleNamed(workspace, name)
		if err != nil {
			return err
		}
		if id == 0 {
			return mlflow.Errorf(mlflow.ResourceDoesNotExist,
				"Role with name=%s in workspace=%s not found", name, workspace)
		}
		role, err = t.role(id)
		return err
	})
	return role, err
}

// Roles returns the roles of some workspaces, or of all if workspaces is nil, ordered
// by id. It includes the roles that hold the grants of single users.
func (s *Store) Roles(ctx context.Context, workspaces []string) (roles []Role, err error) {
	if workspaces != nil && len(workspaces) == 0 {
		return []Role{}, nil
	}
	err = s.read(ctx, func(t tx) error {
		if workspaces == nil {
			roles, err = t.roles("")
			return err
		}
		if roles, err = t.roles("WHERE r.workspace IN (?...)", workspaces); err != nil {
			return err
		}
		roles = slices.DeleteFunc(roles, func(r Role) bool { return !slices.Contains(workspaces, r.Workspace) })
		return nil
	})
	return roles, err
}

// roles returns the roles r that a clause selects, with their permissions.
func (t tx) roles(clause string, args ...any) ([]Role, error) {
	roles, err := collect(
		t, "SELECT r.id, r.name, r.workspace, r.description FROM roles r "+clause+" ORDER BY r.id", args,
		func(rows *sql.Rows, r *Role) error {
			r.Permissions = []RolePermission{}
			return rows.Scan(&r.ID, &r.Name, &r.Workspace, &r.Description)
		},
	)
	if err != nil || len(roles) == 0 {
		return []Role{}, err
	}
	at := make(map[int64]int, len(roles))
	for i, r := range roles {
		at[r.ID] = i
	}
	list, err := t.permissions("JOIN roles r ON r.id = p.role_id "+clause, args...)
	for _, p := range list {
		r := &roles[at[p.RoleID]]
		r.Permissions = append(r.Permissions, p)
	}
	return roles, err
}

// UpdateRole changes the name and the description of a role; nil leaves one unchanged.
func (s *Store) UpdateRole(ctx context.Context, id int64, name, description *string) (role *Role, err error) {
	if name != nil {
		if err := checkRoleName(*name); err != nil {
			return nil, err
		}
	}
	if err := checkDescription(description); err != nil {
		return nil, err
	}
	err = s.write(ctx, func(t tx) error {
		if role, err = t.lockRole(id); err != nil {
			return err
		}
		if name != nil {
			if owner, owned := role.Owner(); owned {
				return invalid("Role with id=%d holds the grants of the user with id=%d and cannot be renamed.", id, owner)
			}
			if err := t.roleNameFree(role.Workspace, *name, id); err != nil {
				return err
			}
			role.Name = *name
		}
		if description != nil {
			role.Description = description
		}
		_, err := t.Exec(
			"UPDATE roles SET name = ?, description = ? WHERE id = ?", role.Name, nullString(role.Description), id,
		)
		return err
	})
	if err != nil {
		return nil, err
	}
	return role, nil
}

// DeleteRole deletes a role with its permissions and assignments.
func (s *Store) DeleteRole(ctx context.Context, id int64) error {
	return s.write(ctx, func(t tx) error {
		if _, err := t.lockRole(id); err != nil {
			return err
		}
		return t.deleteRoles([]int64{id})
	})
}

func (t tx) deleteRoles(ids []int64) error {
	for _, id := range ids {
		for _, statement := range []string{
			"DELETE FROM role_permissions WHERE role_id = ?",
			"DELETE FROM user_role_assignments WHERE role_id = ?",
			"DELETE FROM millrace_group_roles WHERE role_id = ?",
			"DELETE FROM roles WHERE id = ?",
		} {
			if _, err := t.Exec(statement, id); err != nil {
				return err
			}
		}
	}
	return nil
}

func nullString(s *string) sql.NullString {
	if s == nil {
		return sql.NullString{}
	}
	return sql.NullString{String: *s, Valid: true}
}
