package dist

import (
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
	"github.com/google/uuid"

	"github.com/millrace-ml/millrace/release/modules"
)

// writeSBOM writes a list of what is linked into the program of a platform, from the information that the Go linker
// writes into it.
func (r *release) writeSBOM(p Platform) error {
	info, err := buildinfo.ReadFile(r.programs[p])
	if err != nil {
		return err
	}
	sum, err := sha256Of(r.programs[p])
	if err != nil {
		return err
	}
	bom := newSBOM(info, r.source, p, sum)
	name := "millrace_" + r.source.Version.Number + "_" + p.File() + ".cdx.json"
	return create(filepath.Join(r.out, name), func(w io.Writer) error {
		encoder := cyclonedx.NewBOMEncoder(w, cyclonedx.BOMFileFormatJSON).SetPretty(true)
		return encoder.EncodeVersion(bom, cyclonedx.SpecVersion1_6) // Few tools read a later one.
	})
}

func newSBOM(info *debug.BuildInfo, s source, p Platform, sum string) *cyclonedx.BOM {
	program := component(modules.Root, s.Version.Tag, "")
	program.Type = cyclonedx.ComponentTypeApplication
	program.Hashes = &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: sum}}
	program.Licenses = &cyclonedx.Licenses{{License: &cyclonedx.License{ID: "Apache-2.0"}}}
	program.Properties = &[]cyclonedx.Property{
		{Name: "millrace:os", Value: p.OS},
		{Name: "millrace:arch", Value: p.Arch},
	}
	components := []cyclonedx.Component{component("std", strings.TrimPrefix(info.GoVersion, "go"), "")}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		version := m.Version
		if modules.IsOurs(m.Path) {
			version = s.Version.Tag // The modules of the repository are released together.
		}
		components = append(components, component(m.Path, version, m.Sum))
	}
	needed := make([]string, len(components))
	dependencies := make([]cyclonedx.Dependency, 1, len(components)+1)
	for i, c := range components {
		needed[i] = c.BOMRef
		dependencies = append(dependencies, cyclonedx.Dependency{Ref: c.BOMRef})
	}
	dependencies[0] = cyclonedx.Dependency{Ref: program.BOMRef, Dependencies: &needed}
	bom := cyclonedx.NewBOM()
	// The number identifies the program and is the same in each build of it.
	name := modules.Homepage + "#" + p.String() + "#" + sum
	bom.SerialNumber = "urn:uuid:" + uuid.NewSHA1(uuid.NameSpaceURL, []byte(name)).String()
	bom.Metadata = &cyclonedx.Metadata{Timestamp: s.Time.Format(time.RFC3339), Component: &program}
	bom.Components = &components
	bom.Dependencies = &dependencies
	return bom
}

// component describes a Go module; sum is its checksum as in go.sum.
func component(path, version, sum string) cyclonedx.Component {
	purl := fmt.Sprintf("pkg:golang/%s@%s", path, strings.ReplaceAll(version, "+", "%2B"))
	c := cyclonedx.Component{
		BOMRef: purl, Type: cyclonedx.ComponentTypeLibrary, Name: path, Version: version, PackageURL: purl,
	}
	if encoded, ok := strings.CutPrefix(sum, "h1:"); ok {
		if hash, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			c.Hashes = &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: hex.EncodeToString(hash)}}
		}
	}
	return c
}
