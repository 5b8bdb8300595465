package schema

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/db"
)

// The values of role_permissions. They are written here, since an upgrade must not change
// with the rest of the program.
const (
	noPermissions = "NO_PERMISSIONS"
	deny          = "DENY"
	workspaceType = "workspace"
	modelType     = "registered_model"
	promptType    = "prompt"
	scorerType    = "scorer"
	all           = "*"
)

// resourceTypes are the types of resources that a permission on a workspace covered.
var resourceTypes = []string{
	"experiment", modelType, scorerType, "gateway_secret", "gateway_endpoint", "gateway_model_definition",
}

// permission is a row of one of the tables that roles replace. part is a part of a scorer's
// id.
type permission struct {
	user                      int64
	workspace, id, part, held string
}

// grant is a permission as a role of the user alone has it.
type grant struct {
	user                          int64
	workspace, typ, pattern, held string
}

// sources are the tables that roles replace, with the type of their resources.
var sources = []struct{ typ, query string }{
	{
		workspaceType,
		`SELECT user_id, workspace, '', '', permission FROM workspace_permissions ORDER BY workspace, user_id`,
	},
	{"experiment", `SELECT user_id, 'default', experiment_id, '', permission FROM experiment_permissions ORDER BY id`},
	{modelType, `SELECT user_id, workspace, name, '', permission FROM registered_model_permissions ORDER BY id`},
	{scorerType, `SELECT user_id, 'default', experiment_id, scorer_name, permission FROM scorer_permissions ORDER BY id`},
	{"gateway_secret", `SELECT user_id, 'default', secret_id, '', permission FROM gateway_secret_permissions ORDER BY id`},
	{
		"gateway_endpoint",
		`SELECT user_id, 'default', endpoint_id, '', permission FROM gateway_endpoint_permissions ORDER BY id`,
	},
	{
		"gateway_model_definition",
		`SELECT user_id, 'default', model_definition_id, '', permission FROM gateway_model_definition_permissions
			ORDER BY id`,
	},
}

// fillRoles gives each user a role with the user's permissions. Denials come last, so that
// the other rows get the same ids as in MLflow. tagged is whether the database can tell
// prompts from models.
func fillRoles(t db.Tx, tagged bool) error {
	r := &roleFiller{t: t, roles: map[role]int64{}}
	var denied, closed []grant
	for _, source := range sources {
		rows, err := db.Collect(t, source.query, nil, func(rows *sql.Rows, p *permission) error {
			var held sql.NullString
			err := rows.Scan(&p.user, &p.workspace, &p.id, &p.part, &held)
			p.held = held.String
			return err
		})
		if err != nil {
			return err
		}
		for _, p := range rows {
			switch {
			case p.held != noPermissions:
				err = r.add(grants(source.typ, p)...)
			case source.typ == workspaceType:
				closed = append(closed, grant{user: p.user, workspace: p.workspace})
			default:
				denied = append(denied, denials(source.typ, p, tagged)...)
			}
			if err != nil {
				return err
			}
		}
	}
	for _, g := range closed {
		open, err := r.typesOf(g.user, g.workspace)
		if err != nil {
			return err
		}
		denied = append(denied, closing(g.user, g.workspace, open)...)
	}
	return r.add(denied...)
}

// grants returns the grants that MLflow makes of a permission. It makes none of a value
// that is no permission.
func grants(typ string, p permission) (list []grant) {
	if typ != workspaceType {
		if slices.Contains([]string{"READ", "USE", "EDIT", "MANAGE"}, p.held) {
			list = append(list, grant{p.user, p.workspace, typ, p.pattern(typ), p.held})
		}
		return list
	}
	switch p.held {
	case "USE", "MANAGE":
		return []grant{{p.user, p.workspace, workspaceType, all, p.held}}
	case "READ", "EDIT": // A role has only USE or MANAGE on a workspace.
		list = append(list, grant{p.user, p.workspace, workspaceType, all, "USE"})
	}
	if p.held == "EDIT" {
		for _, resource := range resourceTypes {
			list = append(list, grant{p.user, p.workspace, resource, all, "EDIT"})
		}
	}
	return list
}

// denials returns the grants that keep a user away from a resource. If the database cannot
// tell whether a model is a prompt, they are for both.
func denials(typ string, p permission, tagged bool) []grant {
	list := []grant{{p.user, p.workspace, typ, p.pattern(typ), deny}}
	if typ == modelType && !tagged {
		list = append(list, grant{p.user, p.workspace, promptType, p.pattern(typ), deny})
	}
	return list
}

// closing returns the grants that keep a user away from a workspace. A denial of all
// resources of a type would win over grants on some of them. Therefore the types of which
// the user has grants are left out.
func closing(user int64, workspace string, granted []string) (list []grant) {
	for _, typ := range resourceTypes {
		if slices.Contains(granted, typ) {
			continue
		}
		list = append(list, grant{user, workspace, typ, all, deny})
		if typ == modelType {
			list = append(list, grant{user, workspace, promptType, all, deny})
		}
	}
	return list
}

// pattern returns the id of the resource. The name of a scorer is escaped as by Python's
// quote(safe=”).
func (p permission) pattern(typ string) string {
	if typ != scorerType {
		return p.id
	}
	return p.id + "/" + strings.ReplaceAll(url.QueryEscape(p.part), "+", "%20")
}

// role is the role of one user in a workspace.
type role struct {
	user      int64
	workspace string
}

func (r role) name() string { return fmt.Sprintf("__user_%d__", r.user) }

// roleFiller adds grants to the roles of users.
type roleFiller struct {
	t     db.Tx
	roles map[role]int64
}

// add adds those grants for whose resource the role of the user has none.
func (r *roleFiller) add(list ...grant) error {
	for _, g := range list {
		id, err := r.role(role{g.user, g.workspace})
		if err == nil {
			_, err = r.t.Exec(`INSERT INTO role_permissions (role_id, resource_type, resource_pattern, permission)
				SELECT ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM role_permissions
				WHERE role_id = ? AND resource_type = ? AND resource_pattern = ?)`,
				id, g.typ, g.pattern, g.held, id, g.typ, g.pattern)
		}
		if err != nil {
			return fmt.Errorf("%s of user %d on the %s %q: %w", g.held, g.user, g.typ, g.pattern, err)
		}
	}
	return nil
}

// typesOf returns the types of resources on which the role of a user has other grants than
// denials.
func (r *roleFiller) typesOf(user int64, workspace string) ([]string, error) {
	id, err := r.role(role{user, workspace})
	if err != nil {
		return nil, err
	}
	return db.Collect(r.t,
		`SELECT DISTINCT resource_type FROM role_permissions WHERE role_id = ? AND permission <> ?`, []any{id, deny},
		func(rows *sql.Rows, typ *string) error { return rows.Scan(typ) })
}

// role returns the id of a role, which it makes and assigns to the user if necessary.
func (r *roleFiller) role(key role) (id int64, err error) {
	if id, found := r.roles[key]; found {
		return id, nil
	}
	err = r.t.QueryRow(`SELECT id FROM roles WHERE workspace = ? AND name = ?`, key.workspace, key.name()).Scan(&id)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		id, err = r.t.InsertID("id", `INSERT INTO roles (name, workspace) VALUES (?, ?)`, key.name(), key.workspace)
	case err == nil:
		err = r.checkOwn(key, id)
	}
	if err == nil {
		_, err = r.t.Exec(`INSERT INTO user_role_assignments (user_id, role_id) SELECT ?, ? WHERE NOT EXISTS (
			SELECT 1 FROM user_role_assignments WHERE user_id = ? AND role_id = ?)`, key.user, id, key.user, id)
	}
	r.roles[key] = id
	return id, err
}

// checkOwn returns an error if other users have an existing role, which would get the
// permissions of this one.
func (r *roleFiller) checkOwn(key role, id int64) error {
	var others int
	err := r.t.QueryRow(`SELECT count(*) FROM user_role_assignments WHERE role_id = ? AND user_id <> ?`, id, key.user).
		Scan(&others)
	if err == nil && others > 0 {
		err = fmt.Errorf("the role %s of the workspace %s is assigned to other users, but names like this are those of "+
			"the roles of one user. Rename it in the table roles first", key.name(), key.workspace)
	}
	return err
}
