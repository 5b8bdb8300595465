package dist

import (
	"context"
	_ "embed"
	"encoding/json"
	"io"
	"path/filepath"
	"slices"
	"text/template"

	"github.com/millrace-ml/millrace/release/modules"
)

// downloads is the address of the files of all releases.
const downloads = modules.Homepage + "/releases/download/"

//go:embed millrace.rb.tmpl
var formulaText string

var formula = template.Must(template.New("formula").Option("missingkey=error").Parse(formulaText))

// asset is an archive that a package manager downloads.
type asset struct {
	Name string // of the architecture, as Homebrew names it
	URL  string
	Sum  string
}

// brewSystem is a block of the formula.
type brewSystem struct {
	Name     string
	Archives []asset
}

// brewNames has Homebrew's names of systems and architectures.
var brewNames = map[string]string{"darwin": "macos", "linux": "linux", "amd64": "intel", "arm64": "arm"}

// writeManifests writes the Homebrew formula and the Scoop manifest, for the platforms of the release.
func (r *release) writeManifests(context.Context) error {
	assets := map[Platform]asset{}
	for _, p := range r.Platforms {
		name := archiveName(r.source.Version, p)
		sum, err := sha256Of(filepath.Join(r.out, name))
		if err != nil {
			return err
		}
		assets[p] = asset{Name: brewNames[p.Arch], URL: downloads + r.source.Version.Tag + "/" + name, Sum: sum}
	}
	if err := r.writeManifest("millrace.rb", writeFormula, assets, "darwin", "linux"); err != nil {
		return err
	}
	return r.writeManifest("millrace.json", writeScoop, assets, "windows")
}

// writeManifest writes a manifest if the release has archives for one of its systems.
func (r *release) writeManifest(
	name string, write func(io.Writer, Version, map[Platform]asset) error, assets map[Platform]asset, systems ...string,
) error {
	for p := range assets {
		if slices.Contains(systems, p.OS) {
			return create(filepath.Join(r.out, name), func(w io.Writer) error {
				return write(w, r.source.Version, assets)
			})
		}
	}
	return nil
}

// writeFormula writes a formula for Homebrew, the package manager of macOS.
func writeFormula(w io.Writer, v Version, assets map[Platform]asset) error {
	var systems []brewSystem
	for _, name := range []string{"darwin", "linux"} {
		s := brewSystem{Name: brewNames[name]}
		for _, arch := range []string{"arm64", "amd64"} {
			if a, ok := assets[Platform{name, arch}]; ok {
				s.Archives = append(s.Archives, a)
			}
		}
		if len(s.Archives) > 0 {
			systems = append(systems, s)
		}
	}
	return formula.Execute(w, map[string]any{
		"Summary": summary, "Home": modules.Homepage, "Version": v, "Systems": systems,
	})
}

// writeScoop writes a manifest for Scoop, the package manager of Windows. The part autoupdate has the addresses of the
// next release, whose checksums Scoop reads from SHA256SUMS.
func writeScoop(w io.Writer, v Version, assets map[Platform]asset) error {
	type download struct {
		URL  string `json:"url"`
		Hash string `json:"hash,omitempty"`
	}
	now, next := map[string]download{}, map[string]download{}
	for name, p := range map[string]Platform{"64bit": {"windows", "amd64"}, "arm64": {"windows", "arm64"}} {
		if a, ok := assets[p]; ok {
			now[name] = download{a.URL, a.Sum}
			next[name] = download{URL: downloads + "v$version/" + archiveName(Version{Number: "$version"}, p)}
		}
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "    ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(map[string]any{
		"version": v.Number, "description": summary, "homepage": modules.Homepage, "license": "Apache-2.0",
		"bin": "millrace.exe", "architecture": now,
		"checkver": map[string]string{"github": modules.Homepage},
		"autoupdate": map[string]any{
			"architecture": next, "hash": map[string]string{"url": "$baseurl/" + sumsFile},
		},
	})
}
