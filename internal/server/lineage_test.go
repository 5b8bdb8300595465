package server

import (
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/access"
)

// TestLineageOfPartsWithoutPermission checks what the lineage tells about parts that the
// user may not read.
func TestLineageOfPartsWithoutPermission(t *testing.T) {
	t.Parallel()
	s := startWithUsers(t, access.NoPermissions)
	w := s.world(t, "secret")
	const get = "/ajax-api/millrace/lineage?"
	ofRun, ofVersion := get+"run_id="+w["run"], get+"name="+w["rm"]+"&version=1"
	names := []string{w["run"], `"r secret"`, "e secret"}
	for _, c := range []struct {
		user         string
		resource     access.Type
		id, path     string
		status       int
		has, lacking []string
	}{
		{"both", "", "", ofRun, 200, append(names, w["rm"]), []string{"unavailable"}},
		{"both", "", "", ofVersion, 200, append(names, w["rm"]), []string{"unavailable"}},
		// A search of versions does not find this one either.
		{"runs", access.Experiment, w["exp"], ofRun, 200, names, []string{w["rm"], "unavailable"}},
		{"runs", "", "", ofVersion, 403, nil, nil},
		// The version names its run, so that there is one is known.
		{"models", access.RegisteredModel, w["rm"], ofVersion, 200, []string{w["rm"], `{"kind":"run","unavailable":true}`}, names},
		{"models", "", "", ofRun, 403, nil, nil},
	} {
		switch {
		case c.user == "both":
			c.user = "admin"
		case c.resource != "":
			s.addUser(t, c.user)
			s.grant(t, c.user, c.resource, c.id, access.Read)
		}
		status, answer := s.send(t, c.user, "GET", c.path, "")
		if status != c.status {
			t.Errorf("%s %s: %d %s", c.user, c.path, status, answer)
		}
		for _, text := range c.has {
			if !strings.Contains(answer, text) {
				t.Errorf("%s %s lacks %s: %s", c.user, c.path, text, answer)
			}
		}
		for _, text := range c.lacking {
			if strings.Contains(answer, text) {
				t.Errorf("%s %s has %s: %s", c.user, c.path, text, answer)
			}
		}
	}
}
