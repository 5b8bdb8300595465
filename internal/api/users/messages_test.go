package users_test

import (
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/api/apitest"
)

// fact is a request of a user and what its response must be.
type fact struct {
	user, method, path, body string
	status                   int
	has                      string // a part of the response
	hasNot                   string // what it must not have, unless it is ""
}

func (s *server) check(t *testing.T, facts []fact) {
	t.Helper()
	for _, f := range facts {
		status, answer := s.send(f.user, f.method, fullPath(f.path), f.body)
		if status != f.status || !strings.Contains(answer, f.has) || f.hasNot != "" && strings.Contains(answer, f.hasNot) {
			t.Errorf("%s %s %s %s: %d %s, want %d with %s and without %q", f.user, f.method, f.path, f.body, status, answer, f.status, f.has, f.hasNot)
		}
		if status >= 400 {
			apitest.CheckError(t, f.path, answer)
		}
	}
}

// Beginnings of messages and of paths.
const (
	missing = "Missing value for required parameter '"
	get     = "3users/permissions/get?username="
)

// TestMessagesOfUsers has the words of MLflow 3.17.2, as it answered on 2026-11-29. There,
// an empty name is refused in plain text, a name that is a number becomes one, is_admin
// null changes nothing, and a name that is taken is answered with the SQL statement.
func TestMessagesOfUsers(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.check(t, []fact{
		{"admin", "POST", "users/create", `{"username":"bob","password":"bobpassword12"}`, 400, "User (username=bob) already exists.", "scrypt"},
		{"admin", "POST", "users/create", `{"username":"q"}`, 400, missing + "password'", ""},
		{"admin", "POST", "users/create", `{"username":"","password":"bobpassword12"}`, 400, missing + "username'", ""},
		{"admin", "POST", "users/create", `{"username":5,"password":"bobpassword12"}`, 400, "username", ""},
		{"admin", "POST", "users/create", `{"username":"q","password":"short"}`, 400, "Password must be at least 12 characters.", ""},
		{"admin", "POST", "users/create", `[]`, 400, "must be a JSON object", ""},
		// Mass assignment: all but the name and the password is ignored, as in MLflow.
		{
			"wsa", "POST", "users/create", `{"username":"sly","password":"slypassword12","is_admin":true,"id":1,"isAdmin":true,"user":{"is_admin":true}}`,
			200, `{"user":{"id":6,"username":"sly","is_admin":false,"experiment_permissions":[],"registered_model_permissions":[]}}`, "",
		},
		{"sly", "GET", "users/current", "", 200, `{"user":{"id":6,"username":"sly","is_admin":false},"is_basic_auth":true}`, ""},
		{"sly", "PATCH", "users/update-password", `{"username":"sly","password":"slypassword34","current_password":"slypassword12","is_admin":true}`, 200, `{}`, ""},
		{"admin", "GET", "users/get?username=sly", "", 200, `"is_admin":false`, ""},
		{"admin", "GET", "users/get?username=nobody", "", 404, "User with username=nobody not found", ""},
		{"admin", "GET", "users/get?username=BOB", "", 404, "User with username=BOB not found", ""},
		{"admin", "GET", "users/get", "", 400, missing + "username'", ""},
		{"bob", "PATCH", "users/update-password", `{"username":"bob","password":"bobpassword34"}`, 400, "Current password is required when changing your own password.", ""},
		{"bob", "PATCH", "users/update-password", `{"username":"bob","password":"bobpassword34","current_password":"x"}`, 400, "Current password does not match.", ""},
		{"bob", "PATCH", "users/update-password", `{"username":"bob","password":"bobpassword12","current_password":"bobpassword12"}`, 400, "New password must differ from the current password.", ""},
		{"bob", "PATCH", "users/update-password", `{"username":"bob","password":"x","current_password":"bobpassword12"}`, 400, "Password must be at least 12 characters.", ""},
		{"admin", "PATCH", "users/update-password", `{"username":"admin","password":"adminpassword34"}`, 400, "Current password is required", ""},
		{"admin", "PATCH", "users/update-password", `{"username":"nobody","password":"bobpassword34"}`, 404, "User with username=nobody not found", ""},
		{"admin", "PATCH", "users/update-admin", `{"username":"bob"}`, 400, missing + "is_admin'", ""},
		{"admin", "PATCH", "users/update-admin", `{"username":"bob","is_admin":"yes"}`, 400, "is_admin", ""},
		{"admin", "PATCH", "users/update-admin", `{"username":"bob","is_admin":true}`, 200, `{}`, ""},
		{"bob", "DELETE", "users/delete", `{"username":"bob"}`, 400, "BAD_REQUEST", ""},
		{"bob", "DELETE", "users/delete?username=bob", "", 400, "Users cannot delete their own account. Ask another admin to delete this user instead.", ""},
		{"bob", "DELETE", "users/delete?username=eve", `{"username":"temp"}`, 400, "The parameter 'username' is in the query", ""},
		{"bob", "DELETE", "users/delete", "", 400, missing + "username'", ""},
		{"bob", "DELETE", "users/delete?username=eve", "", 200, `{}`, ""},
		{"bob", "PATCH", "users/update-admin", `{"username":"bob","is_admin":false}`, 200, `{}`, ""},
		{"bob", "DELETE", "users/delete?username=temp", "", 403, "Permission denied", ""},
	})
	if status, _ := s.send("eve", "GET", fullPath("users/current"), ""); status != 401 {
		t.Errorf("a user that was deleted gets %d", status)
	}
	if status, _ := s.send("sly", "GET", fullPath("users/current"), ""); status != 401 {
		t.Errorf("the old password gets %d", status)
	}
}

// TestMessagesOfRoles has the words of MLflow 3.17.2, without the SQL statements and with
// the form of this API's errors for numbers and missing parameters.
func TestMessagesOfRoles(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	add := func(resource, pattern, permission string) string {
		return `{"role_id":2,"resource_type":"` + resource + `","resource_pattern":"` + pattern + `","permission":"` + permission + `"}`
	}
	s.check(t, []fact{
		{"admin", "POST", "3roles/create", `{"name":"r","workspace":"default","description":"d"}`, 200, `{"role":{"id":5,"name":"r","workspace":"default","description":"d","permissions":[]}}`, ""},
		{"admin", "POST", "3roles/create", `{"name":"r","workspace":"default"}`, 400, "Role (name=r, workspace=default) already exists.", "INSERT"},
		{"admin", "POST", "3roles/create", `{"name":"r"}`, 400, missing + "workspace'", ""},
		{"admin", "POST", "3roles/create", `{"name":" ","workspace":"default"}`, 400, "Role name cannot be empty.", ""},
		{"admin", "POST", "3roles/create", `{"name":"__user_9__","workspace":"default"}`, 400, "'__user_9__' is reserved", ""},
		{"admin", "POST", "3roles/create", `{"name":"q","workspace":"default","description":5}`, 400, "description", ""},
		{"admin", "GET", "3roles/get?role_id=x", "", 400, "role_id", ""},
		{"admin", "GET", "3roles/get", "", 400, missing + "role_id'", ""},
		{"admin", "GET", "3roles/get?role_id=99", "", 404, "Role with id=99 not found", ""},
		{"admin", "GET", "3roles/list?workspace=", "", 400, "Parameter 'workspace' must be a non-empty string when provided.", ""},
		{"admin", "GET", "3roles/list?workspace=nope", "", 200, `{"roles":[{"id":3,"name":"elsewhere","workspace":"nope","description":null,"permissions":[{"id":3,"role_id":3,"resource_type":"experiment","resource_pattern":"*","permission":"READ"}]}]}`, ""},
		{"admin", "PATCH", "3roles/update", `{"role_id":2}`, 400, "At least one of 'name' or 'description' must be provided to update a role.", ""},
		{"admin", "PATCH", "3roles/update", `{"role_id":2,"name":""}`, 400, "Role name cannot be empty.", ""},
		{"admin", "PATCH", "3roles/update", `{"role_id":"2","name":"crew"}`, 200, `"name":"crew"`, ""},
		{"admin", "POST", "3roles/permissions/add", add("registered_model", "team-*", "READ"), 200, `{"role_permission":{"id":`, ""},
		{"admin", "POST", "3roles/permissions/add", add("experiment", "*", "EDIT"), 400, "Role permission (role_id=2, resource_type=experiment, resource_pattern=*) already exists.", "INSERT"},
		{"admin", "POST", "3roles/permissions/add", add("workspace", "*", "READ"), 400, "Invalid permission 'READ' for resource_type='workspace'", ""},
		{"admin", "POST", "3roles/permissions/add", add("workspace", "x", "USE"), 400, "Invalid resource_pattern 'x' for resource_type='workspace'", ""},
		{"admin", "POST", "3roles/permissions/add", add("run", "abc", "READ"), 400, "Invalid resource_pattern 'abc' for resource_type='run'", ""},
		{"admin", "POST", "3roles/permissions/add", add("experiment", "9", "NO_PERMISSIONS"), 400, "Invalid permission 'NO_PERMISSIONS' for resource_type='experiment'", ""},
		{"admin", "POST", "3roles/permissions/add", add("x", "*", "READ"), 400, "Invalid resource type 'x'", ""},
		{"admin", "POST", "3roles/permissions/add", add("experiment", "8", "x"), 400, "Invalid permission 'x'", ""},
		{"admin", "POST", "3roles/permissions/add", `{"role_id":2,"resource_type":"experiment","permission":"READ"}`, 400, missing + "resource_pattern'", ""},
		{"admin", "PATCH", "3roles/permissions/update", `{"role_permission_id":99,"permission":"READ"}`, 404, "Role permission with id=99 not found", ""},
		{"admin", "DELETE", "3roles/permissions/remove?role_permission_id=99", "", 404, "Role permission with id=99 not found", ""},
		{"admin", "DELETE", "3roles/permissions/remove?role_permission_id=x", "", 400, "role_permission_id", ""},
		{"admin", "POST", "3roles/assign", `{"username":"eve","role_id":2}`, 200, `{"assignment":{"id":`, ""},
		{"admin", "POST", "3roles/assign", `{"username":"eve","role_id":2}`, 400, "User role assignment (user_id=3, role_id=2) already exists", ""},
		{"admin", "POST", "3roles/assign", `{"username":"nobody","role_id":2}`, 404, "User with username=nobody not found", ""},
		{"admin", "POST", "3roles/assign", `{"username":"eve","role_id":99}`, 404, "Role with id=99 not found", ""},
		// Users see the roles of others only in workspaces that they administer.
		{"eve", "GET", "users/list", "", 200, `"name":"crew"`, `"name":"boss"`},
		{"bob", "GET", "users/list", "", 200, `"username":"eve","is_admin":false,"roles":[]`, `"name":"crew"`},
		{"wsa", "GET", "users/list", "", 200, `"name":"crew"`, ""},
		{"admin", "DELETE", "3roles/unassign", `{"username":"eve","role_id":2}`, 200, `{}`, ""},
		{"admin", "DELETE", "3roles/unassign?username=eve&role_id=2", "", 404, "User role assignment (user_id=3, role_id=2) not found", ""},
	})
}

// TestMessagesOfGrants has the words of MLflow 3.17.2. There, the permission of an
// administrator is that of its grants, and grants on prompts are for administrators.
func TestMessagesOfGrants(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	grant := func(user, resource, id, permission string) string {
		return `{"username":"` + user + `","resource_type":"` + resource + `","resource_id":"` + id + `","permission":"` + permission + `"}`
	}
	s.check(t, []fact{
		{"bob", "POST", "3users/permissions/grant", grant("eve", "experiment", "1", "EDIT"), 200, `{}`, ""},
		{"bob", "POST", "3users/permissions/grant", grant("eve", "experiment", "1", "DENY"), 400, "Permission for user=eve on resource_type=experiment, resource_id=1 already exists.", ""},
		{"bob", "POST", "3users/permissions/grant", `{"username":"eve","resource_type":"experiment"}`, 400, missing + "resource_id'", ""},
		{"admin", "POST", "3users/permissions/grant", grant("eve", "workspace", "*", "USE"), 400, "resource_type 'workspace'", ""},
		{"admin", "POST", "3users/permissions/grant", grant("eve", "run", "x", "READ"), 400, "Invalid resource_pattern 'x' for resource_type='run'", ""},
		{"admin", "POST", "3users/permissions/grant", grant("eve", "run", "*", "DENY"), 200, `{}`, ""},
		{"eve", "GET", "3users/current/permissions", "", 200, `{"is_admin":false,"permissions":[{"role_id":5,"role_name":"__user_3__","workspace":"default","resource_type":"experiment","resource_pattern":"1","permission":"EDIT"}`, ""},
		{"wsa", "GET", "3users/permissions/list?username=eve", "", 200, `"permission":"EDIT"`, ""},
		{"admin", "GET", get + "eve&resource_type=experiment&resource_id=1", "", 200, `{"allowed":true,"permission":"EDIT"}`, ""},
		{"eve", "GET", get + "eve&resource_type=experiment&resource_id=777", "", 200, `{"allowed":false,"permission":"READ"}`, ""},
		{"eve", "GET", get + "eve&resource_type=run&resource_id=*", "", 200, `{"allowed":false,"permission":"DENY"}`, ""},
		{"eve", "GET", get + "eve&resource_type=run&resource_id=x", "", 400, "resource_type 'run' is not supported by the per-user permission convenience APIs.", ""},
		{"eve", "GET", get + "eve&resource_type=workspace&resource_id=*", "", 400, "resource_type 'workspace' is not supported", ""},
		{"eve", "GET", get + "eve&resource_type=x&resource_id=*", "", 400, "Invalid resource type 'x'", ""},
		{"wsa", "GET", get + "wsa&resource_type=experiment&resource_id=777", "", 200, `{"allowed":true,"permission":"MANAGE"}`, ""},
		{"admin", "GET", get + "admin&resource_type=experiment&resource_id=0", "", 200, `{"allowed":true,"permission":"MANAGE"}`, ""},
		{"bob", "GET", "/ajax-api/millrace/access?resource_type=experiment&resource_id=1", "", 200, `{"default_permission":"READ","administrators":["admin"],"holders":[{"role":"team","role_id":2,"resource_type":"experiment","resource_pattern":"*","permission":"READ"},{"username":"bob"`, ""},
		{"bob", "GET", "/ajax-api/millrace/access?resource_type=experiment&resource_id=1", "", 200, `"role":"boss","role_id":1,"members":["wsa"],"resource_type":"workspace"`, ""},
		{"eve", "POST", "/ajax-api/millrace/experiments/managers", `{"experiment_ids":["1","1","0"]}`, 200, `{"experiments":[{"experiment_id":"1","users":["bob"]}]}`, ""},
		{"eve", "POST", "/ajax-api/millrace/experiments/managers", `{"experiment_ids":[" 1"]}`, 200, `{"experiments":[{"experiment_id":"1","users":["bob"]}]}`, ""},
		{"admin", "POST", "/ajax-api/millrace/experiments/managers", `{"experiment_ids":["1","x"]}`, 400, "must be a valid integer", ""},
		{"eve", "POST", "/ajax-api/millrace/experiments/managers", `{"experiment_ids":["*"]}`, 400, "must be a valid integer", ""},
		{"eve", "POST", "/ajax-api/millrace/experiments/managers", `{}`, 400, missing + "experiment_ids'", ""},
		{"eve", "POST", "/ajax-api/millrace/experiments/managers", `{"experiment_ids":["1"` + strings.Repeat(`,"1"`, 1000) + `]}`, 400, "1000 experiments", ""},
		{"bob", "POST", "3users/permissions/revoke", `{"username":"eve","resource_type":"experiment","resource_id":"1"}`, 200, `{}`, ""},
		{"bob", "POST", "3users/permissions/revoke", `{"username":"eve","resource_type":"experiment","resource_id":"1"}`, 404, "Permission for user=eve on resource_type=experiment, resource_id=1 not found.", ""},
		// A creator's grant on a model of this name would be one on all models.
		{"bob", "POST", "registered-models/create", `{"name":"*"}`, 400, "stands for all models", ""},
		{"bob", "POST", "registered-models/rename", `{"name":"m","new_name":"*"}`, 400, "stands for all models", ""},
		// A grant takes effect at once.
		{"bob", "POST", "3users/permissions/grant", grant("eve", "experiment", "1", "DENY"), 200, `{}`, ""},
		{"eve", "GET", "experiments/get?experiment_id=1", "", 403, "Permission denied", ""},
		{"eve", "POST", "/ajax-api/millrace/experiments/managers", `{"experiment_ids":["1"]}`, 403, "Permission denied", ""},
	})
}

// TestMessagesOfClassicPermissions has the words of MLflow 3.1.4 without SQL statements.
// 3.17.2 has no such routes.
func TestMessagesOfClassicPermissions(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	const experiments, models = "experiments/permissions/", "registered-models/permissions/"
	s.check(t, []fact{
		{"bob", "POST", experiments + "create", `{"experiment_id":"1","username":"eve","permission":"NO_PERMISSIONS"}`, 200, `{"experiment_permission":{"experiment_id":"1","user_id":3,"permission":"NO_PERMISSIONS"}}`, ""},
		{"bob", "POST", experiments + "create", `{"experiment_id":"1","username":"eve","permission":"READ"}`, 400, "Experiment permission (experiment_id=1, username=eve) already exists.", "INSERT"},
		{"bob", "POST", experiments + "create", `{"experiment_id":"1","username":"wsa","permission":"X"}`, 400, "Invalid permission 'X'. Valid permissions are: ('READ', 'EDIT', 'MANAGE', 'NO_PERMISSIONS')", ""},
		{"bob", "POST", experiments + "create", `{"experiment_id":"1","username":"wsa","permission":"DENY"}`, 400, "Invalid permission 'DENY'", ""},
		{"bob", "POST", experiments + "create", `{"experiment_id":"1","username":"nobody","permission":"READ"}`, 404, "User with username=nobody not found", ""},
		{"bob", "GET", experiments + "get?experiment_id=1&username=eve", "", 200, `"permission":"NO_PERMISSIONS"`, ""},
		{"eve", "GET", "experiments/get?experiment_id=1", "", 403, "Permission denied", ""},
		{"admin", "GET", "3users/permissions/list?username=eve", "", 200, `"permission":"DENY"`, ""},
		{"admin", "GET", experiments + "get?experiment_id=0&username=eve", "", 404, "Experiment permission with experiment_id=0 and username=eve not found", ""},
		{"bob", "PATCH", experiments + "update", `{"experiment_id":"1","username":"eve","permission":"MANAGE"}`, 200, `{}`, ""},
		{"bob", "PATCH", experiments + "update", `{"experiment_id":"1","username":"wsa","permission":"MANAGE"}`, 404, "Experiment permission with experiment_id=1 and username=wsa not found", ""},
		{"bob", "PATCH", experiments + "update", `{"experiment_id":"1","username":"nobody","permission":"MANAGE"}`, 404, "User with username=nobody not found", ""},
		{"bob", "POST", models + "create", `{"name":"m","username":"eve","permission":"NO_PERMISSIONS"}`, 200, `{"registered_model_permission":{"name":"m","user_id":3,"permission":"NO_PERMISSIONS"}}`, ""},
		{"bob", "POST", models + "create", `{"name":"p","username":"eve","permission":"EDIT"}`, 200, `"name":"p"`, ""},
		{"admin", "GET", get + "eve&resource_type=prompt&resource_id=p", "", 200, `"permission":"EDIT"`, ""},
		{"admin", "POST", models + "create", `{"name":"*","username":"eve","permission":"EDIT"}`, 400, "for one resource", ""},
		// Users of earlier clients have lists of their own grants.
		{"eve", "GET", "users/get?username=eve", "", 200, `{"user":{"id":3,"username":"eve","is_admin":false,"experiment_permissions":[{"experiment_id":"1","user_id":3,"permission":"MANAGE"}],"registered_model_permissions":[{"name":"m","user_id":3,"permission":"NO_PERMISSIONS"},{"name":"p","user_id":3,"permission":"EDIT"}]}}`, ""},
		{"eve", "DELETE", experiments + "delete", `{"experiment_id":"1","username":"eve"}`, 200, `{}`, ""},
		{"bob", "DELETE", experiments + "delete?experiment_id=1&username=eve", "", 404, "Experiment permission with experiment_id=1 and username=eve not found", ""},
		{"bob", "DELETE", models + "delete?name=m&username=eve", "", 200, `{}`, ""},
		{"bob", "GET", models + "get?name=m&username=eve", "", 404, "Registered model permission with name=m and username=eve not found", ""},
	})
}
