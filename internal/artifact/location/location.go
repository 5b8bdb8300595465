// Package location compares and changes the locations of artifacts that are recorded in a database. The same place can
// be spelled in several ways: a path, a relative path and a file: URI, or the two addresses of an Azure container.
package location

import (
	"net/url"
	"path/filepath"
	"strings"

	"github.com/millrace-ml/millrace/internal/artifact"
)

// Proxied is the store of locations behind the proxy of a server, which its artifact destination determines.
const Proxied = "mlflow-artifacts:"

// proxyRoute precedes the path of a file in a URL of the proxy.
const proxyRoute = "/api/2.0/mlflow-artifacts/artifacts"

// Location is a place for artifacts.
type Location struct {
	// Store identifies the file system, the bucket or [Proxied].
	Store string
	// Path is the decoded path in the store, without slashes at its ends.
	Path string
}

// Parse returns the place that a location names. It reports false for a text that names no place by itself, such as
// runs:/ and models:/ URIs and the schemes that Millrace does not support. A relative path begins at the working
// directory.
func Parse(uri string) (Location, bool) {
	switch scheme := artifact.Scheme(uri); scheme {
	case "file":
		dir, err := artifact.FilePath(uri)
		if err != nil {
			return Location{}, false
		}
		return Location{"file:", strings.Trim(filepath.ToSlash(dir), "/")}, true
	case "mlflow-artifacts", "http", "https":
		u, err := url.Parse(uri)
		if err != nil || u.Opaque != "" || u.RawQuery != "" || u.Fragment != "" {
			return Location{}, false
		}
		path := u.Path
		if scheme != "mlflow-artifacts" {
			var found bool
			if _, path, found = strings.Cut(path+"/", proxyRoute+"/"); !found {
				return Location{}, false
			}
		}
		return Location{Proxied, strings.Trim(path, "/")}, true
	default:
		return parseBucket(scheme, uri)
	}
}

func parseBucket(scheme, uri string) (Location, bool) {
	path, err := artifact.BucketPath(uri)
	if err != nil || !artifact.IsObjectStore(uri) {
		return Location{}, false
	}
	_, rest, _ := strings.Cut(uri, "://")
	bucket, _, _ := strings.Cut(rest, "/")
	switch scheme {
	case "wasb", "wasbs", "abfs", "abfss", "azure":
		// The account is the first part of the host, which differs between the two addresses of a container.
		container, host, _ := strings.Cut(bucket, "@")
		account, _, _ := strings.Cut(strings.ToLower(host), ".")
		scheme, bucket = "azure", container+"@"+account
	}
	return Location{scheme + "://" + bucket, path}, bucket != ""
}

// Below returns the path of l below a folder, "" for the folder itself. It reports false if l is elsewhere.
func (l Location) Below(folder Location) (path string, ok bool) {
	if l.Store != folder.Store {
		return "", false
	}
	if l.Path == folder.Path || folder.Path == "" {
		return strings.TrimPrefix(l.Path, folder.Path), true
	}
	return strings.CutPrefix(l.Path, folder.Path+"/")
}

// Join returns the place of a path below l.
func (l Location) Join(path string) Location {
	return Location{l.Store, artifact.Join(l.Path, path)}
}

// Append returns the spelling of a path below a folder, in the spelling of the folder. The path is encoded where the
// scheme of the folder requires it.
func Append(folder, path string) string {
	if path == "" {
		return folder
	}
	switch {
	case strings.HasPrefix(strings.ToLower(folder), "file:"):
		path = quote(path)
	case artifact.Scheme(folder) == "abfs" || artifact.Scheme(folder) == "abfss":
		path = quote(path)
	}
	return strings.TrimRight(folder, "/") + "/" + path
}

// quote encodes a path as Python's urllib.parse.quote, with which MLflow makes file: URIs.
func quote(path string) string {
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(path) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("_.-~/", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&15]})
	}
	return b.String()
}
