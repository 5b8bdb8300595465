package accounts

import (
	"context"
	"slices"

	"github.com/millrace-ml/millrace/internal/access"
)

// Account is all that decides about the requests of a user.
type Account struct {
	User
	// PasswordHash is the hash of the password, see package password.
	PasswordHash string
	// Grants are the user's permissions in the default workspace.
	Grants *access.Grants
	// Workspaces are those in which the user has a role, and Managed those whose roles
	// and users it administers. Both are sorted.
	Workspaces, Managed []string
}

// Account returns a user with all its grants, from one snapshot of the database. least
// is the permission on resources without a grant.
func (s *Store) Account(ctx context.Context, username string, least access.Permission) (a *Account, err error) {
	err = s.read(ctx, func(t tx) error {
		user, hash, err := t.user(username)
		if err != nil {
			return err
		}
		held, err := t.heldBy(user.ID)
		if err != nil {
			return err
		}
		workspaces, err := collect(
			t, `SELECT r.workspace FROM user_role_assignments a JOIN roles r ON r.id = a.role_id WHERE a.user_id = ?`,
			[]any{user.ID}, scanOne[string],
		)
		a = &Account{User: *user, PasswordHash: hash, Workspaces: sortedSet(workspaces)}
		a.addGrants(held, least)
		return err
	})
	if err != nil {
		return nil, err
	}
	return a, nil
}

func (a *Account) addGrants(held []Held, least access.Permission) {
	a.Grants = &access.Grants{Admin: a.IsAdmin, Default: least}
	for _, h := range held {
		if h.ResourceType.OnlyAny() && h.ResourcePattern != access.Any {
			continue // MLflow ignores such a row.
		}
		if h.ResourceType == access.Workspace && h.Permission == access.Manage {
			a.Managed = append(a.Managed, h.Workspace)
		}
		if h.Workspace == DefaultWorkspace {
			a.Grants.Add(access.Key{Type: h.ResourceType, ID: h.ResourcePattern}, h.Permission)
		}
	}
	a.Managed = sortedSet(a.Managed)
}

func sortedSet(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
