package auth

import (
	"context"

	"github.com/millrace-ml/millrace/mlflow"
)

// Permission is a permission that a route requires. Mounting a route requires one.
type Permission string

// The permissions. Every authenticated user has all of them.
const (
	Public         Permission = "public" // No user needed: health, version, pages.
	ReadServer     Permission = "server:read"
	ReadExperiment Permission = "experiment:read"
	EditExperiment Permission = "experiment:edit"
	ReadRun        Permission = "run:read"
	EditRun        Permission = "run:edit"
	ReadModel      Permission = "model:read"
	EditModel      Permission = "model:edit"
	ReadRegistry   Permission = "registry:read"
	EditRegistry   Permission = "registry:edit"
	ReadArtifact   Permission = "artifact:read"
	EditArtifact   Permission = "artifact:edit"
)

// Allow returns an error if the request is not authenticated, unless the route is
// public.
func Allow(ctx context.Context, p Permission) error {
	if p == Public {
		return nil
	}
	if _, ok := FromContext(ctx); !ok {
		return mlflow.Errorf(
			mlflow.Unauthenticated,
			"This route needs a user. Send an access token as a bearer token; `millrace tokens create` makes one.",
		)
	}
	return nil
}
