package accounts

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/mlflow"
)

// The limits of texts in characters: those of the columns, on every database.
const (
	maxName        = 255
	maxWorkspace   = 63
	maxDescription = 1024
	minPassword    = 12
)

func invalid(format string, args ...any) error {
	return mlflow.Errorf(mlflow.InvalidParameterValue, format, args...)
}

// checkText returns an error for a text that some database cannot store.
func checkText(what, text string, limit int) error {
	switch {
	case !utf8.ValidString(text):
		return invalid("%s is not valid UTF-8.", what)
	case strings.Contains(text, "\x00"):
		return invalid("%s contains a NUL character.", what)
	case utf8.RuneCountInString(text) > limit:
		return invalid("%s has %d characters, and at most %d are allowed.", what, utf8.RuneCountInString(text), limit)
	}
	return nil
}

func checkUsername(username string) error {
	if username == "" {
		return invalid("Username cannot be empty.")
	}
	return checkText("Username", username, maxName)
}

func checkPassword(password string) error {
	if utf8.RuneCountInString(password) < minPassword {
		return invalid("Password must be at least %d characters.", minPassword)
	}
	return nil
}

func checkRoleName(name string) error {
	if strings.TrimSpace(name) == "" {
		return invalid("Role name cannot be empty.")
	}
	if strings.HasPrefix(name, ownRolePrefix) {
		return invalid("Role name '%s' is reserved: names that begin with '%s' hold the grants of single users.",
			name, ownRolePrefix)
	}
	return checkText("Role name", name, maxName)
}

func checkWorkspace(workspace string) error {
	if strings.TrimSpace(workspace) == "" {
		return invalid("Workspace cannot be empty.")
	}
	return checkText("Workspace", workspace, maxWorkspace)
}

func checkDescription(description *string) error {
	if description == nil {
		return nil
	}
	return checkText("Role description", *description, maxDescription)
}

// checkGrant returns an error unless a grant of p on a resource is possible.
func checkGrant(t access.Type, pattern string, p access.Permission) error {
	if err := checkResource(t, pattern); err != nil {
		return err
	}
	return checkPermission(t, p)
}

// checkResource returns an error unless there can be grants on a resource.
func checkResource(t access.Type, pattern string) error {
	switch {
	case !t.Valid():
		return invalid("Invalid resource type '%s': it must be one of %s.", t, joined(access.Types))
	case pattern == "":
		return invalid("The id of the resource cannot be empty.")
	case pattern == access.Prefix:
		return invalid("The prefix of the names of resources cannot be empty; * stands for all.")
	case strings.HasPrefix(pattern, access.Prefix) && !t.OnlyAny() && !t.HasNames():
		return invalid("Resources of the type %s have no names, so that a grant on a prefix is not possible.", t)
	case t.OnlyAny() && pattern != access.Any:
		return invalid("Invalid resource_pattern '%s' for resource_type='%s': the only one is '*'.", pattern, t)
	}
	return checkText("The id of the resource", pattern, maxName)
}

var (
	onWorkspace = []access.Permission{access.Manage, access.Use}
	onResource  = []access.Permission{access.Deny, access.Edit, access.Manage, access.Read, access.Use}
)

// checkPermission returns an error unless a grant on a type can have the permission p.
func checkPermission(t access.Type, p access.Permission) error {
	possible := onResource
	if t == access.Workspace {
		possible = onWorkspace
	}
	switch {
	case !p.Valid():
		return invalid("Invalid permission '%s': it must be one of %s.", p, joined(access.Permissions))
	case !slices.Contains(possible, p):
		return invalid("Invalid permission '%s' for resource_type='%s': it must be one of %s.", p, t, joined(possible))
	}
	return nil
}

func joined[T ~string](list []T) string {
	texts := make([]string, len(list))
	for i, v := range list {
		texts[i] = string(v)
	}
	return strings.Join(texts, ", ")
}
