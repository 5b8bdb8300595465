package access

import (
	"context"
	"sync/atomic"
)

// held are the grants of a request, which a refresh replaces.
type held struct {
	grants  atomic.Pointer[Grants]
	refresh func(context.Context) (*Grants, error)
}

type contextKey struct{}

// NewContext returns a copy of ctx with the grants of the user of a request. refresh
// reads them again; it is nil if they cannot be older than the request.
func NewContext(ctx context.Context, g *Grants, refresh func(context.Context) (*Grants, error)) context.Context {
	h := &held{refresh: refresh}
	h.grants.Store(g)
	return context.WithValue(ctx, contextKey{}, h)
}

// FromContext returns the grants of the user of a request. They are nil, which permits
// everything, on a server without users and outside of a request.
func FromContext(ctx context.Context) *Grants {
	if h, ok := ctx.Value(contextKey{}).(*held); ok {
		return h.grants.Load()
	}
	return nil
}

// Refresh reads the grants of the user of a request again and reports whether it could.
// A request is refused only with current grants: another replica may have granted
// something a moment ago.
func Refresh(ctx context.Context) (bool, error) {
	h, ok := ctx.Value(contextKey{}).(*held)
	if !ok || h.refresh == nil {
		return false, nil
	}
	g, err := h.refresh(ctx)
	if err != nil {
		return false, err
	}
	h.grants.Store(g)
	return true, nil
}
