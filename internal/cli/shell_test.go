package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// shell runs client commands in this process against a server. It is for tests that
// need more than a script can do, such as a server that they write themselves.
type shell struct {
	t   *testing.T
	url string
}

// try runs a command line without quotes.
func (s *shell) try(line string) (string, error) {
	var out bytes.Buffer
	root := New()
	root.SetArgs(slices.Insert(strings.Fields(line), 1, "--tracking-uri", s.url))
	root.SetOut(&out)
	root.SetErr(&bytes.Buffer{})
	err := root.ExecuteContext(s.t.Context())
	return out.String(), err
}

// expect runs a command whose output matches a regular expression.
func (s *shell) expect(line, pattern string) {
	s.t.Helper()
	if out, err := s.try(line); err != nil || !regexp.MustCompile(pattern).MatchString(out) {
		s.t.Errorf("%s: %v\n%s\nwant %s", line, err, out, pattern)
	}
}

// refuse runs a command that fails with an error of one line and prints nothing.
func (s *shell) refuse(line, message string) {
	s.t.Helper()
	out, err := s.try(line)
	if err == nil || !strings.Contains(err.Error(), message) || strings.Contains(err.Error(), "\n") || out != "" {
		s.t.Errorf("%s: %v, want %s; output %s", line, err, message, out)
	}
}

func (s *shell) write(name, text string) string {
	s.t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
	return name
}
