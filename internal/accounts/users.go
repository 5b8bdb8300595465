package accounts

import (
	"context"
	"database/sql"
	"errors"

	"github.com/millrace-ml/millrace/internal/accounts/password"
	"github.com/millrace-ml/millrace/mlflow"
)

// User is a person or program that can log in. Its JSON is that of MLflow.
type User struct {
	ID       int64  `json:"id"`
	Username string `json:"username"`
	IsAdmin  bool   `json:"is_admin"`
}

// UserWithRoles is a user with the roles that are assigned to it.
type UserWithRoles struct {
	User
	Roles []Role `json:"roles"`
}

// CreateUser creates a user. What a deleted user with the same id or name has left
// behind does not become the new user's.
func (s *Store) CreateUser(ctx context.Context, username, secret string, isAdmin bool) (user *User, err error) {
	if err := checkUsername(username); err != nil {
		return nil, err
	}
	if err := checkPassword(secret); err != nil {
		return nil, err
	}
	hash := password.Hash(secret)
	err = s.write(ctx, func(t tx) error {
		switch _, _, err := t.user(username); {
		case err == nil:
			return mlflow.Errorf(mlflow.ResourceAlreadyExists, "User (username=%s) already exists.", username)
		case !errors.Is(err, mlflow.ResourceDoesNotExist):
			return err
		}
		user, err = t.insertUser(username, hash, isAdmin)
		return err
	})
	if err != nil {
		return nil, err
	}
	return user, nil
}

func (t tx) insertUser(username, hash string, isAdmin bool) (*User, error) {
	id, err := t.InsertID("id",
		"INSERT INTO users (username, password_hash, is_admin) VALUES (?, ?, ?)", username, hash, isAdmin)
	user := &User{ID: id, Username: username, IsAdmin: isAdmin}
	if err == nil {
		err = t.deleteBelongings(user)
	}
	return user, err
}

// User returns a user.
func (s *Store) User(ctx context.Context, username string) (user *User, err error) {
	err = s.read(ctx, func(t tx) error {
		user, _, err = t.user(username)
		return err
	})
	return user, err
}

// user returns a user and the hash of its password.
func (t tx) user(username string) (user *User, hash string, err error) {
	if checkUsername(username) != nil { // Some database refuses to compare it.
		return nil, "", noUser(username)
	}
	user = &User{}
	var passwordHash sql.NullString
	var isAdmin sql.NullBool
	err = t.QueryRow("SELECT id, username, password_hash, is_admin FROM users WHERE username = ?", username).
		Scan(&user.ID, &user.Username, &passwordHash, &isAdmin)
	if errors.Is(err, sql.ErrNoRows) || err == nil && user.Username != username {
		return nil, "", noUser(username)
	}
	if err != nil {
		return nil, "", err
	}
	user.IsAdmin = isAdmin.Bool
	return user, passwordHash.String, nil
}

func noUser(username string) error {
	return mlflow.Errorf(mlflow.ResourceDoesNotExist, "User with username=%s not found", username)
}

// lockUser returns a user that no other transaction changes, or deletes, or gives
// anything until this one ends. A transaction locks a user before a role.
func (t tx) lockUser(username string) (*User, error) {
	user, _, err := t.user(username)
	if err != nil {
		return nil, err
	}
	n, err := t.Exec("UPDATE users SET username = username WHERE id = ?", user.ID)
	if err == nil && n == 0 { // It was deleted in the meantime.
		err = noUser(username)
	}
	return user, err
}

// Users returns all users, ordered by id.
func (s *Store) Users(ctx context.Context) (users []User, err error) {
	err = s.read(ctx, func(t tx) error {
		users, err = t.users()
		return err
	})
	return users, err
}

func (t tx) users() ([]User, error) {
	return collect(
		t, "SELECT id, username, is_admin FROM users WHERE username IS NOT NULL ORDER BY id", nil,
		func(rows *sql.Rows, u *User) error {
			var isAdmin sql.NullBool
			err := rows.Scan(&u.ID, &u.Username, &isAdmin)
			u.IsAdmin = isAdmin.Bool
			return err
		},
	)
}

// UsersWithRoles returns all users with their roles, ordered by id.
func (s *Store) UsersWithRoles(ctx context.Context) (list []UserWithRoles, err error) {
	err = s.read(ctx, func(t tx) error {
		users, err := t.users()
		if err != nil {
			return err
		}
		roles, err := t.roles("")
		if err != nil {
			return err
		}
		byID := make(map[int64]Role, len(roles))
		for _, r := range roles {
			byID[r.ID] = r
		}
		assignments, err := t.assignments("ORDER BY role_id")
		if err != nil {
			return err
		}
		byUser := map[int64][]Role{}
		for _, a := range assignments {
			byUser[a.UserID] = append(byUser[a.UserID], byID[a.RoleID])
		}
		list = make([]UserWithRoles, len(users))
		for i, u := range users {
			list[i] = UserWithRoles{u, append([]Role{}, byUser[u.ID]...)}
		}
		return nil
	})
	return list, err
}

// HasUsers reports whether there is a user.
func (s *Store) HasUsers(ctx context.Context) (has bool, err error) {
	err = s.read(ctx, func(t tx) error {
		return t.QueryRow("SELECT EXISTS (SELECT 1 FROM users)").Scan(&has)
	})
	return has, err
}

// SetPassword changes the password of a user.
func (s *Store) SetPassword(ctx context.Context, username, secret string) error {
	if err := checkPassword(secret); err != nil {
		return err
	}
	hash := password.Hash(secret)
	return s.write(ctx, func(t tx) error {
		user, err := t.lockUser(username)
		if err == nil {
			_, err = t.Exec("UPDATE users SET password_hash = ? WHERE id = ?", hash, user.ID)
		}
		return err
	})
}

// SetAdmin makes a user an administrator or takes that away.
func (s *Store) SetAdmin(ctx context.Context, username string, isAdmin bool) error {
	return s.write(ctx, func(t tx) error {
		user, err := t.lockUser(username)
		if err == nil {
			_, err = t.Exec("UPDATE users SET is_admin = ? WHERE id = ?", isAdmin, user.ID)
		}
		return err
	})
}

// DeleteUser deletes a user with its grants, assignments and access tokens.
func (s *Store) DeleteUser(ctx context.Context, username string) error {
	return s.write(ctx, func(t tx) error {
		user, err := t.lockUser(username)
		if err != nil {
			return err
		}
		if err := t.deleteBelongings(user); err != nil {
			return err
		}
		_, err = t.Exec("DELETE FROM users WHERE id = ?", user.ID)
		return err
	})
}

// legacyTables are the tables from which MLflow has moved grants to roles. They are not
// read, but their rows refer to users.
var legacyTables = []string{
	"experiment_permissions", "registered_model_permissions", "scorer_permissions", "gateway_secret_permissions",
	"gateway_endpoint_permissions", "gateway_model_definition_permissions", "workspace_permissions",
}

// deleteBelongings deletes all rows that belong to a user.
func (t tx) deleteBelongings(user *User) error {
	roles, err := collect(
		t, "SELECT id FROM roles WHERE name = ?", []any{ownRole(user.ID)}, scanOne[int64])
	if err != nil {
		return err
	}
	if err := t.deleteRoles(roles); err != nil {
		return err
	}
	for _, table := range append([]string{"user_role_assignments"}, legacyTables...) {
		if _, err := t.Exec("DELETE FROM "+table+" WHERE user_id = ?", user.ID); err != nil {
			return err
		}
	}
	for _, table := range []string{
		"millrace_access_tokens", "millrace_sessions", "millrace_identities", "millrace_group_roles",
	} {
		if _, err := t.Exec("DELETE FROM "+table+" WHERE user_id = ? OR username = ?", user.ID, user.Username); err != nil {
			return err
		}
	}
	return nil
}
