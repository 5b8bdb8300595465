package access

import (
	"cmp"
	"strings"
)

// Key names a resource, or all resources of a type if ID is Any.
type Key struct {
	Type Type
	ID   string
	// Name is what the prefixes of grants are compared with: the name of an experiment, or
	// "" for the ID.
	Name string
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
	byKey      map[pattern]Permission
	prefixes   map[Type][]prefixGrant
	limit      *limit // of the access token, or nil
}

// pattern is the resource of a grant.
type pattern struct {
	t  Type
	id string
}

// prefixGrant is a grant on all resources whose names begin with a text.
type prefixGrant struct {
	prefix     string
	permission Permission
}

// Prefix begins the pattern of a grant on all resources whose names begin with what
// follows. Names of models and ids of experiments have no colon, so that MLflow, which
// does not know such patterns, finds no resource with it.
const Prefix = "prefix:"

// Add adds a grant. Among several grants on one key, DENY wins, else the highest.
func (g *Grants) Add(k Key, p Permission) {
	if k.Type == Workspace {
		g.everything = g.everything || p == Manage
		return
	}
	if prefix, ok := strings.CutPrefix(k.ID, Prefix); ok && k.Type.HasNames() {
		if g.prefixes == nil {
			g.prefixes = map[Type][]prefixGrant{}
		}
		g.prefixes[k.Type] = append(g.prefixes[k.Type], prefixGrant{prefix, p})
		return
	}
	if g.byKey == nil {
		g.byKey = map[pattern]Permission{}
	}
	of := pattern{k.Type, k.ID}
	if old, found := g.byKey[of]; found {
		p = stronger(old, p)
	}
	g.byKey[of] = p
}

// NeedsNames reports whether the names of resources of a type decide.
func (g *Grants) NeedsNames(t Type) bool { return !g.Unlimited() && len(g.prefixes[t]) > 0 }

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

// of returns the grant on exactly k: on its id, on a prefix of its name, or on all of its
// type.
func (g *Grants) of(k Key) (p Permission, granted bool) {
	add := func(one Permission, found bool) {
		switch {
		case found && granted:
			p = stronger(p, one)
		case found:
			p, granted = one, true
		}
	}
	all, grantedAll := g.byKey[pattern{k.Type, Any}]
	add(all, grantedAll)
	if k.ID == Any {
		return p, granted
	}
	exact, grantedExact := g.byKey[pattern{k.Type, k.ID}]
	add(exact, grantedExact)
	for _, of := range g.prefixes[k.Type] {
		if name := cmp.Or(k.Name, k.ID); strings.HasPrefix(name, of.prefix) {
			add(of.permission, true)
		}
	}
	return p, granted
}
