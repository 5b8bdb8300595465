package accounts_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/accounts"
	hashes "github.com/millrace-ml/millrace/internal/accounts/password"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/mlflow"
)

func TestUsers(t *testing.T) {
	onAll(t, func(t *testing.T, s store) {
		ctx := t.Context()
		if must(s.HasUsers(ctx))(t) {
			t.Error("a new database has users")
		}
		ann := s.user("ann")
		if *ann != (accounts.User{ID: ann.ID, Username: "ann"}) || ann.ID == 0 {
			t.Errorf("%+v", ann)
		}
		root := must(s.CreateUser(ctx, "root", password, true))(t)
		if got := must(s.User(ctx, "root"))(t); *got != *root || !got.IsAdmin {
			t.Errorf("%+v, want %+v", got, root)
		}
		if got := must(s.Users(ctx))(t); !slices.Equal(got, []accounts.User{*ann, *root}) {
			t.Errorf("%+v", got)
		}
		if !must(s.HasUsers(ctx))(t) {
			t.Error("there are no users")
		}
		if err := s.SetAdmin(ctx, "ann", true); err != nil || !must(s.User(ctx, "ann"))(t).IsAdmin {
			t.Error("ann is no administrator", err)
		}
		if err := s.SetAdmin(ctx, "root", false); err != nil || must(s.User(ctx, "root"))(t).IsAdmin {
			t.Error("root is an administrator", err)
		}
		_, err := s.CreateUser(ctx, "ann", password, false)
		wantError(t, err, mlflow.ResourceAlreadyExists, "User (username=ann) already exists.")
		const none = "User with username=bob not found"
		_, err = s.User(ctx, "bob")
		wantError(t, err, mlflow.ResourceDoesNotExist, none)
		_, err = s.Account(ctx, "bob", access.Read)
		wantError(t, err, mlflow.ResourceDoesNotExist, none)
		wantError(t, s.SetAdmin(ctx, "bob", true), mlflow.ResourceDoesNotExist, none)
		wantError(t, s.SetPassword(ctx, "bob", password), mlflow.ResourceDoesNotExist, none)
		wantError(t, s.DeleteUser(ctx, "bob"), mlflow.ResourceDoesNotExist, none)
	})
}

func TestPassword(t *testing.T) {
	t.Parallel()
	s := open(t, dbtest.NewFile(t))
	s.user("ann")
	check := func(secret string, want bool) {
		t.Helper()
		hash := must(s.Account(t.Context(), "ann", access.Read))(t).PasswordHash
		if got := must(hashes.Verify(hash, secret))(t); got != want {
			t.Errorf("%q is the password: %v, want %v", secret, got, want)
		}
	}
	check(password, true)
	if err := s.SetPassword(t.Context(), "ann", "ünïcödé päß!"); err != nil {
		t.Fatal(err)
	}
	check("ünïcödé päß!", true)
	check(password, false)
	const short = "Password must be at least 12 characters."
	wantError(t, s.SetPassword(t.Context(), "ann", "ünïcödé päß"), mlflow.InvalidParameterValue, short)
	_, err := s.CreateUser(t.Context(), "bob", "12345678901", false)
	wantError(t, err, mlflow.InvalidParameterValue, short)
	check("ünïcödé päß!", true)
}

// names are user names that some database or some layer could confuse.
var names = []string{
	"ann", "Ann", "ANN", "ann ", " ann", "ann  ", "ann\t", "änn", "ann\u0301", "a\u0308nn", "ａnn", "ß", "ss", "ﬁ", "fi",
	"o'brien", `"quoted"`, "`back`", `back\slash`, "a/b", "../x", "%", "_", "a%", "a:b", "x; DROP TABLE users; --",
	"' OR '1'='1", "日本語", "🙂", "🙃", "__user_1__", "0", "1", "null", "a\nb", "{}", "$1", "?", strings.Repeat("é", 255),
}

func TestNamesAreExact(t *testing.T) {
	onAll(t, func(t *testing.T, s store) {
		for _, name := range names {
			s.user(name)
			s.grant(name, access.RegisteredModel, name, access.Edit)
		}
		for _, name := range names {
			if got := must(s.User(t.Context(), name))(t); got.Username != name {
				t.Errorf("User(%q) is %q", name, got.Username)
			}
			held := must(s.GrantsOf(t.Context(), name))(t)
			if len(held) != 1 || held[0].ResourcePattern != name || !held[0].Direct() {
				t.Errorf("the grants of %q are %+v", name, held)
			}
			if p := s.permission(name, access.RegisteredModel, name); p != access.Edit {
				t.Errorf("%q has %s", name, p)
			}
		}
		if users := must(s.Users(t.Context()))(t); len(users) != len(names) {
			t.Errorf("there are %d users, want %d", len(users), len(names))
		}
		if err := s.DeleteUser(t.Context(), "Ann"); err != nil {
			t.Fatal(err)
		}
		must(s.User(t.Context(), "ann"))(t)
		_, err := s.User(t.Context(), "Ann")
		wantCode(t, err, mlflow.ResourceDoesNotExist)
	})
}

func TestNamesAreRefused(t *testing.T) {
	onAll(t, func(t *testing.T, s store) {
		for name, message := range map[string]string{
			"":                       "Username cannot be empty.",
			strings.Repeat("é", 256): "Username has 256 characters, and at most 255 are allowed.",
			"a\x00b":                 "Username contains a NUL character.",
			"a\xff":                  "Username is not valid UTF-8.",
		} {
			_, err := s.CreateUser(t.Context(), name, password, false)
			wantError(t, err, mlflow.InvalidParameterValue, message)
			_, err = s.Account(t.Context(), name, access.Read)
			wantError(t, err, mlflow.ResourceDoesNotExist, "User with username="+name+" not found")
		}
		if must(s.HasUsers(t.Context()))(t) {
			t.Error("a user was created")
		}
	})
}

// MLflow makes tables of MySQL that ignore upper and lower case, unless the database has
// another collation. Then a name is taken by all of its spellings, but none of them is
// another user.
func TestFoldingCollation(t *testing.T) {
	t.Parallel()
	uri := dbtest.NewDatabase(t, "MILLRACE_TEST_MYSQL")
	s := open(t, uri)
	for _, column := range []string{"users MODIFY username", "role_permissions MODIFY resource_pattern", "roles MODIFY name"} {
		execute(t, uri, "ALTER TABLE "+column+" VARCHAR(255) COLLATE utf8mb4_general_ci")
	}
	ctx := t.Context()
	s.user("ann")
	for _, name := range []string{"Ann", "ann ", "ânn"} {
		_, err := s.User(ctx, name)
		wantCode(t, err, mlflow.ResourceDoesNotExist)
		_, err = s.CreateUser(ctx, name, password, false)
		wantCode(t, err, mlflow.ResourceAlreadyExists)
		wantCode(t, s.DeleteUser(ctx, name), mlflow.ResourceDoesNotExist)
		wantCode(t, s.SetAdmin(ctx, name, true), mlflow.ResourceDoesNotExist)
	}
	s.grant("ann", access.RegisteredModel, "model", access.Read)
	wantCode(t, s.SetGrant(ctx, "ann", access.RegisteredModel, "Model", access.Manage), mlflow.ResourceAlreadyExists)
	wantCode(t, s.Revoke(ctx, "ann", access.RegisteredModel, "Model"), mlflow.ResourceDoesNotExist)
	if err := s.Forget(ctx, access.RegisteredModel, "Model"); err != nil {
		t.Error(err)
	}
	if p := s.permission("ann", access.RegisteredModel, "model"); p != access.Read {
		t.Errorf("ann has %s", p)
	}
	if p := s.permission("ann", access.RegisteredModel, "Model"); p != access.NoPermissions {
		t.Errorf("ann has %s", p)
	}
	must(s.CreateToken(ctx, "ann", "", accounts.Scope{}, 0, [32]byte{1}))(t)
	if token := must(s.TokenByHash(ctx, [32]byte{1}))(t); token.Username != "ann" {
		t.Errorf("%+v", token)
	}
	s.role("team", "ann")
	_, err := s.RoleNamed(ctx, accounts.DefaultWorkspace, "Team")
	wantCode(t, err, mlflow.ResourceDoesNotExist)
}

// SQLite gives the id of the newest user to the next one after its deletion.
func TestNewUserInheritsNothing(t *testing.T) {
	onAll(t, func(t *testing.T, s store) {
		ctx := t.Context()
		bob := s.user("bob")
		role := s.role("team", "bob")
		must(s.AddPermission(ctx, role.ID, access.Experiment, "1", access.Manage))(t)
		s.grant("bob", access.Experiment, "2", access.Manage)
		must(s.CreateToken(ctx, "bob", "laptop", accounts.Scope{}, 0, [32]byte{1}))(t)
		if err := s.DeleteUser(ctx, "bob"); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"eve", "bob"} {
			user := s.user(name)
			if held := must(s.GrantsOf(ctx, name))(t); len(held) != 0 {
				t.Errorf("the new user %+v (before: %+v) has the grants %+v", user, bob, held)
			}
			if roles := must(s.RolesOf(ctx, name))(t); len(roles) != 0 {
				t.Errorf("the new user %+v has the roles %+v", user, roles)
			}
			if tokens := must(s.TokensOf(ctx, name))(t); len(tokens) != 0 {
				t.Errorf("the new user %+v has the tokens %+v", user, tokens)
			}
		}
		_, err := s.TokenByHash(ctx, [32]byte{1})
		wantCode(t, err, mlflow.ResourceDoesNotExist)
		if got := must(s.Role(ctx, role.ID))(t); len(got.Permissions) != 1 {
			t.Errorf("the shared role is %+v", got)
		}
		if roles := must(s.Roles(ctx, nil))(t); len(roles) != 1 {
			t.Errorf("the roles are %+v", roles)
		}
	})
}

// MLflow does not know the table of tokens, and a program may leave a role behind.
func TestNewUserInheritsNothingFromAnotherProgram(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, uri string) {
		s := open(t, uri)
		bob := s.user("bob")
		must(s.CreateToken(t.Context(), "bob", "laptop", accounts.Scope{}, 0, [32]byte{1}))(t)
		execute(t, uri, "DELETE FROM users WHERE username = 'bob'")
		execute(t, uri, "INSERT INTO users (id, username, password_hash, is_admin) VALUES (?, 'eve', 'x', false)", bob.ID)
		_, err := s.TokenByHash(t.Context(), [32]byte{1})
		wantCode(t, err, mlflow.ResourceDoesNotExist)
		if tokens := must(s.TokensOf(t.Context(), "eve"))(t); len(tokens) != 0 {
			t.Errorf("eve has the tokens %+v", tokens)
		}
		if tokens := must(s.Tokens(t.Context()))(t); len(tokens) != 0 {
			t.Errorf("the tokens are %+v", tokens)
		}
		execute(t, uri, "INSERT INTO roles (name, workspace) VALUES ('__user_77__', 'default')")
		execute(t, uri, `INSERT INTO role_permissions (role_id, resource_type, resource_pattern, permission)
			SELECT id, 'experiment', '*', 'MANAGE' FROM roles WHERE name = '__user_77__'`)
		execute(t, uri, "INSERT INTO users (id, username) VALUES (76, 'seventy-six')")
		if strings.HasPrefix(uri, "sqlite:") {
			if user := s.user("next"); user.ID != 77 {
				t.Fatalf("the id is %d, want 77", user.ID)
			}
			s.grant("next", access.Experiment, "1", access.Read)
			if p := s.permission("next", access.Experiment, "2"); p != access.NoPermissions {
				t.Errorf("the new user has %s", p)
			}
		}
		if p := s.permission("seventy-six", access.Experiment, "1"); p != access.NoPermissions {
			t.Errorf("a user without a hash has %s", p)
		}
	})
}

func TestDeleteUserWithLegacyRows(t *testing.T) {
	t.Parallel()
	dbtest.OnAll(t, func(t *testing.T, uri string) {
		s := open(t, uri)
		ann, bob := s.user("ann"), s.user("bob")
		for _, u := range []*accounts.User{ann, bob} {
			execute(t, uri, "INSERT INTO experiment_permissions (experiment_id, user_id, permission) VALUES ('1', ?, 'READ')", u.ID)
			execute(t, uri, "INSERT INTO workspace_permissions (workspace, user_id, permission) VALUES ('default', ?, 'READ')", u.ID)
			execute(t, uri, "INSERT INTO registered_model_permissions (name, user_id, permission) VALUES ('m', ?, 'READ')", u.ID)
		}
		if err := s.DeleteUser(t.Context(), "ann"); err != nil {
			t.Fatal(err)
		}
		if users := must(s.Users(t.Context()))(t); !slices.Equal(users, []accounts.User{*bob}) {
			t.Errorf("%+v", users)
		}
	})
}
