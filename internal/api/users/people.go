package users

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/mlflow"
)

type createUserRequest struct {
	Username string `json:"username" required:"true"`
	Password string `json:"password" required:"true"`
}

type usernameRequest struct {
	Username string `json:"username" required:"true"`
}

// deleteUserRequest can also be a query.
type deleteUserRequest struct {
	Username string `json:"username" required:"true"`
}

// InQuery implements [route.InQuery].
func (*deleteUserRequest) InQuery() {}

type updatePasswordRequest struct {
	Username        string `json:"username" required:"true"`
	Password        string `json:"password" required:"true"`
	CurrentPassword string `json:"current_password"`
}

type updateAdminRequest struct {
	Username string `json:"username" required:"true"`
	IsAdmin  bool   `json:"is_admin" required:"true"`
}

// user is a user with its own grants on experiments and models, which clients up to
// MLflow 3.1 expect.
type user struct {
	accounts.User
	ExperimentPermissions      []experimentPermission      `json:"experiment_permissions"`
	RegisteredModelPermissions []registeredModelPermission `json:"registered_model_permissions"`
}

type userResponse struct {
	User user `json:"user"`
}

type currentUserResponse struct {
	User        accounts.User `json:"user"`
	IsBasicAuth bool          `json:"is_basic_auth"`
}

type usersResponse struct {
	Users []accounts.UserWithRoles `json:"users"`
}

const usersPath = "2.0/mlflow/users/"

var (
	createUser  = mlflow.Endpoint[createUserRequest, userResponse]{Method: http.MethodPost, Path: usersPath + "create"}
	getUser     = mlflow.Endpoint[usernameRequest, userResponse]{Method: http.MethodGet, Path: usersPath + "get"}
	currentUser = mlflow.Endpoint[mlflow.Empty, currentUserResponse]{
		Method: http.MethodGet, Path: usersPath + "current",
	}
	listUsers      = mlflow.Endpoint[mlflow.Empty, usersResponse]{Method: http.MethodGet, Path: usersPath + "list"}
	updatePassword = mlflow.Endpoint[updatePasswordRequest, mlflow.Empty]{
		Method: http.MethodPatch, Path: usersPath + "update-password",
	}
	updateAdmin = mlflow.Endpoint[updateAdminRequest, mlflow.Empty]{
		Method: http.MethodPatch, Path: usersPath + "update-admin",
	}
	deleteUser = mlflow.Endpoint[deleteUserRequest, mlflow.Empty]{Method: http.MethodDelete, Path: usersPath + "delete"}
)

func (h *Handlers) userRoutes(r *route.Router) {
	create := callerRule(h, "user:create", func(_ context.Context, who *caller, _ *createUserRequest) (bool, error) {
		return who.mayCreateUsers(), nil
	})
	get := selfOr("user:read", func(in *usernameRequest) string { return in.Username }, false, onlyAdmin)
	changePassword := selfOr(
		"user:password", func(in *updatePasswordRequest) string { return in.Username }, true, onlyAdmin,
	)
	route.On(r, createUser, create, h.createUser)
	route.On(r, getUser, get, h.getUser)
	route.On(r, currentUser, permit.User, h.currentUser)
	route.On(r, listUsers, permit.Filtered, h.listUsers)
	route.OnRequest(r, updatePassword, changePassword, h.updatePassword)
	route.On(r, updateAdmin, permit.Admin, h.updateAdmin)
	route.On(r, deleteUser, permit.Admin, h.deleteUser)
}

func (h *Handlers) createUser(ctx context.Context, in *createUserRequest) (*userResponse, error) {
	u, err := h.Accounts.CreateUser(ctx, in.Username, in.Password, false)
	if err != nil {
		return nil, err
	}
	return &userResponse{withOwnGrants(*u, nil)}, nil
}

func (h *Handlers) getUser(ctx context.Context, in *usernameRequest) (*userResponse, error) {
	u, err := h.Accounts.User(ctx, in.Username)
	if err != nil {
		return nil, err
	}
	held, err := h.Accounts.GrantsOf(ctx, in.Username)
	return &userResponse{withOwnGrants(*u, held)}, err
}

// withOwnGrants returns a user with those of its grants that are its own and on single
// resources.
func withOwnGrants(u accounts.User, held []accounts.Held) user {
	out := user{u, []experimentPermission{}, []registeredModelPermission{}}
	for _, g := range held {
		if !g.Direct() || g.ResourcePattern == access.Any {
			continue
		}
		switch g.ResourceType {
		case access.Experiment:
			out.ExperimentPermissions = append(out.ExperimentPermissions,
				experimentPermission{g.ResourcePattern, u.ID, classicPermission(g.Permission)})
		case access.RegisteredModel, access.Prompt:
			out.RegisteredModelPermissions = append(out.RegisteredModelPermissions,
				registeredModelPermission{g.ResourcePattern, u.ID, classicPermission(g.Permission)})
		}
	}
	return out
}

func (h *Handlers) currentUser(ctx context.Context, _ *mlflow.Empty) (*currentUserResponse, error) {
	u, err := h.self(ctx)
	if err != nil {
		return nil, err
	}
	return &currentUserResponse{*u, true}, nil
}

// self returns the user of the request.
func (h *Handlers) self(ctx context.Context) (*accounts.User, error) {
	u, _ := auth.FromContext(ctx)
	return h.Accounts.User(ctx, u.Name)
}

// listUsers returns all users, with those of their roles that the user of the request may
// see.
func (h *Handlers) listUsers(ctx context.Context, _ *mlflow.Empty) (*usersResponse, error) {
	who, err := h.caller(ctx)
	if err != nil {
		return nil, err
	}
	list, err := h.Accounts.UsersWithRoles(ctx)
	for i := range list {
		list[i].Roles = who.visibleRoles(list[i].Username, list[i].Roles)
	}
	return &usersResponse{list}, err
}

// visibleRoles returns the roles of a user that the caller may see.
func (c *caller) visibleRoles(username string, roles []accounts.Role) []accounts.Role {
	if username == c.name {
		return roles
	}
	return slices.DeleteFunc(roles, func(r accounts.Role) bool { return !c.manages(r.Workspace) })
}

// updatePassword changes a password. Users need their current one, so that a browser that
// is left open does not suffice.
func (h *Handlers) updatePassword(
	ctx context.Context, r *http.Request, in *updatePasswordRequest,
) (*mlflow.Empty, error) {
	if isSelf(ctx, in.Username) {
		if in.CurrentPassword == "" {
			return nil, apierror.Invalid("Current password is required when changing your own password.")
		}
		if err := h.Login.CheckPassword(r, in.Username, in.CurrentPassword); errors.Is(err, mlflow.Unauthenticated) {
			return nil, apierror.Invalid("Current password does not match.")
		} else if err != nil {
			return nil, err
		}
		if in.Password == in.CurrentPassword {
			return nil, apierror.Invalid("New password must differ from the current password.")
		}
	}
	return &mlflow.Empty{}, h.Accounts.SetPassword(ctx, in.Username, in.Password)
}

func (h *Handlers) updateAdmin(ctx context.Context, in *updateAdminRequest) (*mlflow.Empty, error) {
	return &mlflow.Empty{}, h.Accounts.SetAdmin(ctx, in.Username, in.IsAdmin)
}

func (h *Handlers) deleteUser(ctx context.Context, in *deleteUserRequest) (*mlflow.Empty, error) {
	if isSelf(ctx, in.Username) {
		return nil, mlflow.Errorf(mlflow.BadRequest,
			"Users cannot delete their own account. Ask another admin to delete this user instead.")
	}
	return &mlflow.Empty{}, h.Accounts.DeleteUser(ctx, in.Username)
}
