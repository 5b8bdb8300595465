package main

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// record states what each dependency costs in the first build.
const record = "../../docs/adr/0012-cost-of-the-first-build.md"

// TestDependenciesAreMeasured checks that the record names the modules that the program contains, and no others, so that
// a new dependency is added with its cost.
func TestDependenciesAreMeasured(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	linked := strings.Fields(string(out))
	slices.Sort(linked)
	linked = slices.Compact(linked)
	linked = slices.DeleteFunc(linked, func(path string) bool {
		return strings.HasPrefix(path, "github.com/millrace-ml/millrace")
	})
	text, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "| ") {
			for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(line, -1) {
				named = append(named, m[1])
			}
		}
	}
	slices.Sort(named)
	if !slices.Equal(linked, named) {
		t.Errorf("the program contains %v\n%s names %v", linked, record, named)
	}
}
