package config

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/access"
)

// basicAuth is the only value of --app-name.
const basicAuth = "basic-auth"

// Environment variables of the users. MLflow has those that begin with MLFLOW_.
const (
	usersFileEnv         = "MLFLOW_AUTH_CONFIG_PATH"
	adminUsernameEnv     = "MLFLOW_AUTH_ADMIN_USERNAME"
	adminPasswordEnv     = "MLFLOW_AUTH_ADMIN_PASSWORD"        //nolint:gosec // It is a name.
	adminPasswordFileEnv = "MILLRACE_AUTH_ADMIN_PASSWORD_FILE" //nolint:gosec // It is a name.
)

// Users configures a server with user names and passwords (--app-name basic-auth).
type Users struct {
	// DefaultPermission is what a user may do with a resource without a grant: READ,
	// USE, EDIT, MANAGE or NO_PERMISSIONS.
	DefaultPermission access.Permission
	// DatabaseURI is the database of users, roles and grants. It may be the backend store.
	DatabaseURI string
	// ReadDatabaseURI is a standby of it for reads, or "". Millrace reads from DatabaseURI.
	ReadDatabaseURI string
	// AdminUsername and AdminPassword are those of the first administrator. They have no
	// meaning once the user exists. AdminPassword is "" if it is not configured.
	AdminUsername, AdminPassword string
}

// appName reads --app-name. Load fills in the users, which need the environment.
func appName(c *Config, v string) error {
	switch v {
	case "":
		return nil
	case basicAuth:
		c.Users = &Users{}
		return nil
	}
	return errors.New("must be " + basicAuth + ", because there is no Python server to load other apps")
}

// LoadUsers returns the configuration of the users from MLflow's ini file, which
// MLFLOW_AUTH_CONFIG_PATH names, and the environment, which takes precedence. Without
// the variable it returns MLflow's defaults.
func LoadUsers(getenv func(string) string) (*Users, error) {
	u := &Users{DefaultPermission: access.Read, DatabaseURI: "sqlite:///basic_auth.db"}
	if path := getenv(usersFileEnv); path != "" {
		if err := u.readFile(path); err != nil {
			return nil, fmt.Errorf("%s %q: %w", usersFileEnv, path, err)
		}
	}
	u.AdminUsername = cmp.Or(getenv(adminUsernameEnv), u.AdminUsername, "admin")
	password, err := secretOf(getenv, adminPasswordEnv, adminPasswordFileEnv)
	u.AdminPassword = cmp.Or(password, u.AdminPassword)
	return u, err
}

// secretOf returns the secret of a variable or of the file that another one names.
func secretOf(getenv func(string) string, env, fileEnv string) (string, error) {
	secret, path := getenv(env), getenv(fileEnv)
	if path == "" {
		return secret, nil
	}
	if secret != "" {
		return "", fmt.Errorf("%s and %s contradict each other; set one", env, fileEnv)
	}
	text, err := readSmallFile(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", fileEnv, err)
	}
	text = strings.TrimRight(text, "\r\n")
	if text == "" || strings.ContainsAny(text, "\r\n\x00") {
		return "", fmt.Errorf("%s: %s must have the secret in its only line", fileEnv, path)
	}
	return text, nil
}

func readSmallFile(path string) (string, error) {
	f, err := os.Open(path) //nolint:gosec // The administrator names the file.
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxINI+1))
	if err == nil && len(text) > maxINI {
		err = fmt.Errorf("%s has more than %d bytes", path, maxINI)
	}
	return string(text), err
}

// userKeys lists the keys of the ini file.
var userKeys = map[string]func(u *Users, value string) error{
	"default_permission": func(u *Users, v string) error {
		u.DefaultPermission = access.Permission(v)
		return oneOf(v, "READ", "USE", "EDIT", "MANAGE", "NO_PERMISSIONS")
	},
	"database_uri": func(u *Users, v string) error {
		u.DatabaseURI = v
		if v == "" {
			return errors.New("must name a database")
		}
		return oneLine(v)
	},
	"read_database_uri": func(u *Users, v string) error {
		u.ReadDatabaseURI = v
		return oneLine(v)
	},
	"admin_username": func(u *Users, v string) error {
		u.AdminUsername = v
		return oneLine(v)
	},
	"admin_password": func(u *Users, v string) error {
		u.AdminPassword = v
		return oneLine(v)
	},
	"authorization_function": func(_ *Users, v string) error {
		if v != "mlflow.server.auth:authenticate_request_basic_auth" {
			return errors.New("functions in Python cannot be called; leave the key out")
		}
		return nil
	},
	// Millrace has no workspaces apart from the default one, and its own caches.
	"grant_default_workspace_access": func(_ *Users, v string) error {
		return oneOf(strings.ToLower(v), "true", "false", "yes", "no", "on", "off", "1", "0")
	},
	"workspace_cache_max_size":    wholeNumber,
	"workspace_cache_ttl_seconds": wholeNumber,
	"auth_cache_max_size":         wholeNumber,
	"auth_cache_ttl_seconds":      wholeNumber,
}

func oneLine(v string) error {
	if strings.Contains(v, "\n") {
		return errors.New("must be one line; a line that is indented further than its key continues the value")
	}
	return nil
}

func wholeNumber(_ *Users, v string) error {
	if _, err := strconv.Atoi(v); err != nil {
		return errors.New("must be a whole number")
	}
	return nil
}

// readFile reads the ini file. As in MLflow, it must have default_permission and
// database_uri.
func (u *Users) readFile(path string) error {
	text, err := readSmallFile(path)
	if err != nil {
		return err
	}
	file, err := parseINI(text, "mlflow")
	if err != nil {
		return err
	}
	for _, key := range []string{"default_permission", "database_uri"} {
		if _, found := file[key]; !found {
			return fmt.Errorf("the key %s is missing", key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(file)) {
		set, known := userKeys[key]
		if !known {
			return fmt.Errorf("line %d: the key %q is unknown", file[key].line, key)
		}
		if err := set(u, file[key].text); err != nil {
			return fmt.Errorf("line %d: %s: %w", file[key].line, key, err)
		}
	}
	return nil
}
