// Package compress compresses the JSON responses of an HTTP server with gzip.
package compress

import (
	"compress/gzip"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// minSize is the size in bytes up to which a response is sent as it is. It fits into
// one packet.
const minSize = 1 << 10

// Handler compresses those responses of next that are JSON, have more than a kilobyte
// and go to a client that accepts gzip, whatever their status is. It leaves the others
// as they are: responses to HEAD, files, which have an entity tag, ranges, and those that
// have a Content-Encoding, a Content-Length or a cookie already.
//
// A response is sent when its handler returns, or in parts if it is large. If a handler
// panics, what has not been sent is dropped, so that the caller can send an error.
func Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		c := &writer{ResponseWriter: w, accepted: Accepts(r.Header.Values("Accept-Encoding"))}
		defer c.release()
		next.ServeHTTP(c, r)
		c.finish()
	})
}

// Accepts parses the values of Accept-Encoding. "gzip;q=0" excludes gzip; "*" includes it.
func Accepts(values []string) bool {
	wildcard := false
	for item := range strings.SplitSeq(strings.Join(values, ","), ",") {
		coding, weight, _ := strings.Cut(item, ";")
		refused := slices.Contains([]string{"q=0", "q=0.0", "q=0.00", "q=0.000"}, strings.ReplaceAll(weight, " ", ""))
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip":
			return !refused
		case "*":
			wildcard = !refused
		}
	}
	return wildcard
}

// level is the fastest one. On JSON, it saves nearly as much as the default.
const level = gzip.BestSpeed

// compressors are reused, because each takes a megabyte.
var compressors = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(io.Discard, level) // The level is valid.
	return z
}}

// state is what has happened to a response.
type state int

const (
	waiting    state = iota // The header is not known.
	collecting              // The response is JSON, and its first bytes are kept.
	plain                   // The response is sent as it is.
	zipping                 // The response is sent compressed.
)

// writer delays the header of a response until it is known whether to compress it.
type writer struct {
	http.ResponseWriter
	accepted bool
	state    state
	status   int
	first    []byte // the first bytes of a response that is collecting
	zip      *gzip.Writer
}

// Unwrap returns the original writer for [http.ResponseController].
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w *writer) WriteHeader(status int) {
	switch {
	case status < http.StatusOK: // An informational response precedes the actual one.
		w.ResponseWriter.WriteHeader(status)
	case w.state != waiting:
	case w.compressible(status):
		w.status = status
		w.Header().Add("Vary", "Accept-Encoding")
		if w.accepted {
			w.state = collecting
			return
		}
		fallthrough
	default:
		w.state = plain
		w.ResponseWriter.WriteHeader(status)
	}
}

// compressible reports whether the header of a response allows to compress it.
func (w *writer) compressible(status int) bool {
	switch status {
	case http.StatusNoContent, http.StatusPartialContent, http.StatusNotModified:
		return false
	}
	h := w.Header()
	for _, name := range [...]string{"Content-Encoding", "Content-Length", "Content-Range", "ETag", "Set-Cookie"} {
		if len(h.Values(name)) > 0 {
			return false
		}
	}
	t, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && (t == "application/json" || strings.HasSuffix(t, "+json"))
}

// Write implements io.Writer.
func (w *writer) Write(b []byte) (int, error) {
	if w.state == waiting {
		w.WriteHeader(http.StatusOK)
	}
	switch w.state {
	case plain:
		return w.ResponseWriter.Write(b)
	case zipping:
		return w.zip.Write(b)
	}
	if len(w.first)+len(b) <= minSize {
		w.first = append(w.first, b...)
		return len(b), nil
	}
	w.startZip()
	if _, err := w.zip.Write(w.first); err != nil {
		return 0, err
	}
	w.first = nil
	return w.zip.Write(b)
}

// startZip sends the header of a compressed response.
func (w *writer) startZip() {
	w.state = zipping
	w.Header().Set("Content-Encoding", "gzip")
	w.ResponseWriter.WriteHeader(w.status)
	w.zip, _ = compressors.Get().(*gzip.Writer)
	w.zip.Reset(w.ResponseWriter)
}

// FlushError implements the interface of [http.ResponseController].
func (w *writer) FlushError() error {
	if w.state == waiting {
		w.WriteHeader(http.StatusOK)
	}
	if w.state == collecting {
		w.startZip()
		if _, err := w.zip.Write(w.first); err != nil {
			return err
		}
		w.first = nil
	}
	if w.state == zipping {
		if err := w.zip.Flush(); err != nil {
			return err
		}
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// finish sends the rest of the response. An error means that the client has
// disconnected, and that the writer below has recorded it.
func (w *writer) finish() {
	switch w.state {
	case collecting:
		w.ResponseWriter.WriteHeader(w.status)
		_, _ = w.ResponseWriter.Write(w.first)
	case zipping:
		_ = w.zip.Close()
	}
}

// release returns the compressor, which keeps no reference to the response.
func (w *writer) release() {
	if w.zip != nil {
		w.zip.Reset(io.Discard)
		compressors.Put(w.zip)
		w.zip = nil
	}
}
