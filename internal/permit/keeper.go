package permit

import (
	"context"

	"github.com/millrace-ml/millrace/internal/access"
)

// Keeper keeps the grants on resources that users create, rename and delete.
type Keeper interface {
	// Created grants MANAGE on a new resource to the user of the request.
	Created(ctx context.Context, t access.Type, id string) error
	// Renamed moves the users' grants on a resource.
	Renamed(ctx context.Context, t access.Type, from, to string) error
	// Deleted removes the users' grants on a resource whose id can be used again.
	Deleted(ctx context.Context, t access.Type, id string) error
}

// NoKeeper is the Keeper of a server without users.
type NoKeeper struct{}

// Created implements [Keeper].
func (NoKeeper) Created(context.Context, access.Type, string) error { return nil }

// Renamed implements [Keeper].
func (NoKeeper) Renamed(context.Context, access.Type, string, string) error { return nil }

// Deleted implements [Keeper].
func (NoKeeper) Deleted(context.Context, access.Type, string) error { return nil }
