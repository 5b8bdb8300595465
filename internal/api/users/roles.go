package users

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/mlflow"
)

type createRoleRequest struct {
	Name        string  `json:"name" required:"true"`
	Workspace   string  `json:"workspace" required:"true"`
	Description *string `json:"description"`
}

type roleRequest struct {
	RoleID int64 `json:"role_id" required:"true"`
}

// deleteRoleRequest can also be a query.
type deleteRoleRequest struct {
	RoleID int64 `json:"role_id" required:"true"`
}

// InQuery implements [route.InQuery].
func (*deleteRoleRequest) InQuery() {}

type listRolesRequest struct {
	Workspaces []string `json:"workspace"`
}

type updateRoleRequest struct {
	RoleID      int64   `json:"role_id" required:"true"`
	Name        *string `json:"name"`
	Description *string `json:"description"`
}

type addPermissionRequest struct {
	RoleID          int64  `json:"role_id" required:"true"`
	ResourceType    string `json:"resource_type" required:"true"`
	ResourcePattern string `json:"resource_pattern" required:"true"`
	Permission      string `json:"permission" required:"true"`
}

type updatePermissionRequest struct {
	ID         int64  `json:"role_permission_id" required:"true"`
	Permission string `json:"permission" required:"true"`
}

// removePermissionRequest can also be a query.
type removePermissionRequest struct {
	ID int64 `json:"role_permission_id" required:"true"`
}

// InQuery implements [route.InQuery].
func (*removePermissionRequest) InQuery() {}

type assignRequest struct {
	Username string `json:"username" required:"true"`
	RoleID   int64  `json:"role_id" required:"true"`
}

// unassignRequest can also be a query.
type unassignRequest struct {
	Username string `json:"username" required:"true"`
	RoleID   int64  `json:"role_id" required:"true"`
}

// InQuery implements [route.InQuery].
func (*unassignRequest) InQuery() {}

type roleResponse struct {
	Role *accounts.Role `json:"role"`
}

type rolesResponse struct {
	Roles []accounts.Role `json:"roles"`
}

type permissionResponse struct {
	Permission *accounts.RolePermission `json:"role_permission"`
}

type permissionsResponse struct {
	Permissions []accounts.RolePermission `json:"role_permissions"`
}

type assignmentResponse struct {
	Assignment *accounts.Assignment `json:"assignment"`
}

type assignmentsResponse struct {
	Assignments []accounts.Assignment `json:"assignments"`
}

const rolesPath = "3.0/mlflow/roles/"

var (
	createRole = mlflow.Endpoint[createRoleRequest, roleResponse]{Method: http.MethodPost, Path: rolesPath + "create"}
	getRole    = mlflow.Endpoint[roleRequest, roleResponse]{Method: http.MethodGet, Path: rolesPath + "get"}
	listRoles  = mlflow.Endpoint[listRolesRequest, rolesResponse]{Method: http.MethodGet, Path: rolesPath + "list"}
	updateRole = mlflow.Endpoint[updateRoleRequest, roleResponse]{Method: http.MethodPatch, Path: rolesPath + "update"}
	deleteRole = mlflow.Endpoint[deleteRoleRequest, mlflow.Empty]{Method: http.MethodDelete, Path: rolesPath + "delete"}

	addPermission = mlflow.Endpoint[addPermissionRequest, permissionResponse]{
		Method: http.MethodPost, Path: rolesPath + "permissions/add",
	}
	updatePermission = mlflow.Endpoint[updatePermissionRequest, permissionResponse]{
		Method: http.MethodPatch, Path: rolesPath + "permissions/update",
	}
	removePermission = mlflow.Endpoint[removePermissionRequest, mlflow.Empty]{
		Method: http.MethodDelete, Path: rolesPath + "permissions/remove",
	}
	listPermissions = mlflow.Endpoint[roleRequest, permissionsResponse]{
		Method: http.MethodGet, Path: rolesPath + "permissions/list",
	}

	assignRole = mlflow.Endpoint[assignRequest, assignmentResponse]{Method: http.MethodPost, Path: rolesPath + "assign"}
	unassign   = mlflow.Endpoint[unassignRequest, mlflow.Empty]{Method: http.MethodDelete, Path: rolesPath + "unassign"}
	roleUsers  = mlflow.Endpoint[roleRequest, assignmentsResponse]{
		Method: http.MethodGet, Path: rolesPath + "users/list",
	}
)

func (h *Handlers) roleRoutes(r *route.Router) {
	create := callerRule(h, "role:create", func(_ context.Context, who *caller, in *createRoleRequest) (bool, error) {
		return who.manages(in.Workspace), nil
	})
	list := callerRule(h, "roles:list", func(_ context.Context, who *caller, in *listRolesRequest) (bool, error) {
		return who.admin || len(in.Workspaces) > 0 && who.in(in.Workspaces), nil
	})
	view := viewRole(h, func(in *roleRequest) int64 { return in.RoleID })
	route.On(r, createRole, create, h.createRole)
	route.On(r, getRole, view, h.getRole)
	route.On(r, listRoles, list, h.listRoles)
	route.On(r, updateRole, manageRole(h, func(in *updateRoleRequest) int64 { return in.RoleID }), h.updateRole)
	route.On(r, deleteRole, manageRole(h, func(in *deleteRoleRequest) int64 { return in.RoleID }), h.deleteRole)
	route.On(r, addPermission, manageRole(h, func(in *addPermissionRequest) int64 { return in.RoleID }), h.addPermission)
	route.On(r, updatePermission,
		managePermission(h, func(in *updatePermissionRequest) int64 { return in.ID }), h.updatePermission)
	route.On(r, removePermission,
		managePermission(h, func(in *removePermissionRequest) int64 { return in.ID }), h.removePermission)
	route.On(r, listPermissions, view, h.listPermissions)
	route.On(r, assignRole, manageRole(h, func(in *assignRequest) int64 { return in.RoleID }), h.assignRole)
	route.On(r, unassign, manageRole(h, func(in *unassignRequest) int64 { return in.RoleID }), h.unassign)
	route.On(r, roleUsers, manageRole(h, func(in *roleRequest) int64 { return in.RoleID }), h.roleUsers)
}

// in reports whether the user has a role in each of some workspaces.
func (c *caller) in(workspaces []string) bool {
	return !slices.ContainsFunc(workspaces, func(w string) bool { return !slices.Contains(c.workspaces, w) })
}

func (h *Handlers) createRole(ctx context.Context, in *createRoleRequest) (*roleResponse, error) {
	role, err := h.Accounts.CreateRole(ctx, in.Workspace, in.Name, in.Description)
	return &roleResponse{role}, err
}

func (h *Handlers) getRole(ctx context.Context, in *roleRequest) (*roleResponse, error) {
	role, err := h.Accounts.Role(ctx, in.RoleID)
	return &roleResponse{role}, err
}

func (h *Handlers) listRoles(ctx context.Context, in *listRolesRequest) (*rolesResponse, error) {
	for _, w := range in.Workspaces {
		if strings.TrimSpace(w) == "" {
			return nil, apierror.Invalid("Parameter 'workspace' must be a non-empty string when provided.")
		}
	}
	list, err := h.Accounts.Roles(ctx, in.Workspaces)
	return &rolesResponse{list}, err
}

func (h *Handlers) updateRole(ctx context.Context, in *updateRoleRequest) (*roleResponse, error) {
	if in.Name == nil && in.Description == nil {
		return nil, apierror.Invalid("At least one of 'name' or 'description' must be provided to update a role.")
	}
	role, err := h.Accounts.UpdateRole(ctx, in.RoleID, in.Name, in.Description)
	return &roleResponse{role}, err
}

func (h *Handlers) deleteRole(ctx context.Context, in *deleteRoleRequest) (*mlflow.Empty, error) {
	return &mlflow.Empty{}, h.Accounts.DeleteRole(ctx, in.RoleID)
}

func (h *Handlers) addPermission(ctx context.Context, in *addPermissionRequest) (*permissionResponse, error) {
	p, err := h.Accounts.AddPermission(
		ctx, in.RoleID, access.Type(in.ResourceType), in.ResourcePattern, access.Permission(in.Permission),
	)
	return &permissionResponse{p}, err
}

func (h *Handlers) updatePermission(ctx context.Context, in *updatePermissionRequest) (*permissionResponse, error) {
	p, err := h.Accounts.SetPermission(ctx, in.ID, access.Permission(in.Permission))
	return &permissionResponse{p}, err
}

func (h *Handlers) removePermission(ctx context.Context, in *removePermissionRequest) (*mlflow.Empty, error) {
	return &mlflow.Empty{}, h.Accounts.RemovePermission(ctx, in.ID)
}

func (h *Handlers) listPermissions(ctx context.Context, in *roleRequest) (*permissionsResponse, error) {
	role, err := h.Accounts.Role(ctx, in.RoleID)
	if err != nil {
		return nil, err
	}
	return &permissionsResponse{role.Permissions}, nil
}

func (h *Handlers) assignRole(ctx context.Context, in *assignRequest) (*assignmentResponse, error) {
	a, err := h.Accounts.Assign(ctx, in.Username, in.RoleID)
	return &assignmentResponse{a}, err
}

func (h *Handlers) unassign(ctx context.Context, in *unassignRequest) (*mlflow.Empty, error) {
	return &mlflow.Empty{}, h.Accounts.Unassign(ctx, in.Username, in.RoleID)
}

func (h *Handlers) roleUsers(ctx context.Context, in *roleRequest) (*assignmentsResponse, error) {
	list, err := h.Accounts.Assignments(ctx, in.RoleID)
	return &assignmentsResponse{list}, err
}
