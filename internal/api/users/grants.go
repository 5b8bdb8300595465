package users

import (
	"context"
	"net/http"
	"slices"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/mlflow"
)

type grantRequest struct {
	Username     string `json:"username" required:"true"`
	ResourceType string `json:"resource_type" required:"true"`
	ResourceID   string `json:"resource_id" required:"true"`
	Permission   string `json:"permission" required:"true"`
}

type resourceRequest struct {
	Username     string `json:"username" required:"true"`
	ResourceType string `json:"resource_type" required:"true"`
	ResourceID   string `json:"resource_id" required:"true"`
}

type grantsResponse struct {
	IsAdmin     bool            `json:"is_admin"`
	Permissions []accounts.Held `json:"permissions"`
}

type allowedResponse struct {
	Allowed    bool              `json:"allowed"`
	Permission access.Permission `json:"permission"`
}

const grantsPath = "3.0/mlflow/users/"

var (
	currentGrants = mlflow.Endpoint[mlflow.Empty, grantsResponse]{
		Method: http.MethodGet, Path: grantsPath + "current/permissions",
	}
	userGrants = mlflow.Endpoint[usernameRequest, grantsResponse]{
		Method: http.MethodGet, Path: grantsPath + "permissions/list",
	}
	userRoles = mlflow.Endpoint[usernameRequest, rolesResponse]{Method: http.MethodGet, Path: grantsPath + "roles/list"}

	grant  = mlflow.Endpoint[grantRequest, mlflow.Empty]{Method: http.MethodPost, Path: grantsPath + "permissions/grant"}
	revoke = mlflow.Endpoint[resourceRequest, mlflow.Empty]{
		Method: http.MethodPost, Path: grantsPath + "permissions/revoke",
	}
	allowed = mlflow.Endpoint[resourceRequest, allowedResponse]{
		Method: http.MethodGet, Path: grantsPath + "permissions/get",
	}
)

func (h *Handlers) grantRoutes(r *route.Router) {
	read := ofUser(h, "user:grants", func(in *usernameRequest) string { return in.Username })
	route.On(r, currentGrants, permit.User, h.currentGrants)
	route.On(r, userGrants, read, h.userGrants)
	route.On(r, userRoles, read, h.userRoles)
	route.On(r, grant, manageResource(func(in *grantRequest) (access.Type, string) {
		return access.Type(in.ResourceType), in.ResourceID
	}), h.grant)
	route.On(r, revoke, manageResource(func(in *resourceRequest) (access.Type, string) {
		return access.Type(in.ResourceType), in.ResourceID
	}), h.revoke)
	route.On(r, allowed, selfOr("user:allowed", func(in *resourceRequest) string { return in.Username }, false,
		func(c *permit.Checker, _ *resourceRequest) error {
			if !c.Grants.Manages() {
				return permit.ErrDenied
			}
			return nil
		}), h.allowed)
}

func (h *Handlers) currentGrants(ctx context.Context, _ *mlflow.Empty) (*grantsResponse, error) {
	u, err := h.self(ctx)
	if err != nil {
		return nil, err
	}
	held, err := h.Accounts.GrantsOf(ctx, u.Username)
	return &grantsResponse{u.IsAdmin, held}, err
}

// userGrants returns the grants of a user in the workspaces that the user of the request
// may see.
func (h *Handlers) userGrants(ctx context.Context, in *usernameRequest) (*grantsResponse, error) {
	who, err := h.caller(ctx)
	if err != nil {
		return nil, err
	}
	u, err := h.Accounts.User(ctx, in.Username)
	if err != nil {
		return nil, err
	}
	held, err := h.Accounts.GrantsOf(ctx, in.Username)
	if in.Username != who.name {
		held = slices.DeleteFunc(held, func(g accounts.Held) bool { return !who.manages(g.Workspace) })
	}
	return &grantsResponse{u.IsAdmin, held}, err
}

func (h *Handlers) userRoles(ctx context.Context, in *usernameRequest) (*rolesResponse, error) {
	who, err := h.caller(ctx)
	if err != nil {
		return nil, err
	}
	roles, err := h.Accounts.RolesOf(ctx, in.Username)
	return &rolesResponse{who.visibleRoles(in.Username, roles)}, err
}

func (h *Handlers) grant(ctx context.Context, in *grantRequest) (*mlflow.Empty, error) {
	return &mlflow.Empty{}, h.Accounts.Grant(
		ctx, in.Username, access.Type(in.ResourceType), in.ResourceID, access.Permission(in.Permission),
	)
}

func (h *Handlers) revoke(ctx context.Context, in *resourceRequest) (*mlflow.Empty, error) {
	return &mlflow.Empty{}, h.Accounts.Revoke(ctx, in.Username, access.Type(in.ResourceType), in.ResourceID)
}

// allowed returns the permission that a user has on a resource, with the grants of all
// its roles and the default permission. The resource need not exist.
func (h *Handlers) allowed(ctx context.Context, in *resourceRequest) (*allowedResponse, error) {
	t := access.Type(in.ResourceType)
	switch {
	case !t.Valid():
		return nil, apierror.Invalid("Invalid resource type '%s'.", apierror.Shorten(in.ResourceType))
	case t == access.Workspace || t.OnlyAny() && in.ResourceID != access.Any:
		return nil, apierror.Invalid(
			"resource_type '%s' is not supported by the per-user permission convenience APIs.", t)
	}
	account, err := h.Accounts.Account(ctx, in.Username, h.Default)
	if err != nil {
		return nil, err
	}
	key := access.Key{Type: t, ID: in.ResourceID}
	if t == access.Experiment && in.ResourceID != access.Any && account.Grants.NeedsNames(t) {
		if key.Name, _, err = h.Owners.ExperimentName(ctx, in.ResourceID); err != nil {
			return nil, err
		}
	}
	p := account.Grants.Permission(key)
	return &allowedResponse{p.Includes(access.ToUse), p}, nil
}
