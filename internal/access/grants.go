package access

import (
	"maps"
	"slices"
	"strings"
)

// Key names a resource, or all resources of a type if ID is Any.
type Key struct {
	Type Type
	ID   string
}

// Need is one thing that a request requires. Keys are the resource itself and the ones
// that contain it; the first key on which the user has a grant decides.
type Need struct {
	Action Action
	Keys   []Key
}

// Grants are the permissions of a user. A nil *Grants permits everything: it is that of
// a server without users. Grants do not change once they are in use.
type Grants struct {
	// Admin permits everything.
	Admin bool
	// Default is the permission for resources without a grant, and the least one for
	// resources with a grant that does not deny.
	Default Permission

	everything bool // by a grant on the workspace
	byKey      map[Key]Permission
	limit      *limit // of the access token, or nil
}

// Add adds a grant. Among several grants on one key, DENY wins, else the highest.
func (g *Grants) Add(k Key, p Permission) {
	if k.Type == Workspace {
		g.everything = g.everything || p == Manage
		return
	}
	if g.byKey == nil {
		g.byKey = map[Key]Permission{}
	}
	if old, found := g.byKey[k]; found {
		p = stronger(old, p)
	}
	g.byKey[k] = p
}

func stronger(a, b Permission) Permission {
	switch {
	case a == Deny || b == Deny:
		return Deny
	case a.rank() >= b.rank():
		return a
	}
	return b
}

// Unlimited reports whether every action is permitted.
func (g *Grants) Unlimited() bool { return g == nil || g.limit == nil && (g.Admin || g.everything) }

// IsAdmin reports whether the user administers the server.
func (g *Grants) IsAdmin() bool { return g == nil || g.limit == nil && g.Admin }

// Manages reports whether the user administers the workspace: its roles and users.
func (g *Grants) Manages() bool { return g.Unlimited() }

// Allow reports whether all needs are met.
func (g *Grants) Allow(needs ...Need) bool {
	if g.Unlimited() {
		return true
	}
	for _, n := range needs {
		if !g.limit.allows(n) || !g.Permission(n.Keys...).Includes(n.Action) {
			return false
		}
	}
	return true
}

// Permission returns the permission on a resource, whose keys are those of a Need.
func (g *Grants) Permission(keys ...Key) Permission {
	if g == nil || g.Admin || g.everything {
		return Manage
	}
	for _, k := range keys {
		if p, granted := g.of(k); granted {
			return g.raised(p)
		}
	}
	return g.Default
}

// raised returns a granted permission or the default one, whichever is higher.
func (g *Grants) raised(p Permission) Permission {
	if p == Deny || p.rank() >= g.Default.rank() {
		return p
	}
	return g.Default
}

// of returns the grant on exactly k: on its id or on all of its type.
func (g *Grants) of(k Key) (p Permission, granted bool) {
	p, granted = g.byKey[k]
	if k.ID == Any {
		return p, granted
	}
	all, grantedAll := g.byKey[Key{k.Type, Any}]
	switch {
	case !granted:
		return all, grantedAll
	case !grantedAll:
		return p, true
	}
	return stronger(p, all), true
}

// Set is a set of ids: all except IDs if Except is true, otherwise only IDs.
type Set struct {
	Except bool
	IDs    []string
}

// All reports whether the set has every id.
func (s Set) All() bool { return s.Except && len(s.IDs) == 0 }

// None reports whether the set has no id.
func (s Set) None() bool { return !s.Except && len(s.IDs) == 0 }

// Has reports whether the set has an id.
func (s Set) Has(id string) bool { return slices.Contains(s.IDs, id) != s.Except }

// Readable returns the ids of a type that the user may read. child, if it is not "",
// is a type of parts, whose own grants decide first.
func (g *Grants) Readable(t, child Type) Set {
	if g.Unlimited() {
		return Set{Except: true}
	}
	if g.limit != nil && g.limit.experiments != nil {
		return g.readableOf(t, child)
	}
	if child != "" {
		if p, granted := g.of(Key{child, Any}); granted && !g.raised(p).Includes(ToRead) {
			return Set{}
		}
	}
	set := Set{Except: g.Permission(Key{t, Any}).Includes(ToRead)}
	for k := range maps.Keys(g.byKey) {
		if k.Type == t && k.ID != Any && g.Permission(k).Includes(ToRead) != set.Except {
			set.IDs = append(set.IDs, k.ID)
		}
	}
	slices.SortFunc(set.IDs, strings.Compare)
	return set
}
