//go:build !noui

// Package web carries the built web pages inside the binary.
package web

import (
	"embed"
	"io/fs"
)

// dist holds every file of the build as <name>.gz; web/scripts/compress.mjs writes it.
//
//go:embed all:dist
var dist embed.FS

// Files returns the built pages, each file gzipped under its name with ".gz" added.
func Files() (fs.FS, error) {
	return fs.Sub(dist, "dist")
}
