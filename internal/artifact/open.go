package artifact

import (
	"fmt"
	"maps"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/millrace-ml/millrace/mlflow"
)

// Opener opens the repository with the given URI.
type Opener func(uri string) (Repo, error)

var registry = struct {
	sync.RWMutex
	byScheme map[string]Opener
}{byScheme: map[string]Opener{}}

// Register registers a backend for a URI scheme. Backends call it from init. The scheme
// "file" includes paths without a scheme; the others are object stores.
func Register(scheme string, open Opener) {
	registry.Lock()
	defer registry.Unlock()
	if _, taken := registry.byScheme[scheme]; taken {
		panic("artifact: scheme registered twice: " + scheme)
	}
	registry.byScheme[scheme] = open
}

// opener returns the backend of a URI's scheme and the names of all schemes.
func opener(uri string) (open Opener, known []string) {
	registry.RLock()
	defer registry.RUnlock()
	return registry.byScheme[Scheme(uri)], slices.Sorted(maps.Keys(registry.byScheme))
}

// IsObjectStore reports whether a URI is in an object store that Open supports.
func IsObjectStore(uri string) bool {
	open, _ := opener(uri)
	return open != nil && Scheme(uri) != "file"
}

// Open returns the repository with its root at uri, which is a path or a URI with a
// registered scheme.
func Open(uri string) (Repo, error) {
	open, known := opener(uri)
	if open == nil {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue,
			"Artifacts cannot be kept at '%s': the scheme '%s' is not supported. Use a path or one of the schemes: %s",
			Redact(uri), Scheme(uri), strings.Join(known, ", "))
	}
	return open(uri)
}

// OpenBucket returns the repository of the whole bucket that a URI of an object store names, and the path of the URI in
// it.
func OpenBucket(uri string) (Repo, string, error) {
	scheme, rest, found := strings.Cut(uri, "://")
	if !found {
		return nil, "", mlflow.Errorf(mlflow.InvalidParameterValue, "'%s' names no bucket", Redact(uri))
	}
	bucket, _, _ := strings.Cut(rest, "/")
	path, err := BucketPath(uri)
	if err != nil {
		return nil, "", err
	}
	repo, err := Open(scheme + "://" + bucket)
	return repo, path, err
}

// BucketPath returns the path in its bucket that the URI of an object store names. As in MLflow, only the paths of
// abfss: URIs are encoded.
func BucketPath(uri string) (string, error) {
	_, rest, _ := strings.Cut(uri, "://")
	_, path, _ := strings.Cut(rest, "/")
	if scheme := Scheme(uri); scheme == "abfss" || scheme == "abfs" {
		var err error
		if path, err = url.PathUnescape(path); err != nil {
			return "", errInvalidPath
		}
	}
	return CleanPath(strings.Trim(path, "/"))
}

// Scheme returns the scheme of a URI in lower case, or "file" for a path, including one
// with a Windows drive.
func Scheme(uri string) string {
	scheme, _, found := strings.Cut(uri, ":")
	if !found || len(scheme) < 2 || strings.ContainsAny(scheme, `/\.?#`) {
		return "file"
	}
	return strings.ToLower(scheme)
}

// Absolute resolves a relative path such as a/b or file:a/b against the working
// directory. It returns other locations unchanged.
func Absolute(uri string) (string, error) {
	if !strings.Contains(uri, ":") {
		return filepath.Abs(uri)
	}
	rel, ok := strings.CutPrefix(uri, "file:")
	if !ok || strings.HasPrefix(rel, "/") {
		return uri, nil
	}
	rest := ""
	if end := strings.IndexAny(rel, "?#"); end >= 0 {
		rel, rest = rel[:end], rel[end:]
	}
	dir, err := filepath.Abs(".")
	if err != nil {
		return "", err
	}
	cwd := url.URL{Scheme: "file", Path: path.Join("/", filepath.ToSlash(dir))}
	return "file://" + path.Join(cwd.EscapedPath(), rel) + rest, nil
}

// FilePath returns the absolute path of a path or file: URI. It ignores the query and
// the fragment of a URI.
func FilePath(uri string) (string, error) {
	dir := uri
	if len(uri) >= 5 && strings.EqualFold(uri[:5], "file:") {
		u, err := url.Parse(uri)
		switch {
		case err != nil:
			return "", mlflow.Errorf(mlflow.InvalidParameterValue, "Not a file: URI: '%s'", uri)
		case u.Host != "" && u.Host != "localhost":
			return "", mlflow.Errorf(mlflow.InvalidParameterValue, "A file: URI cannot name another host: '%s'", uri)
		}
		if dir = u.Path; u.Opaque != "" { // file:relative
			if dir, err = url.PathUnescape(u.Opaque); err != nil {
				return "", mlflow.Errorf(mlflow.InvalidParameterValue, "Not a file: URI: '%s'", uri)
			}
		}
		if drive := strings.TrimPrefix(dir, "/"); filepath.VolumeName(drive) != "" { // file:///C:/x
			dir = drive
		}
	}
	if dir == "" || strings.ContainsRune(dir, 0) {
		return "", mlflow.Errorf(mlflow.InvalidParameterValue, "Not a folder for artifacts: '%s'", uri)
	}
	abs, err := filepath.Abs(filepath.FromSlash(dir))
	if err != nil {
		return "", fmt.Errorf("artifact folder %q: %w", dir, err)
	}
	return abs, nil
}

// Redact returns the URI without its password.
func Redact(uri string) string {
	if u, err := url.Parse(uri); err == nil && u.User != nil {
		return u.Redacted()
	}
	return uri
}
