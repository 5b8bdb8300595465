package users

import (
	"context"
	"errors"
	"slices"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/mlflow"
)

// caller is the user of a request.
type caller struct {
	name  string
	admin bool
	// workspaces are those in which the user has a role, and managed those that it
	// administers. They are empty for an administrator, who needs none, and for an access
	// token that permits less than its user may do.
	workspaces, managed []string
}

func (h *Handlers) caller(ctx context.Context) (*caller, error) {
	u, _ := auth.FromContext(ctx)
	grants := access.FromContext(ctx)
	c := &caller{name: u.Name, admin: grants.IsAdmin()}
	if c.admin || grants.IsLimited() {
		return c, nil
	}
	account, err := h.Accounts.Account(ctx, u.Name, h.Default)
	switch {
	case errors.Is(err, mlflow.ResourceDoesNotExist): // It was deleted in the meantime.
		return nil, permit.ErrDenied
	case err != nil:
		return nil, err
	}
	c.workspaces, c.managed = account.Workspaces, account.Managed
	return c, nil
}

// manages reports whether the user administers a workspace.
func (c *caller) manages(workspace string) bool {
	return c.admin || slices.Contains(c.managed, workspace)
}

// mayCreateUsers reports whether the user may create others.
func (c *caller) mayCreateUsers() bool { return c.admin || len(c.managed) > 0 }

// isSelf reports whether the user of a request is the one with a name.
func isSelf(ctx context.Context, username string) bool {
	u, _ := auth.FromContext(ctx)
	return u.Name != "" && u.Name == username
}

// callerRule returns a rule that depends on the user of the request.
func callerRule[Req any](
	h *Handlers, name string, allowed func(context.Context, *caller, *Req) (bool, error),
) permit.Rule {
	return permit.For(name, func(c *permit.Checker, in *Req) error {
		who, err := h.caller(c.Context())
		if err != nil {
			return err
		}
		ok, err := allowed(c.Context(), who, in)
		if err == nil && !ok {
			err = permit.ErrDenied
		}
		return err
	})
}

// selfOr returns a rule that the user of the request is the one that username names, or
// passes other. If change is true, the rule is for a change, and an access token that
// permits less than its user may do counts as another user.
func selfOr[Req any](
	name string, username func(*Req) string, change bool, other func(*permit.Checker, *Req) error,
) permit.Rule {
	return permit.For(name, func(c *permit.Checker, in *Req) error {
		if isSelf(c.Context(), username(in)) && (!change || !c.Grants.IsLimited()) {
			return nil
		}
		return other(c, in)
	})
}

// onlyAdmin is the check of permit.Admin.
func onlyAdmin[Req any](c *permit.Checker, _ *Req) error { return c.Admin() }

// ofUser returns the rule of what a user holds: for the user, for administrators, and for
// those of a workspace in which the user has a role.
func ofUser[Req any](h *Handlers, name string, username func(*Req) string) permit.Rule {
	return selfOr(name, username, false, func(c *permit.Checker, in *Req) error {
		who, err := h.caller(c.Context())
		if err != nil || who.admin {
			return err
		}
		if len(who.managed) == 0 {
			return permit.ErrDenied
		}
		account, err := h.Accounts.Account(c.Context(), username(in), h.Default)
		if errors.Is(err, mlflow.ResourceDoesNotExist) {
			return permit.ErrDenied
		}
		if err == nil && !slices.ContainsFunc(account.Workspaces, who.manages) {
			return permit.ErrDenied
		}
		return err
	})
}

// workspaceOfRole returns the workspace of a role, or "" if there is no such role.
func (h *Handlers) workspaceOfRole(ctx context.Context, id int64) (string, error) {
	role, err := h.Accounts.Role(ctx, id)
	if errors.Is(err, mlflow.ResourceDoesNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return role.Workspace, nil
}

// roleRule returns a rule about the workspace of a role. Administrators pass it, also for
// roles that do not exist.
func roleRule[Req any](
	h *Handlers, name string, roleID func(context.Context, *Req) (int64, error), allowed func(*caller, string) bool,
) permit.Rule {
	return callerRule(h, name, func(ctx context.Context, who *caller, in *Req) (bool, error) {
		if who.admin {
			return true, nil
		}
		id, err := roleID(ctx, in)
		if err != nil || id == 0 {
			return false, err
		}
		workspace, err := h.workspaceOfRole(ctx, id)
		return workspace != "" && allowed(who, workspace), err
	})
}

// manageRole returns the rule of a change of a role.
func manageRole[Req any](h *Handlers, id func(*Req) int64) permit.Rule {
	return roleRule(
		h, "role:manage", func(_ context.Context, in *Req) (int64, error) { return id(in), nil }, (*caller).manages,
	)
}

// viewRole returns the rule of a look at a role: for those who have a role in its
// workspace.
func viewRole[Req any](h *Handlers, id func(*Req) int64) permit.Rule {
	return roleRule(h, "role:view", func(_ context.Context, in *Req) (int64, error) { return id(in), nil },
		func(who *caller, workspace string) bool { return slices.Contains(who.workspaces, workspace) })
}

// managePermission returns the rule of a change of a grant of a role.
func managePermission[Req any](h *Handlers, id func(*Req) int64) permit.Rule {
	return roleRule(h, "role:manage", func(ctx context.Context, in *Req) (int64, error) {
		p, err := h.Accounts.Permission(ctx, id(in))
		if errors.Is(err, mlflow.ResourceDoesNotExist) {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		return p.RoleID, nil
	}, (*caller).manages)
}

// manageResource returns the rule of requests about the grants on a resource: for those
// who have MANAGE on it. All resources of a type are managed by administrators and those
// of the workspace.
func manageResource[Req any](resource func(*Req) (access.Type, string)) permit.Rule {
	return permit.For("resource:manage", func(c *permit.Checker, in *Req) error {
		t, id := resource(in)
		if id == access.Any || !t.Valid() || t.OnlyAny() {
			if !c.Grants.Manages() {
				return permit.ErrDenied
			}
			return nil
		}
		return c.Resource(t, id, access.ToManage)
	})
}
