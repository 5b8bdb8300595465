//go:build noui

// Package web carries the built web pages inside the binary. This build leaves them out.
package web

import (
	"embed"
	"io/fs"
)

// Files returns an empty file system: the pages were left out with the build tag noui.
func Files() (fs.FS, error) {
	return embed.FS{}, nil
}
