// Package webui serves the web pages that are embedded in the binary.
package webui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/compress"
	"github.com/millrace-ml/millrace/web"
)

const (
	indexPage = "index.html"

	// The pages load nothing from other hosts and have no inline scripts. Elements have
	// inline styles for colors and positions. Images and frames may show blobs that the
	// page has created.
	contentSecurityPolicy = "default-src 'self'; style-src 'self' 'unsafe-inline'; " +
		"img-src 'self' data: blob:; frame-src 'self' blob:; object-src 'none'; base-uri 'none'; " +
		"form-action 'self'"

	sandboxPage = "sandbox.html"

	// The documents in files of users run in this page, in a frame of the others. It has no
	// origin, so that its scripts have no access to the server, even if it is opened by
	// itself, and it may load nothing at all: what a document needs must be in it.
	sandboxPolicy = "sandbox allow-scripts; default-src 'none'; " +
		"script-src 'unsafe-inline' 'unsafe-eval' data: blob:; style-src 'unsafe-inline' data:; " +
		"img-src data: blob:; font-src data:; media-src data: blob:; worker-src blob:; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)

// contentTypes overrides package mime, whose table depends on the operating system.
var contentTypes = map[string]string{
	".css":  "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".json": "application/json",
	".png":  "image/png",
	".svg":  "image/svg+xml",
}

// asset is a file of the build, compressed and uncompressed.
type asset struct {
	contentType  string
	cacheControl string
	etag         string
	policy       string // of the security of the contents
	packed       []byte // gzip
	plain        []byte
}

// Handler serves the pages: index.html at "/" and every other file at its own path. It
// calls missing for unknown paths, and wrongMethod for methods other than GET and HEAD.
// A binary that was built without the pages serves a page that says so.
func Handler(missing, wrongMethod http.HandlerFunc) http.Handler {
	files, err := web.Files()
	if err != nil {
		return failed(err)
	}
	assets, err := load(files)
	if err != nil {
		return failed(err)
	}
	if len(assets) == 0 {
		return securityHeaders(withoutUI(missing, wrongMethod))
	}
	return newHandler(assets, missing, wrongMethod)
}

func newHandler(assets map[string]asset, missing, wrongMethod http.HandlerFunc) http.Handler {
	return securityHeaders(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/")
		if name == "" {
			name = indexPage
		}
		file, ok := assets[name]
		if !ok {
			missing(w, r)
			return
		}
		readOnly(file.serve, wrongMethod)(w, r)
	}))
}

// load reads all files of a build and decompresses them, which takes about 3 MB and 20
// milliseconds.
func load(files fs.FS) (map[string]asset, error) {
	assets := map[string]asset{}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".gz") {
			return err
		}
		packed, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		name = strings.TrimSuffix(name, ".gz")
		file, err := newAsset(name, packed)
		if err != nil {
			return fmt.Errorf("web page file %s: %w", name, err)
		}
		assets[name] = file
		return nil
	})
	return assets, err
}

func newAsset(name string, packed []byte) (asset, error) {
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return asset{}, err
	}
	plain, err := io.ReadAll(reader)
	if err != nil {
		return asset{}, err
	}
	sum := sha256.Sum256(plain)
	file := asset{
		contentType:  contentType(name),
		cacheControl: "no-cache",
		policy:       contentSecurityPolicy,
		etag:         hex.EncodeToString(sum[:12]),
		packed:       packed,
		plain:        plain,
	}
	// Only file names in this directory contain a hash of the contents.
	if strings.HasPrefix(name, "assets/") {
		file.cacheControl = "public, max-age=31536000, immutable"
	}
	if name == sandboxPage {
		file.policy = sandboxPolicy
	}
	return file, nil
}

func contentType(name string) string {
	extension := path.Ext(name)
	if known, ok := contentTypes[extension]; ok {
		return known
	}
	if guess := mime.TypeByExtension(extension); guess != "" {
		return guess
	}
	return "application/octet-stream"
}

func (a asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Cache-Control", a.cacheControl)
	h.Set("Content-Security-Policy", a.policy)
	h.Add("Vary", "Accept-Encoding")
	body := a.plain
	// The two forms need different entity tags, because they have different bytes.
	etag := `"` + a.etag + `"`
	if compress.Accepts(r.Header.Values("Accept-Encoding")) {
		body = a.packed
		etag = `"` + a.etag + `-gz"`
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Etag", etag)
	// ServeContent handles conditional requests. Ranges of a compressed form are
	// useless.
	r.Header.Del("Range")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

func securityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentSecurityPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

func readOnly(next, wrongMethod http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			wrongMethod(w, r)
			return
		}
		next(w, r)
	}
}

// failed responds to every request with the reason why the pages cannot be served.
func failed(err error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "the web pages in this binary are damaged: "+err.Error(), http.StatusInternalServerError)
	})
}

const missingUI = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Millrace</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 36em; margin: 4em auto; padding: 0 1em }
:root { color-scheme: light dark }
</style>
<h1>Millrace is running without its web pages</h1>
<p>This binary was built with the tag <code>noui</code>. The REST API works as usual: point
<code>MLFLOW_TRACKING_URI</code> at this address.</p>
<p>For the pages, use a binary that was built without that tag.</p>
</html>
`

func withoutUI(missing, wrongMethod http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" && r.URL.Path != "/"+indexPage {
			missing(w, r)
			return
		}
		readOnly(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", contentTypes[".html"])
			w.Header().Set("Cache-Control", "no-cache")
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader(missingUI))
		}, wrongMethod)(w, r)
	})
}
