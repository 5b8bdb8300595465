package artifact

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/millrace-ml/millrace/mlflow"
)

// Longest path and longest element of a path, in bytes.
const (
	maxPath = 4096
	maxName = 255
)

// VersionsFolder is the folder below an artifact root with the files of model versions
// that clients upload to the registry. Each version has a folder with a random name.
const VersionsFolder = "model-versions"

// encodedTricks lists encoded forms of '.', '/', '\', '%' and NUL. A second decoding
// would turn them into a path that was not checked.
var encodedTricks = []string{"%2e", "%2f", "%5c", "%25", "%00"}

// CleanPath checks a path from a client, which must be percent-decoded exactly once, and
// returns it in the form of [Repo]. It drops one trailing slash. It rejects paths that
// may be outside of the root for any file system or URL parser: absolute paths, drives,
// file: URIs, "..", ".", empty elements, backslashes, '#', control characters, and
// percent-encoded forms of them. It also rejects names that file systems may not
// preserve: invalid UTF-8 and elements over 255 bytes.
func CleanPath(raw string) (string, error) {
	p := strings.TrimSuffix(raw, "/")
	if p == "" && raw == "" {
		return "", nil
	}
	if len(p) > maxPath || !utf8.ValidString(p) || strings.ContainsAny(p, `\#`) ||
		strings.ContainsFunc(p, unicode.IsControl) {
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

// CleanFolder checks the path of a directory to list. In addition to [CleanPath], it
// accepts paths that users type: "." is the root, "./a" and "a//b" are "a" and "a/b".
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

// Join joins two clean paths.
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

// isDriveOrScheme reports whether a path that begins with name is absolute on Windows
// ("C:/x") or a file URI ("file:x"). No element may be, because paths are joined.
func isDriveOrScheme(name string) bool {
	if len(name) >= 5 && strings.EqualFold(name[:5], "file:") {
		return true
	}
	letter := name[0] | 0x20
	return len(name) == 2 && name[1] == ':' && 'a' <= letter && letter <= 'z'
}
