package dist

import (
	"debug/buildinfo"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/CycloneDX/cyclonedx-go"
)

// TestSBOM compares the list with the modules in a program that has some: the one that builds releases.
func TestSBOM(t *testing.T) {
	path := filepath.Join(t.TempDir(), "release")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", path, "..")
	if _, err := output(cmd); err != nil {
		t.Fatal(err)
	}
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := newRelease(t, map[Platform]string{Host: path})
	if err := r.writeSBOM(Host); err != nil {
		t.Fatal(err)
	}
	text, ok := read(t, r)["millrace_1.2.3-rc.1_"+Host.File()+".cdx.json"]
	if !ok {
		t.Fatal("there is no SBOM")
	}
	var bom cyclonedx.BOM
	if err := cyclonedx.NewBOMDecoder(strings.NewReader(text), cyclonedx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{}
	for _, c := range *bom.Components {
		listed[c.Name] = c.Version
	}
	for _, m := range info.Deps {
		if listed[m.Path] != m.Version {
			t.Errorf("%s %s is linked, and the SBOM has %q", m.Path, m.Version, listed[m.Path])
		}
	}
	if len(info.Deps) == 0 || len(listed) != len(info.Deps)+1 || "go"+listed["std"] != info.GoVersion {
		t.Errorf("the program has %d modules and %s; the SBOM has %v", len(info.Deps), info.GoVersion, listed)
	}
}
