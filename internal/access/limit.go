package access

import "slices"

// limit is what an access token permits at most.
type limit struct {
	readOnly    bool
	experiments map[string]bool // nil: all resources
}

// Limited returns the grants of an access token of the user: only to read if readOnly is
// true, and only in some experiments unless experiments is nil.
func (g *Grants) Limited(readOnly bool, experiments []string) *Grants {
	l := &limit{readOnly: readOnly}
	if experiments != nil {
		l.experiments = map[string]bool{}
		for _, id := range experiments {
			l.experiments[id] = true
		}
	}
	limited := *g
	limited.limit = l
	return &limited
}

// IsLimited reports whether the grants are those of an access token that permits less
// than its user may do.
func (g *Grants) IsLimited() bool { return g != nil && g.limit != nil }

func (l *limit) allows(n Need) bool {
	switch {
	case l == nil:
		return true
	case l.readOnly && n.Action != ToRead:
		return false
	case l.experiments == nil:
		return true
	}
	if n.Action == Undenied { // Another need names the experiment of what is created.
		return n.Keys[0].Type != Experiment && n.Keys[0].Type != RegisteredModel && n.Keys[0].Type != Prompt
	}
	return slices.ContainsFunc(n.Keys, func(k Key) bool { return k.Type == Experiment && l.experiments[k.ID] })
}

// AllowUnowned reports whether an action is permitted on something that belongs to no
// resource with grants, such as a file in the root of the artifacts. The default
// permission decides.
func (g *Grants) AllowUnowned(a Action) bool {
	switch {
	case g.Unlimited():
		return true
	case g.limit != nil && (g.limit.experiments != nil || g.limit.readOnly && a != ToRead):
		return false
	}
	return g.Admin || g.everything || g.Default.Includes(a)
}
