package access

import (
	"maps"
	"slices"
	"strings"
)

// Set is a set of resources: all, or those with one of IDs or with a name that begins with
// one of Prefixes; without those with one of NotIDs or NotPrefixes; and of these only the
// ones in Within, unless it is nil.
type Set struct {
	All                 bool
	IDs, Prefixes       []string
	NotIDs, NotPrefixes []string
	Within              []string
}

// Everything reports whether the set has every resource.
func (s Set) Everything() bool {
	return s.All && len(s.NotIDs) == 0 && len(s.NotPrefixes) == 0 && s.Within == nil
}

// Nothing reports whether the set has no resource.
func (s Set) Nothing() bool {
	return !s.All && len(s.IDs) == 0 && len(s.Prefixes) == 0 || s.Within != nil && len(s.Within) == 0
}

// NeedsNames reports whether the names of resources decide.
func (s Set) NeedsNames() bool { return len(s.Prefixes) > 0 || len(s.NotPrefixes) > 0 }

// Equal reports whether two sets have the same elements by the same lists.
func (s Set) Equal(o Set) bool {
	return s.All == o.All && slices.Equal(s.IDs, o.IDs) && slices.Equal(s.Prefixes, o.Prefixes) &&
		slices.Equal(s.NotIDs, o.NotIDs) && slices.Equal(s.NotPrefixes, o.NotPrefixes) &&
		(s.Within == nil) == (o.Within == nil) && slices.Equal(s.Within, o.Within)
}

// Has reports whether the set has a resource.
func (s Set) Has(id, name string) bool {
	begins := func(prefix string) bool { return strings.HasPrefix(name, prefix) }
	return (s.All || slices.Contains(s.IDs, id) || slices.ContainsFunc(s.Prefixes, begins)) &&
		!slices.Contains(s.NotIDs, id) && !slices.ContainsFunc(s.NotPrefixes, begins) &&
		(s.Within == nil || slices.Contains(s.Within, id))
}

// Readable returns the resources of a type that the user may read. child, if it is not
// "", is a type of parts, whose own grants decide first.
func (g *Grants) Readable(t, child Type) Set {
	if g.Unlimited() {
		return Set{All: true}
	}
	set := g.readable(t, child)
	if g.limit != nil && g.limit.experiments != nil {
		set.Within = []string{}
		if t == Experiment {
			set.Within = slices.Sorted(maps.Keys(g.limit.experiments))
		}
	}
	return set
}

func (g *Grants) readable(t, child Type) Set {
	if g.Admin || g.everything {
		return Set{All: true}
	}
	if child != "" {
		if p, granted := g.of(Key{Type: child, ID: Any}); granted && !g.raised(p).Includes(ToRead) {
			return Set{}
		}
	}
	all, grantedAll := g.byKey[pattern{t, Any}]
	if grantedAll && all == Deny {
		return Set{}
	}
	set := Set{All: g.Default.Includes(ToRead) || grantedAll && all.Includes(ToRead)}
	for of, p := range g.byKey {
		switch {
		case of.t != t || of.id == Any:
		case p == Deny:
			set.NotIDs = append(set.NotIDs, of.id)
		case !set.All && g.raised(p).Includes(ToRead):
			set.IDs = append(set.IDs, of.id)
		}
	}
	for _, of := range g.prefixes[t] {
		switch {
		case of.permission == Deny:
			set.NotPrefixes = append(set.NotPrefixes, of.prefix)
		case !set.All && g.raised(of.permission).Includes(ToRead):
			set.Prefixes = append(set.Prefixes, of.prefix)
		}
	}
	for _, list := range []*[]string{&set.IDs, &set.Prefixes, &set.NotIDs, &set.NotPrefixes} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return set
}
