package artifact

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/millrace-ml/millrace/mlflow"
)

// Longest path and longest name in a path, in bytes.
const (
	maxPath = 4096
	maxName = 255
)

// encodedTricks are spellings of '.', '/', '\', '%' and NUL that a second
// decoding would turn into something else than what was checked.
var encodedTricks = []string{"%2e", "%2f", "%5c", "%25", "%00"}

// CleanPath checks a path that came from outside, percent-decoded exactly once,
// and returns it as [Repo] wants it. One slash at the end is dropped; "" is the
// root. It refuses what could mean a place outside the root to any system on
// the way (absolute paths, drives, file: URIs, "..", ".", empty names,
// backslashes, '#', control characters, anything still percent-encoded) and what no file system
// keeps faithfully (invalid UTF-8, names over 255 bytes).
func CleanPath(raw string) (string, error) {
	p := strings.TrimSuffix(raw, "/")
	if p == "" && raw == "" {
		return "", nil
	}
	if len(p) > maxPath || !utf8.ValidString(p) || strings.ContainsAny(p, `\#`) || strings.ContainsFunc(p, unicode.IsControl) {
		return "", errInvalidPath
	}
	lower := strings.ToLower(p)
	for _, trick := range encodedTricks {
		if strings.Contains(lower, trick) {
			return "", errInvalidPath
		}
	}
	for name := range strings.SplitSeq(p, "/") {
		if name == "" || name == "." || name == ".." || len(name) > maxName || isDriveOrScheme(name) {
			return "", errInvalidPath
		}
	}
	return p, nil
}

// CleanFolder is [CleanPath] for a folder to list, as people type it: "." is
// the root, "./a" and "a//b" are "a" and "a/b". Clients pass such paths on from
// their callers; files are asked for by the paths that a list has shown.
func CleanFolder(raw string) (string, error) {
	names := strings.Split(raw, "/")
	kept := names[:0]
	for i, name := range names {
		if name == "." || name == "" && i > 0 {
			continue
		}
		kept = append(kept, name)
	}
	if len(kept) == 1 && kept[0] == "" && raw != "" {
		return "", errInvalidPath // slashes only
	}
	return CleanPath(strings.Join(kept, "/"))
}

// Join puts two clean paths together.
func Join(base, path string) string {
	switch {
	case base == "":
		return path
	case path == "":
		return base
	}
	return base + "/" + path
}

var errInvalidPath error = &mlflow.Error{Code: mlflow.InvalidParameterValue, Message: "Invalid path"}

// isDriveOrScheme reports whether a path that starts with name is absolute for
// Windows ("C:/x") or a file URI ("file:x"). Paths are joined to others, so no
// part of one may be.
func isDriveOrScheme(name string) bool {
	if len(name) >= 5 && strings.EqualFold(name[:5], "file:") {
		return true
	}
	letter := name[0] | 0x20
	return len(name) == 2 && name[1] == ':' && 'a' <= letter && letter <= 'z'
}
