package gcs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact/object"
	"github.com/millrace-ml/millrace/mlflow"
)

// serveObject serves an object as the store does.
func serveObject(t *testing.T, data []byte, ranges *[]string) *bucket {
	t.Helper()
	return served(t, func(w http.ResponseWriter, r *http.Request) {
		*ranges = append(*ranges, r.Header.Get("Range")+"@"+r.URL.Query().Get("generation"))
		if generation := r.URL.Query().Get("generation"); generation != "" && generation != "9" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		if r.Header.Get("Accept-Encoding") != "gzip" {
			t.Error("the store is free to decompress the object")
		}
		w.Header().Set("X-Goog-Generation", "9")
		http.ServeContent(w, r, "", time.Unix(1700000000, 0), bytes.NewReader(data))
	})
}

func TestGet(t *testing.T) {
	data := pattern(2*quantum + 10)
	for _, c := range []struct {
		size, offset int
		chunk        int64
		want         string
	}{
		{len(data), 0, 0, "[@]"},
		{len(data), 100, 0, "[bytes=100-@]"},
		{len(data), 0, quantum, "[bytes=0-262143@ bytes=262144-524287@9 bytes=524288-786431@9]"},
		{len(data), quantum, 4 * quantum, "[bytes=262144-1310719@]"},
		{2 * quantum, 0, quantum, "[bytes=0-262143@ bytes=262144-524287@9]"},
		{0, 0, quantum, "[bytes=0-262143@]"},
		{0, 0, 0, "[@]"},
	} {
		var ranges []string
		b := serveObject(t, data[:c.size], &ranges)
		b.store.downloadChunk = c.chunk
		body, o, err := b.Get(t.Context(), "k", int64(c.offset), "")
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		got, err := io.ReadAll(body)
		if err := errors.Join(err, body.Close()); err != nil || !bytes.Equal(got, data[c.offset:c.size]) {
			t.Errorf("%+v: %d bytes, %v", c, len(got), err)
		}
		if o.Size != int64(c.size) || o.ETag != "9" || o.ModTime.Unix() != 1700000000 {
			t.Errorf("%+v: %+v", c, o)
		}
		if fmt.Sprint(ranges) != c.want {
			t.Errorf("%+v: ranges %q", c, ranges)
		}
	}
}

func TestGetChanged(t *testing.T) {
	var ranges []string
	b := serveObject(t, pattern(100), &ranges)
	if _, _, err := b.Get(t.Context(), "k", 10, "8"); !errors.Is(err, object.ErrChanged) {
		t.Errorf("another generation: %v", err)
	}
	body, _, err := b.Get(t.Context(), "k", 10, "9")
	if err != nil {
		t.Fatal(err)
	}
	if err := body.Close(); err != nil {
		t.Error(err)
	}
}

// TestGetBreaksOff has a body that ends before the object does.
func TestGetBreaksOff(t *testing.T) {
	for _, length := range []int{100, 5} {
		b := served(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(length))
			w.Header().Set("Content-Range", "bytes 0-99/100")
			w.WriteHeader(http.StatusPartialContent)
			fmt.Fprint(w, "begin")
		})
		body, _, err := b.Get(t.Context(), "k", 0, "")
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(body)
		if !errors.Is(err, mlflow.TemporarilyUnavailable) || string(got) != "begin" {
			t.Errorf("length %d: %q, %v", length, got, err)
		}
		_ = body.Close() // It was only read.
	}
}

// TestList has pages with keys and folders, which the store returns apart from each other.
func TestList(t *testing.T) {
	b := served(t, func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		if query.Get("prefix") != "p/" || query.Get("delimiter") != "/" {
			t.Errorf("query %v", query)
		}
		switch query.Get("pageToken") {
		case "":
			fmt.Fprint(w, `{"prefixes": ["p/b/"], "items": [{"name": "p/a", "size": "1"}, {"name": "p/c"}], "nextPageToken": "2&3"}`)
		case "2&3":
			fmt.Fprint(w, `{"prefixes": ["p/d/", "p/e/"], "nextPageToken": "4"}`)
		default:
			fmt.Fprint(w, `{"items": [{"name": "p/f", "size": "10000000000"}]}`)
		}
	})
	list := b.List(t.Context(), "p/", true, 0)
	for range 2 { // The sequence can be read again.
		got := ""
		for o, err := range list {
			if err != nil {
				t.Fatal(err)
			}
			got += fmt.Sprintf("%s %d ", o.Key, o.Size)
		}
		if want := "p/a 1 p/b/ 0 p/c 0 p/d/ 0 p/e/ 0 p/f 10000000000 "; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
