package accounts

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/accounts/password"
	"github.com/millrace-ml/millrace/mlflow"
)

// maxSubject is the limit of the subject of an identity: that of OpenID Connect.
const maxSubject = 255

// Identity is a user as a provider of single sign-on describes it.
type Identity struct {
	// Issuer and Subject identify the user at the provider for ever. Both are "" if a
	// trusted reverse proxy tells the name of the user only.
	Issuer, Subject string
	// Username is the name of a new user. A user whose identity is known keeps its name.
	Username string
	// Adopts reports that the provider vouches for the name, so that an existing user of
	// that name without an identity is the same person.
	Adopts bool
	// KnowsGroups reports that Groups are all groups of the user. Without it, nothing is
	// known about them, and the roles of the user remain as they are.
	KnowsGroups bool
	Groups      []string
	// AdminGroup is the group whose members are administrators, or "".
	AdminGroup string
}

// id returns the key of the identity in the database.
func (i *Identity) id() string {
	sum := sha256.Sum256([]byte(i.Issuer + "\x00" + i.Subject))
	return hex.EncodeToString(sum[:])
}

func (i *Identity) check() error {
	if err := checkUsername(i.Username); err != nil {
		return err
	}
	if i.Issuer == "" {
		return nil
	}
	if i.Subject == "" {
		return invalid("The subject of the user is missing.")
	}
	return checkText("The subject of the user", i.Subject, maxSubject)
}

// SignOn returns the user of an identity and creates it if there is none, with a password
// that nobody knows. created reports that.
//
// If the groups are known, the user has the roles of the default workspace with the names
// of its groups, and is an administrator if it is in the admin group. What SignOn has
// given, it takes away again when the user leaves the group. What was given otherwise
// remains.
func (s *Store) SignOn(ctx context.Context, identity Identity) (user *User, created bool, err error) {
	if err := identity.check(); err != nil {
		return nil, false, err
	}
	hash := password.Hash(rand.Text())
	err = s.write(ctx, func(t tx) error {
		made := false
		user, created, made, err = t.identified(&identity, hash)
		if err != nil || !identity.KnowsGroups {
			return err
		}
		if err := t.followAdminGroup(user, &identity, made); err != nil {
			return err
		}
		return t.followGroups(user, identity.Groups)
	})
	if err != nil {
		return nil, false, err
	}
	return user, created, nil
}

// identified returns the locked user of an identity, and whether SignOn made it an
// administrator.
func (t tx) identified(i *Identity, hash string) (user *User, created, madeAdmin bool, err error) {
	if i.Issuer != "" {
		user, madeAdmin, err = t.userOfIdentity(i)
		if err != nil || user != nil {
			return user, false, madeAdmin, err
		}
	}
	user, err = t.lockUser(i.Username)
	if err == nil && i.Issuer != "" {
		// Another server may have signed the same person on since the first look, which
		// the lock on the user decides.
		known, madeAdmin, err := t.userOfIdentity(i)
		if err != nil || known != nil {
			return known, false, madeAdmin, err
		}
	}
	switch {
	case errors.Is(err, mlflow.ResourceDoesNotExist):
		user, err = t.insertUser(i.Username, hash, false)
		created = true
	case err == nil && !i.Adopts:
		err = mlflow.Errorf(mlflow.PermissionDenied,
			"There is a user %s with a password, and single sign-on does not prove that it is the same person. "+
				"An administrator can delete the user.", i.Username)
	case err == nil && i.Issuer != "":
		err = t.noOtherIdentity(user, i.Issuer)
	}
	if err != nil || i.Issuer == "" {
		return user, created, false, err
	}
	_, err = t.Exec(
		`INSERT INTO millrace_identities (id, user_id, username, issuer, subject, made_admin) VALUES (?, ?, ?, ?, ?, 0)`,
		i.id(), user.ID, user.Username, cut(i.Issuer, 1000), i.Subject,
	)
	return user, created, false, err
}

// userOfIdentity returns the locked user of a known identity, or nil. It forgets an
// identity whose user MLflow has deleted.
func (t tx) userOfIdentity(i *Identity) (user *User, madeAdmin bool, err error) {
	var userID, made int64
	var username string
	err = t.QueryRow("SELECT user_id, username, made_admin FROM millrace_identities WHERE id = ?", i.id()).
		Scan(&userID, &username, &made)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	user, err = t.lockUser(username)
	if errors.Is(err, mlflow.ResourceDoesNotExist) || err == nil && user.ID != userID {
		_, err = t.Exec("DELETE FROM millrace_identities WHERE id = ?", i.id())
		return nil, false, err
	}
	return user, made != 0, err
}

// noOtherIdentity returns an error if somebody else signs on as a user by the same
// provider, which may give the name of a person who has left to another one.
func (t tx) noOtherIdentity(user *User, issuer string) error {
	issuers, err := collect(
		t, "SELECT issuer FROM millrace_identities WHERE user_id = ? AND username = ?",
		[]any{user.ID, user.Username}, scanOne[string],
	)
	if err == nil && slices.Contains(issuers, issuer) {
		err = mlflow.Errorf(mlflow.PermissionDenied,
			"The user %s belongs to another identity of the provider. An administrator can delete the user.", user.Username)
	}
	return err
}

// followAdminGroup makes a user an administrator, or takes that away if SignOn gave it.
func (t tx) followAdminGroup(user *User, i *Identity, madeAdmin bool) error {
	member := i.AdminGroup != "" && slices.Contains(i.Groups, i.AdminGroup)
	switch {
	case member && !user.IsAdmin:
		madeAdmin = true
	case !member && madeAdmin:
		madeAdmin = false
	default:
		return nil
	}
	user.IsAdmin = member
	if _, err := t.Exec("UPDATE users SET is_admin = ? WHERE id = ?", member, user.ID); err != nil {
		return err
	}
	made := 0
	if madeAdmin {
		made = 1
	}
	_, err := t.Exec("UPDATE millrace_identities SET made_admin = ? WHERE id = ?", made, i.id())
	return err
}

// followGroups assigns the roles with the names of the groups to a user, and takes those
// away that an earlier call has assigned and that are not among them.
func (t tx) followGroups(user *User, groups []string) error {
	before, err := collect(
		t, "SELECT role_id FROM millrace_group_roles WHERE user_id = ? AND username = ?",
		[]any{user.ID, user.Username}, scanOne[int64],
	)
	if err != nil {
		return err
	}
	wanted, err := t.rolesOfGroups(groups)
	if err != nil {
		return err
	}
	for _, role := range before {
		if !slices.Contains(wanted, role) {
			if err := t.leaveGroup(user, role); err != nil {
				return err
			}
		}
	}
	for _, role := range wanted {
		if !slices.Contains(before, role) {
			if err := t.joinGroup(user, role); err != nil {
				return err
			}
		}
	}
	return nil
}

// rolesOfGroups returns the ids of the roles with the names of groups.
func (t tx) rolesOfGroups(groups []string) (ids []int64, err error) {
	err = t.Each(
		"SELECT id, name, workspace FROM roles WHERE workspace = ? ORDER BY id", []any{DefaultWorkspace},
		func(rows *sql.Rows) error {
			var id int64
			var name, workspace string
			err := rows.Scan(&id, &name, &workspace)
			if workspace == DefaultWorkspace && slices.Contains(groups, name) && !strings.HasPrefix(name, ownRolePrefix) {
				ids = append(ids, id)
			}
			return err
		},
	)
	return ids, err
}

// joinGroup assigns a role to a user, unless somebody has done so by hand.
func (t tx) joinGroup(user *User, role int64) error {
	_, err := t.lockRole(role)
	if errors.Is(err, mlflow.ResourceDoesNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if found, err := t.assigned(user.ID, role); err != nil || found {
		return err
	}
	if _, err := t.assign(user.ID, role); err != nil {
		return err
	}
	_, err = t.Exec("INSERT INTO millrace_group_roles (user_id, username, role_id) VALUES (?, ?, ?)",
		user.ID, user.Username, role)
	return err
}

// leaveGroup takes a role from a user.
func (t tx) leaveGroup(user *User, role int64) error {
	_, err := t.Exec("DELETE FROM user_role_assignments WHERE user_id = ? AND role_id = ?", user.ID, role)
	if err == nil {
		_, err = t.Exec("DELETE FROM millrace_group_roles WHERE user_id = ? AND role_id = ?", user.ID, role)
	}
	return err
}
