package users

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/mlflow"
)

// MLflow up to 3.1 has routes of the permissions on single experiments and models. Their
// permissions are the users' own grants. NO_PERMISSIONS is a DENY there.

type experimentPermission struct {
	ExperimentID string            `json:"experiment_id"`
	UserID       int64             `json:"user_id"`
	Permission   access.Permission `json:"permission"`
}

type registeredModelPermission struct {
	Name       string            `json:"name"`
	UserID     int64             `json:"user_id"`
	Permission access.Permission `json:"permission"`
}

type experimentPermissionResponse struct {
	Permission experimentPermission `json:"experiment_permission"`
}

type registeredModelPermissionResponse struct {
	Permission registeredModelPermission `json:"registered_model_permission"`
}

type setExperimentPermissionRequest struct {
	ExperimentID string `json:"experiment_id" required:"true"`
	Username     string `json:"username" required:"true"`
	Permission   string `json:"permission" required:"true"`
}

type experimentPermissionRequest struct {
	ExperimentID string `json:"experiment_id" required:"true"`
	Username     string `json:"username" required:"true"`
}

// InQuery implements [route.InQuery].
func (*experimentPermissionRequest) InQuery() {}

type setModelPermissionRequest struct {
	Name       string `json:"name" required:"true"`
	Username   string `json:"username" required:"true"`
	Permission string `json:"permission" required:"true"`
}

type modelPermissionRequest struct {
	Name     string `json:"name" required:"true"`
	Username string `json:"username" required:"true"`
}

// InQuery implements [route.InQuery].
func (*modelPermissionRequest) InQuery() {}

const (
	experimentPermissions = "2.0/mlflow/experiments/permissions/"
	modelPermissions      = "2.0/mlflow/registered-models/permissions/"
)

var (
	createExperimentPermission = mlflow.Endpoint[setExperimentPermissionRequest, experimentPermissionResponse]{
		Method: http.MethodPost, Path: experimentPermissions + "create",
	}
	getExperimentPermission = mlflow.Endpoint[experimentPermissionRequest, experimentPermissionResponse]{
		Method: http.MethodGet, Path: experimentPermissions + "get",
	}
	updateExperimentPermission = mlflow.Endpoint[setExperimentPermissionRequest, mlflow.Empty]{
		Method: http.MethodPatch, Path: experimentPermissions + "update",
	}
	deleteExperimentPermission = mlflow.Endpoint[experimentPermissionRequest, mlflow.Empty]{
		Method: http.MethodDelete, Path: experimentPermissions + "delete",
	}
	createModelPermission = mlflow.Endpoint[setModelPermissionRequest, registeredModelPermissionResponse]{
		Method: http.MethodPost, Path: modelPermissions + "create",
	}
	getModelPermission = mlflow.Endpoint[modelPermissionRequest, registeredModelPermissionResponse]{
		Method: http.MethodGet, Path: modelPermissions + "get",
	}
	updateModelPermission = mlflow.Endpoint[setModelPermissionRequest, mlflow.Empty]{
		Method: http.MethodPatch, Path: modelPermissions + "update",
	}
	deleteModelPermission = mlflow.Endpoint[modelPermissionRequest, mlflow.Empty]{
		Method: http.MethodDelete, Path: modelPermissions + "delete",
	}
)

func (h *Handlers) classicRoutes(r *route.Router) {
	experiment, model := permit.Experiment(access.ToManage), permit.Model(access.ToManage)
	route.On(r, createExperimentPermission, experiment, h.createExperimentPermission)
	route.On(r, getExperimentPermission, experiment, h.getExperimentPermission)
	route.On(r, updateExperimentPermission, experiment, h.updateExperimentPermission)
	route.On(r, deleteExperimentPermission, experiment, h.deleteExperimentPermission)
	route.On(r, createModelPermission, model, h.createModelPermission)
	route.On(r, getModelPermission, model, h.getModelPermission)
	route.On(r, updateModelPermission, model, h.updateModelPermission)
	route.On(r, deleteModelPermission, model, h.deleteModelPermission)
}

// single is a user's own grant on one resource, as the classic routes name it.
type single struct {
	username string
	t        access.Type
	id       string
	// noun and key are those of the messages.
	noun, key string
}

func ofExperiment(id, username string) single {
	return single{username, access.Experiment, id, "Experiment", "experiment_id"}
}

func (h *Handlers) ofModel(ctx context.Context, name, username string) (single, error) {
	kind, err := h.Owners.KindOfModel(ctx, name)
	if kind == "" {
		kind = access.RegisteredModel // Administrators may grant before there is one.
	}
	return single{username, kind, name, "Registered model", "name"}, err
}

// check refuses the pattern of all resources, which these routes never had.
func (g *single) check() error {
	if g.id == access.Any {
		return apierror.Invalid("The permission is for one resource. Grant one for all of a type by " +
			"POST /api/3.0/mlflow/users/permissions/grant.")
	}
	return nil
}

// explained returns an error of the store in the words of the classic routes.
func (g *single) explained(err error) error {
	switch {
	case errors.Is(err, mlflow.ResourceAlreadyExists):
		return mlflow.Errorf(mlflow.ResourceAlreadyExists,
			"%s permission (%s=%s, username=%s) already exists.", g.noun, g.key, g.id, g.username)
	case errors.Is(err, mlflow.ResourceDoesNotExist):
		return g.missing()
	}
	return err
}

func (g *single) missing() error {
	return mlflow.Errorf(mlflow.ResourceDoesNotExist,
		"%s permission with %s=%s and username=%s not found", g.noun, g.key, g.id, g.username)
}

var classicPermissions = []access.Permission{access.Read, access.Edit, access.Manage, access.NoPermissions}

// storedPermission returns a permission of a classic request as it is stored.
func storedPermission(text string) (access.Permission, error) {
	p := access.Permission(text)
	switch {
	case !slices.Contains(classicPermissions, p):
		return "", apierror.Invalid(
			"Invalid permission '%s'. Valid permissions are: ('READ', 'EDIT', 'MANAGE', 'NO_PERMISSIONS')",
			apierror.Shorten(text),
		)
	case p == access.NoPermissions:
		return access.Deny, nil
	}
	return p, nil
}

// classicPermission is the inverse of storedPermission.
func classicPermission(p access.Permission) access.Permission {
	if p == access.Deny {
		return access.NoPermissions
	}
	return p
}

// create stores a grant and returns the id of its user and the permission of the response.
func (h *Handlers) create(ctx context.Context, g single, permission string) (int64, access.Permission, error) {
	p, err := storedPermission(permission)
	if err == nil {
		err = g.check()
	}
	if err != nil {
		return 0, "", err
	}
	u, err := h.Accounts.User(ctx, g.username)
	if err != nil {
		return 0, "", err
	}
	if err := h.Accounts.Grant(ctx, g.username, g.t, g.id, p); err != nil {
		return 0, "", g.explained(err)
	}
	return u.ID, classicPermission(p), nil
}

func (h *Handlers) get(ctx context.Context, g single) (int64, access.Permission, error) {
	u, err := h.Accounts.User(ctx, g.username)
	if err != nil {
		return 0, "", err
	}
	p, granted, err := h.Accounts.GrantOn(ctx, g.username, g.t, g.id)
	if err == nil && (!granted || g.id == access.Any) {
		err = g.missing()
	}
	return u.ID, classicPermission(p), err
}

func (h *Handlers) update(ctx context.Context, g single, permission string) error {
	p, err := storedPermission(permission)
	if err == nil {
		err = g.check()
	}
	if err == nil {
		_, err = h.Accounts.User(ctx, g.username)
	}
	if err != nil {
		return err
	}
	return g.explained(h.Accounts.ChangeGrant(ctx, g.username, g.t, g.id, p))
}

func (h *Handlers) delete(ctx context.Context, g single) error {
	if err := g.check(); err != nil {
		return err
	}
	if _, err := h.Accounts.User(ctx, g.username); err != nil {
		return err
	}
	return g.explained(h.Accounts.Revoke(ctx, g.username, g.t, g.id))
}

func (h *Handlers) createExperimentPermission(
	ctx context.Context, in *setExperimentPermissionRequest,
) (*experimentPermissionResponse, error) {
	user, p, err := h.create(ctx, ofExperiment(in.ExperimentID, in.Username), in.Permission)
	return &experimentPermissionResponse{experimentPermission{in.ExperimentID, user, p}}, err
}

func (h *Handlers) getExperimentPermission(
	ctx context.Context, in *experimentPermissionRequest,
) (*experimentPermissionResponse, error) {
	user, p, err := h.get(ctx, ofExperiment(in.ExperimentID, in.Username))
	return &experimentPermissionResponse{experimentPermission{in.ExperimentID, user, p}}, err
}

func (h *Handlers) updateExperimentPermission(
	ctx context.Context, in *setExperimentPermissionRequest,
) (*mlflow.Empty, error) {
	return &mlflow.Empty{}, h.update(ctx, ofExperiment(in.ExperimentID, in.Username), in.Permission)
}

func (h *Handlers) deleteExperimentPermission(
	ctx context.Context, in *experimentPermissionRequest,
) (*mlflow.Empty, error) {
	return &mlflow.Empty{}, h.delete(ctx, ofExperiment(in.ExperimentID, in.Username))
}

func (h *Handlers) createModelPermission(
	ctx context.Context, in *setModelPermissionRequest,
) (*registeredModelPermissionResponse, error) {
	g, err := h.ofModel(ctx, in.Name, in.Username)
	if err != nil {
		return nil, err
	}
	user, p, err := h.create(ctx, g, in.Permission)
	return &registeredModelPermissionResponse{registeredModelPermission{in.Name, user, p}}, err
}

func (h *Handlers) getModelPermission(
	ctx context.Context, in *modelPermissionRequest,
) (*registeredModelPermissionResponse, error) {
	g, err := h.ofModel(ctx, in.Name, in.Username)
	if err != nil {
		return nil, err
	}
	user, p, err := h.get(ctx, g)
	return &registeredModelPermissionResponse{registeredModelPermission{in.Name, user, p}}, err
}

func (h *Handlers) updateModelPermission(
	ctx context.Context, in *setModelPermissionRequest,
) (*mlflow.Empty, error) {
	g, err := h.ofModel(ctx, in.Name, in.Username)
	if err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, h.update(ctx, g, in.Permission)
}

func (h *Handlers) deleteModelPermission(ctx context.Context, in *modelPermissionRequest) (*mlflow.Empty, error) {
	g, err := h.ofModel(ctx, in.Name, in.Username)
	if err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, h.delete(ctx, g)
}
