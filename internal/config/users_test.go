package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/config"
)

// writeFile writes a file into a folder of the test and returns its path.
func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// loadUsers reads an ini file, unless it is "", and an environment.
func loadUsers(t *testing.T, ini string, env map[string]string) (*config.Users, error) {
	t.Helper()
	path := ""
	if ini != "" {
		path = writeFile(t, "auth.ini", ini)
	}
	return config.LoadUsers(func(name string) string {
		if name == "MLFLOW_AUTH_CONFIG_PATH" {
			return path
		}
		return env[name]
	})
}

func TestUsersWithoutAFile(t *testing.T) {
	t.Parallel()
	if c, err := load(t, "", nil); err != nil || c.Users != nil {
		t.Errorf("%+v, %v", c.Users, err)
	}
	want := config.Users{DefaultPermission: access.Read, DatabaseURI: "sqlite:///basic_auth.db", AdminUsername: "admin"}
	c, err := load(t, "--app-name basic-auth", nil)
	if err != nil || c.Users == nil || *c.Users != want {
		t.Errorf("%+v, %v", c, err)
	}
	want.AdminUsername, want.AdminPassword = "root", "a very long password"
	c, err = load(t, "", map[string]string{
		"MILLRACE_APP_NAME": "basic-auth", "MLFLOW_AUTH_ADMIN_USERNAME": "root", "MLFLOW_AUTH_ADMIN_PASSWORD": "a very long password",
	})
	if err != nil || c.Users == nil || *c.Users != want {
		t.Errorf("%+v, %v", c, err)
	}
}

// The packaged file of MLflow 3.17.2 in short, with what configparser of Python 3.11 reads from it.
const packagedINI = `[mlflow]
default_permission = READ
database_uri = sqlite:///basic_auth.db
admin_username = admin
# MLflow ships no default admin password.
# admin_password =
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
# When true, users inherit default_permission for the reserved 'default' workspace.
grant_default_workspace_access = false
# auth_cache_ttl_seconds = 0`

// What configparser reads from these files was tried with Python 3.11.
func TestUsersOfAFile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ini  string
		want config.Users
	}{
		"packaged": {packagedINI, config.Users{DefaultPermission: access.Read, DatabaseURI: "sqlite:///basic_auth.db", AdminUsername: "admin"}},
		"all keys": {
			"[mlflow]\r\nDefault_Permission: NO_PERMISSIONS\r\n; a comment\r\nDATABASE_URI=postgresql://u:p%%40ss=1;x#y@h/db ; z\r\nread_database_uri :\r\n" +
				"admin_username = a = b\r\nadmin_password = 100%% # sure\r\ngrant_default_workspace_access = ON\r\n" +
				"workspace_cache_max_size = 1\r\nworkspace_cache_ttl_seconds = 2\r\nauth_cache_max_size = 3\r\nauth_cache_ttl_seconds = 60\r\n",
			config.Users{
				DefaultPermission: access.NoPermissions, DatabaseURI: "postgresql://u:p%40ss=1;x#y@h/db ; z", AdminUsername: "a = b",
				AdminPassword: "100% # sure",
			},
		},
		"indented": {
			"\n  # first\n  [mlflow] ; settings\n  default_permission = EDIT\n\n  database_uri = sqlite:///x.db\n      # comment\n\n  read_database_uri = y\n\n",
			config.Users{DefaultPermission: access.Edit, DatabaseURI: "sqlite:///x.db", ReadDatabaseURI: "y", AdminUsername: "admin"},
		},
		"mark of the byte order": {
			"\ufeff[mlflow]\ndefault_permission = USE\ndatabase_uri = x",
			config.Users{DefaultPermission: access.Use, DatabaseURI: "x", AdminUsername: "admin"},
		},
	} {
		u, err := loadUsers(t, c.ini, nil)
		if err != nil || *u != c.want {
			t.Errorf("%s: %+v, %v", name, u, err)
		}
	}
}

func TestHostileUsersFiles(t *testing.T) {
	t.Parallel()
	const good = "[mlflow]\ndefault_permission = READ\ndatabase_uri = x\n"
	for _, c := range []struct{ ini, want string }{
		{" ", "[mlflow] is missing"},
		{"# [mlflow]\n", "[mlflow] is missing"},
		{"[MLFLOW]\n", "line 1: the section [MLFLOW] has no meaning"},
		{good + "[DEFAULT]\nadmin_password = x\n", "line 4: the section [DEFAULT] has no meaning"},
		{good + "[mlflow]\n", "line 4: the section [mlflow] is there twice"},
		{"[mlflow\n", "line 1: the line is not a section"},
		{"[mlflow] default_permission = NO_PERMISSIONS\n", "line 1: the line is not a section"},
		{"default_permission = READ\n" + good, "line 1: the line is before the section"},
		{good + "admin_username\n", "line 4: the line has no = or :"},
		{good + "= x\n", "line 4: the line has no key"},
		{good + "Database_URI = y\n", "line 4: the key database_uri is there twice"},
		{good + "default_permissions = EDIT\n", `line 4: the key "default_permissions" is unknown`},
		{good + "admin_password = %(database_uri)s\n", "line 4: admin_password: references to other keys"},
		{good + "admin_password = 100%\n", "line 4: admin_password: a percent sign"},
		{good + "admin_password = 100%d\n", "line 4: admin_password: a percent sign"},
		{good + "admin_password = a\n b\n", "line 4: admin_password: must be one line"},
		{"[mlflow]\ndefault_permission = READ\ndatabase_uri =\n  sqlite:///x.db\n", "line 3: database_uri: must be one line"},
		{good + " admin_password = b\n", "line 3: database_uri: must be one line"},
		{good + "admin_username = a\x00b\n", "line 4: the line has a NUL character"},
		{good + "admin_username = a\xffb\n", "not UTF-8"},
		{good + "authorization_function = my.module:check\n", "line 4: authorization_function: functions in Python"},
		{good + "authorization_function =\n", "line 4: authorization_function: functions in Python"},
		{good + "grant_default_workspace_access = perhaps\n", "line 4: grant_default_workspace_access: must be one of"},
		{good + "auth_cache_ttl_seconds = 1m\n", "line 4: auth_cache_ttl_seconds: must be a whole number"},
		{"[mlflow]\ndatabase_uri = x\n", "default_permission is missing"},
		{"[mlflow]\ndefault_permission = READ\n", "database_uri is missing"},
		{"[mlflow]\ndefault_permission = READ\ndatabase_uri =\n", "database_uri: must name a database"},
		{"[mlflow]\ndefault_permission = DENY\ndatabase_uri = x\n", "default_permission: must be one of READ, USE, EDIT, MANAGE, NO_PERMISSIONS"},
		{"[mlflow]\ndefault_permission = read\ndatabase_uri = x\n", "default_permission: must be one of"},
		{"[mlflow]\ndefault_permission = NO_PERMISSIONS ; strict\ndatabase_uri = x\n", "default_permission: must be one of"},
		{good + strings.Repeat("# x\n", 1<<18), "more than 1048576 bytes"},
	} {
		_, err := loadUsers(t, c.ini, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.80q: %v, want one line with %q", c.ini, err, c.want)
		}
	}
}

func TestAMissingUsersFile(t *testing.T) {
	t.Parallel()
	for _, path := range []string{filepath.Join(t.TempDir(), "none.ini"), t.TempDir()} {
		_, err := load(t, "--app-name basic-auth", map[string]string{"MLFLOW_AUTH_CONFIG_PATH": path})
		if err == nil || !strings.Contains(err.Error(), "MLFLOW_AUTH_CONFIG_PATH") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestPasswordOfTheFirstAdministrator(t *testing.T) {
	t.Parallel()
	const ini = "[mlflow]\ndefault_permission = READ\ndatabase_uri = x\nadmin_username = file\nadmin_password = of the file\n"
	const passwordFile = "MILLRACE_AUTH_ADMIN_PASSWORD_FILE"
	secret := writeFile(t, "secret", " of the secret \r\n")
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{nil, "of the file"},
		{map[string]string{"MLFLOW_AUTH_ADMIN_PASSWORD": "of the environment"}, "of the environment"},
		{map[string]string{passwordFile: secret}, " of the secret "},
	} {
		if u, err := loadUsers(t, ini, c.env); err != nil || u.AdminPassword != c.want || u.AdminUsername != "file" {
			t.Errorf("%v: %+v, %v", c.env, u, err)
		}
	}
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{passwordFile: secret, "MLFLOW_AUTH_ADMIN_PASSWORD": "x"}, "contradict"},
		{map[string]string{passwordFile: secret + "x"}, passwordFile},
		{map[string]string{passwordFile: writeFile(t, "empty", "\n")}, "only line"},
		{map[string]string{passwordFile: writeFile(t, "two", "a\nb\n")}, "only line"},
	} {
		_, err := loadUsers(t, ini, c.env)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "of the secret") {
			t.Errorf("%v: %v, want %q", c.env, err, c.want)
		}
	}
}
