package wheel

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/release/modules"
)

const home = modules.Homepage

// metadata returns the file METADATA. Links of the description that are relative to the repository become absolute.
func metadata(p Package) ([]byte, error) {
	var text bytes.Buffer
	field := func(name, value string) { fmt.Fprintf(&text, "%s: %s\n", name, value) }
	field("Metadata-Version", "2.4")
	field("Name", "millrace")
	field("Version", p.Version)
	field("Summary", "MLflow-compatible experiment tracker and model registry in one program")
	field("Keywords", "mlflow,machine learning,experiment tracking,model registry")
	field("License-Expression", "Apache-2.0")
	for _, name := range sortedNames(p.Licenses) {
		field("License-File", name)
	}
	field("Requires-Python", ">=3.9")
	for _, c := range []string{
		"Development Status :: 4 - Beta",
		"Environment :: Console",
		"Environment :: Web Environment",
		"Intended Audience :: Developers",
		"Intended Audience :: Science/Research",
		"Operating System :: " + systems[strings.Split(p.Platform, "_")[0]],
		"Programming Language :: Go",
		"Programming Language :: Python :: 3",
		"Topic :: Scientific/Engineering :: Artificial Intelligence",
	} {
		field("Classifier", c)
	}
	field("Project-URL", "Homepage, "+home)
	field("Project-URL", "Documentation, "+home+"/tree/main/docs")
	field("Project-URL", "Changelog, "+home+"/blob/main/CHANGELOG.md")
	field("Project-URL", "Issues, "+home+"/issues")
	field("Description-Content-Type", "text/markdown; charset=UTF-8; variant=GFM")
	text.WriteByte('\n')
	if bytes.ContainsRune(p.Readme, '\r') {
		return nil, errors.New("the description of the wheel has carriage returns")
	}
	text.Write(AbsoluteLinks(p.Readme))
	return text.Bytes(), nil
}

var systems = map[string]string{
	"linux":   "POSIX :: Linux",
	"darwin":  "MacOS",
	"windows": "Microsoft :: Windows",
}

// wheelFile returns the file WHEEL, with a line for each combination of tags in the name of the wheel.
func wheelFile(platform string) string {
	var text strings.Builder
	text.WriteString("Wheel-Version: 1.0\nGenerator: millrace\nRoot-Is-Purelib: false\n")
	for tag := range strings.SplitSeq(tags[platform], ".") {
		text.WriteString("Tag: py3-none-" + tag + "\n")
	}
	return text.String()
}

func sortedNames(files map[string][]byte) []string { return slices.Sorted(maps.Keys(files)) }
