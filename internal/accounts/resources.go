package accounts

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/mlflow"
)

// Holder is a user or a role that has a grant which applies to a resource.
type Holder struct {
	// Username is the user, if the grant is the user's own, else "".
	Username string `json:"username,omitempty"`
	// Role is the name of the role with the id RoleID, if the grant is that of a shared
	// role, else "". Members are its users.
	Role    string   `json:"role,omitempty"`
	RoleID  int64    `json:"role_id"`
	Members []string `json:"members,omitempty"`
	// ResourceType and ResourcePattern are those of the grant: the resource itself, all
	// resources of its type, or the workspace.
	ResourceType    access.Type       `json:"resource_type"`
	ResourcePattern string            `json:"resource_pattern"`
	Permission      access.Permission `json:"permission"`
}

// Holders returns who has a grant that applies to a resource: on its id, on a prefix of
// its name, on all of its type, or on the whole workspace. Administrators need none and are
// left out.
func (s *Store) Holders(ctx context.Context, resource access.Type, id, name string) (list []Holder, err error) {
	if err := checkResource(resource, id); err != nil {
		return nil, err
	}
	err = s.read(ctx, func(t tx) error {
		grants, err := t.grantsOnResource(resource, patternsOf(resource, id, name)...)
		if err == nil && resource != access.Workspace {
			var everything []resourceGrant
			everything, err = t.grantsOnResource(access.Workspace, access.Any)
			grants = append(grants, everything...)
		}
		if err != nil {
			return err
		}
		members, err := t.members()
		list = []Holder{}
		for _, g := range grants {
			list = append(list, holdersOf(g, members[g.RoleID])...)
		}
		return err
	})
	return list, err
}

// Managers returns the holders of a grant to manage some resources of a type, by the id of
// the resource. Grants on more than one resource say nothing about who is in charge of it.
func (s *Store) Managers(
	ctx context.Context, resource access.Type, ids []string,
) (managers map[string][]Holder, err error) {
	err = s.read(ctx, func(t tx) error {
		managers = map[string][]Holder{}
		grants, err := t.grantsOnResource(resource, ids...)
		if err != nil {
			return err
		}
		members, err := t.members()
		for _, g := range grants {
			if g.Permission == access.Manage && g.ResourcePattern != access.Any {
				managers[g.ResourcePattern] = append(managers[g.ResourcePattern], holdersOf(g, members[g.RoleID])...)
			}
		}
		return err
	})
	return managers, err
}

// patternsOf returns the patterns of grants that apply to a resource: its id, the
// prefixes of its name, and *.
func patternsOf(resource access.Type, id, name string) []string {
	patterns := []string{id, access.Any}
	if !resource.HasNames() || id == access.Any {
		return patterns
	}
	for end := range name {
		if end > 0 {
			patterns = append(patterns, access.Prefix+name[:end])
		}
	}
	if name != "" {
		patterns = append(patterns, access.Prefix+name)
	}
	return patterns
}

func holdersOf(g resourceGrant, members []string) (list []Holder) {
	h := Holder{
		RoleID: g.RoleID, ResourceType: g.ResourceType, ResourcePattern: g.ResourcePattern, Permission: g.Permission,
	}
	if _, owned := ownerOf(g.role); !owned {
		h.Role, h.Members = g.role, members
		return []Holder{h}
	}
	for _, h.Username = range members {
		list = append(list, h)
	}
	return list
}

// resourceGrant is a grant with the name of its role.
type resourceGrant struct {
	RolePermission
	role string
}

// grantsOnResource returns the grants of all roles of the default workspace on exactly
// one of some patterns.
func (t tx) grantsOnResource(resource access.Type, patterns ...string) (list []resourceGrant, err error) {
	err = t.Each(
		`SELECT p.id, p.role_id, p.resource_type, p.resource_pattern, p.permission, r.name, r.workspace
			FROM role_permissions p JOIN roles r ON r.id = p.role_id
			WHERE p.resource_type = ? AND p.resource_pattern IN (?...) ORDER BY p.id`,
		[]any{string(resource), patterns},
		func(rows *sql.Rows) error {
			var g resourceGrant
			var workspace string
			err := rows.Scan(&g.ID, &g.RoleID, &g.ResourceType, &g.ResourcePattern, &g.Permission, &g.role, &workspace)
			if workspace == DefaultWorkspace && g.ResourceType == resource && slices.Contains(patterns, g.ResourcePattern) {
				list = append(list, g)
			}
			return err
		},
	)
	return list, err
}

// members returns the names of the users of each role.
func (t tx) members() (map[int64][]string, error) {
	members := map[int64][]string{}
	err := t.Each(
		`SELECT a.role_id, u.username FROM user_role_assignments a JOIN users u ON u.id = a.user_id
			WHERE u.username IS NOT NULL ORDER BY a.role_id, u.id`, nil,
		func(rows *sql.Rows) error {
			var role int64
			var name string
			err := rows.Scan(&role, &name)
			members[role] = append(members[role], name)
			return err
		},
	)
	return members, err
}

// Rename moves the users' own grants on a resource to its new id. The grants of shared
// roles stay, as in MLflow. If a user has a grant on both ids, DENY or the higher
// permission remains.
func (s *Store) Rename(ctx context.Context, resource access.Type, from, to string) error {
	if err := checkResource(resource, to); err != nil || from == to {
		return err
	}
	if from == access.Any || to == access.Any { // These grants are on all resources.
		return nil
	}
	return s.write(ctx, func(t tx) error {
		grants, err := t.ownGrants(resource, from, to)
		if err != nil {
			return err
		}
		there := map[int64]resourceGrant{}
		for _, g := range grants {
			if g.ResourcePattern == to {
				there[g.RoleID] = g
			}
		}
		for _, g := range grants {
			if g.ResourcePattern == from {
				if err := t.renameGrant(g, there[g.RoleID], to); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// renameGrant moves a grant to another id. present is the grant that its role already
// has there, if any.
func (t tx) renameGrant(g, present resourceGrant, to string) error {
	move := func() error {
		_, err := t.Exec("UPDATE role_permissions SET resource_pattern = ? WHERE id = ?", to, g.ID)
		return err
	}
	if present.ID == 0 {
		return move()
	}
	var both access.Grants
	key := access.Key{Type: g.ResourceType, ID: to}
	both.Add(key, g.Permission)
	both.Add(key, present.Permission)
	err := t.setPermission(present.ID, both.Permission(key))
	if errors.Is(err, mlflow.ResourceDoesNotExist) { // It was revoked in the meantime.
		return move()
	}
	if err != nil {
		return err
	}
	return t.forgetGrant(g)
}

func (t tx) forgetGrant(g resourceGrant) error {
	_, err := t.Exec("DELETE FROM role_permissions WHERE id = ?", g.ID)
	return err
}

// Forget removes the users' own grants on a resource that was deleted, because another
// one can get its id. The grants of shared roles stay, as in MLflow.
func (s *Store) Forget(ctx context.Context, resource access.Type, id string) error {
	if id == access.Any { // These grants are on all resources.
		return nil
	}
	return s.write(ctx, func(t tx) error {
		grants, err := t.ownGrants(resource, id)
		for _, g := range grants {
			if err == nil {
				err = t.forgetGrant(g)
			}
		}
		return err
	})
}

// ownGrants is grantsOnResource without the grants of shared roles.
func (t tx) ownGrants(resource access.Type, patterns ...string) ([]resourceGrant, error) {
	list, err := t.grantsOnResource(resource, patterns...)
	return slices.DeleteFunc(list, func(g resourceGrant) bool {
		_, owned := ownerOf(g.role)
		return !owned
	}), err
}
