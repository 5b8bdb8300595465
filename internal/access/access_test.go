package access_test

import (
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/access"
)

func grants(least access.Permission, list ...any) *access.Grants {
	g := &access.Grants{Default: least}
	for i := 0; i < len(list); i += 3 {
		g.Add(access.Key{Type: list[i].(access.Type), ID: list[i+1].(string)}, list[i+2].(access.Permission))
	}
	return g
}

func run(a access.Action) []access.Need {
	experiment := access.Key{Type: access.Experiment, ID: "7"}
	return []access.Need{
		{Action: access.ToRead, Keys: []access.Key{experiment}},
		{Action: a, Keys: []access.Key{{Type: access.Run, ID: access.Any}, experiment}},
	}
}

// TestAllow states what MLflow 3.17.2 answered to requests about a run in experiment 7.
func TestAllow(t *testing.T) {
	t.Parallel()
	const e, r = access.Experiment, access.Run
	for name, c := range map[string]struct {
		grants              *access.Grants
		read, write, delete bool
	}{
		"nothing":                          {grants(access.NoPermissions), false, false, false},
		"read by default":                  {grants(access.Read), true, false, false},
		"edit by default":                  {grants(access.Edit), true, true, false},
		"READ":                             {grants(access.NoPermissions, e, "7", access.Read), true, false, false},
		"USE":                              {grants(access.NoPermissions, e, "7", access.Use), true, false, false},
		"EDIT":                             {grants(access.NoPermissions, e, "7", access.Edit), true, true, false},
		"MANAGE":                           {grants(access.NoPermissions, e, "7", access.Manage), true, true, true},
		"DENY beats the default":           {grants(access.Manage, e, "7", access.Deny), false, false, false},
		"a grant on another experiment":    {grants(access.NoPermissions, e, "77", access.Manage), false, false, false},
		"READ is raised to the default":    {grants(access.Edit, e, "7", access.Read), true, true, false},
		"a grant on all":                   {grants(access.NoPermissions, e, "*", access.Edit), true, true, false},
		"the higher of two":                {grants(access.NoPermissions, e, "*", access.Edit, e, "7", access.Read), true, true, false},
		"DENY on all beats EDIT":           {grants(access.NoPermissions, e, "*", access.Deny, e, "7", access.Edit), false, false, false},
		"DENY beats MANAGE on all":         {grants(access.NoPermissions, e, "*", access.Manage, e, "7", access.Deny), false, false, false},
		"runs denied":                      {grants(access.NoPermissions, e, "7", access.Manage, r, "*", access.Deny), false, false, false},
		"runs decide before experiments":   {grants(access.NoPermissions, e, "7", access.Read, r, "*", access.Manage), true, true, true},
		"runs alone are not enough":        {grants(access.NoPermissions, r, "*", access.Manage), false, false, false},
		"EDIT on runs withholds deletions": {grants(access.NoPermissions, e, "7", access.Manage, r, "*", access.Edit), true, true, false},
		"the workspace":                    {grants(access.NoPermissions, access.Workspace, "*", access.Manage, e, "7", access.Deny), true, true, true},
		"USE of the workspace":             {grants(access.NoPermissions, access.Workspace, "*", access.Use), false, false, false},
		"an administrator":                 {&access.Grants{Admin: true}, true, true, true},
		"a server without users":           {nil, true, true, true},
		"a token to read":                  {(&access.Grants{Admin: true}).Limited(true, nil), true, false, false},
		"a token for the experiment":       {(&access.Grants{Admin: true}).Limited(false, []string{"7"}), true, true, true},
		"a token for another":              {(&access.Grants{Admin: true}).Limited(false, []string{"8"}), false, false, false},
		"a token of a reader":              {grants(access.Read).Limited(false, []string{"7"}), true, false, false},
	} {
		for action, want := range map[access.Action]bool{access.ToRead: c.read, access.ToUpdate: c.write, access.ToDelete: c.delete} {
			if got := c.grants.Allow(run(action)...); got != want {
				t.Errorf("%s: may %s: %t", name, action, got)
			}
		}
	}
}

func TestUndenied(t *testing.T) {
	t.Parallel()
	need := access.Need{Action: access.Undenied, Keys: []access.Key{{Type: access.Experiment, ID: access.Any}}}
	for name, c := range map[string]struct {
		grants *access.Grants
		want   bool
	}{
		"nothing":            {grants(access.NoPermissions), true},
		"one denied":         {grants(access.Read, access.Experiment, "7", access.Deny), true},
		"all denied":         {grants(access.Manage, access.Experiment, "*", access.Deny), false},
		"a token to read":    {grants(access.Manage).Limited(true, nil), false},
		"a token for some":   {grants(access.Manage).Limited(false, []string{"7"}), false},
		"an unlimited token": {grants(access.NoPermissions).Limited(false, nil), true},
	} {
		if got := c.grants.Allow(need); got != c.want {
			t.Errorf("%s: may create: %t", name, got)
		}
	}
}

// TestReadable compares the set of readable experiments with the permission on each.
func TestReadable(t *testing.T) {
	t.Parallel()
	const e, r = access.Experiment, access.Run
	names := map[string]string{"7": "team-a", "8": "team-b", "9": "other", "10": "team", "11": ""}
	for name, c := range map[string]struct {
		grants *access.Grants
		child  access.Type
		want   string // the ids
	}{
		"nothing":                  {grants(access.NoPermissions), "", ""},
		"everything":               {grants(access.Read), "", "7 8 9 10 11"},
		"some":                     {grants(access.NoPermissions, e, "7", access.Read, e, "8", access.Edit), "", "7 8"},
		"all but one":              {grants(access.Read, e, "7", access.Deny, e, "8", access.Edit), "", "8 9 10 11"},
		"all by a grant":           {grants(access.NoPermissions, e, "*", access.Read, e, "8", access.Deny), "", "7 9 10 11"},
		"none by a grant":          {grants(access.Read, e, "*", access.Deny, e, "8", access.Manage), "", ""},
		"runs denied":              {grants(access.Read, r, "*", access.Deny), r, ""},
		"other parts denied":       {grants(access.Read, r, "*", access.Deny), access.LoggedModel, "7 8 9 10 11"},
		"runs granted":             {grants(access.NoPermissions, e, "7", access.Read, r, "*", access.Edit), r, "7"},
		"an administrator":         {&access.Grants{Admin: true}, r, "7 8 9 10 11"},
		"a token for some":         {grants(access.Read, e, "8", access.Deny).Limited(false, []string{"7", "8"}), r, "7"},
		"a token to read":          {grants(access.Read, e, "8", access.Deny).Limited(true, nil), r, "7 9 10 11"},
		"an admin's token":         {(&access.Grants{Admin: true}).Limited(true, []string{"7"}), r, "7"},
		"an admin's read only":     {(&access.Grants{Admin: true}).Limited(true, nil), r, "7 8 9 10 11"},
		"a prefix":                 {grants(access.NoPermissions, e, "prefix:team-", access.Read), r, "7 8"},
		"a prefix and an id":       {grants(access.NoPermissions, e, "prefix:team-", access.Read, e, "9", access.Read), "", "7 8 9"},
		"a prefix and a denied id": {grants(access.NoPermissions, e, "prefix:team-", access.Edit, e, "8", access.Deny), "", "7"},
		"a denied prefix":          {grants(access.Read, e, "prefix:team-", access.Deny), "", "9 10 11"},
		"a denied prefix, one id":  {grants(access.NoPermissions, e, "prefix:team-", access.Deny, e, "7", access.Manage, e, "9", access.Read), "", "9"},
		"two prefixes":             {grants(access.NoPermissions, e, "prefix:team", access.Read, e, "prefix:team-b", access.Deny), "", "7 10"},
		"a prefix for a token":     {grants(access.NoPermissions, e, "prefix:team-", access.Read).Limited(false, []string{"8", "9"}), "", "8"},
		"a prefix of models":       {grants(access.NoPermissions, access.RegisteredModel, "prefix:team-", access.Read), "", ""},
	} {
		set := c.grants.Readable(e, c.child)
		var got []string
		for _, id := range []string{"7", "8", "9", "10", "11"} {
			if set.Has(id, names[id]) {
				got = append(got, id)
			}
			keys := []access.Key{{Type: e, ID: id, Name: names[id]}}
			needs := []access.Need{{Action: access.ToRead, Keys: keys}}
			if c.child != "" {
				needs = append(needs, access.Need{Action: access.ToRead, Keys: append([]access.Key{{Type: c.child, ID: access.Any}}, keys...)})
			}
			if c.grants.Allow(needs...) != set.Has(id, names[id]) {
				t.Errorf("%s: experiment %s is in the set: %t", name, id, set.Has(id, names[id]))
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v of %+v", name, got, set)
		}
		if set.Nothing() && len(got) > 0 || set.Everything() && len(got) < 5 {
			t.Errorf("%s: %v: nothing: %t, everything: %t", name, got, set.Nothing(), set.Everything())
		}
	}
}

func TestAdministration(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		grants         *access.Grants
		admin, manages bool
	}{
		"a user":                       {grants(access.Manage), false, false},
		"a manager of the workspace":   {grants(access.Read, access.Workspace, "*", access.Manage), false, true},
		"an administrator":             {&access.Grants{Admin: true}, true, true},
		"a token of an administrator":  {(&access.Grants{Admin: true}).Limited(true, nil), false, false},
		"a token for some experiments": {(&access.Grants{Admin: true}).Limited(false, []string{"7"}), false, false},
	} {
		if c.grants.IsAdmin() != c.admin || c.grants.Manages() != c.manages || c.grants.Unlimited() != c.manages {
			t.Errorf("%s: %t, %t, %t", name, c.grants.IsAdmin(), c.grants.Manages(), c.grants.Unlimited())
		}
	}
}
