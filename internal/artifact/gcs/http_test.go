package gcs

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact/object"
	"github.com/millrace-ml/millrace/mlflow"
)

// served returns the bucket of a handler.
func served(t *testing.T, handler http.HandlerFunc) *bucket {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return fixedBucket(t, server.URL)
}

// TestRetries counts the requests until one succeeds, or until no more are sent.
func TestRetries(t *testing.T) {
	for _, c := range []struct {
		status, failures, want int
		good                   bool
	}{
		{503, 1, 2, true},
		{500, 2, 3, true},
		{429, 3, 3, false},
		{408, 1, 2, true},
		{403, 1, 1, false},
		{412, 1, 1, false},
		{0, 2, 3, true}, // The connection breaks off.
	} {
		sent := 0
		b := served(t, func(w http.ResponseWriter, _ *http.Request) {
			if sent++; sent > c.failures {
				fmt.Fprint(w, `{"items": []}`)
				return
			}
			if c.status == 0 {
				panic(http.ErrAbortHandler)
			}
			w.WriteHeader(c.status)
		})
		if err := b.Check(t.Context()); sent != c.want || (err == nil) != c.good {
			t.Errorf("%d requests after %d answers with %d: %v", sent, c.failures, c.status, err)
		}
	}
}

// TestPutAgain has an upload whose answer is lost. Another one is only sent if the object is as it is found then.
func TestPutAgain(t *testing.T) {
	sum := func(data string) string { return checksum(crc32.Checksum([]byte(data), castagnoli)) }
	stored := func(data string) string {
		return fmt.Sprintf(`{"name": "k", "generation": "5", "size": "%d", "crc32c": "%s"}`, len(data), sum(data))
	}
	for _, c := range []struct {
		name, found string // what the store has after the failure, if anything
		status      int    // of the second upload
		condition   string
		want        error
	}{
		{name: "nothing arrived", status: 200, condition: "0"},
		{name: "everything arrived", found: stored("data"), condition: "none"},
		{name: "an earlier object", found: stored("other"), status: 200, condition: "5"},
		{name: "replaced again", found: stored("other"), status: 412, condition: "5", want: object.ErrChanged},
	} {
		uploads, condition := 0, "none"
		b := served(t, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method == http.MethodGet && c.found == "":
				w.WriteHeader(http.StatusNotFound)
			case r.Method == http.MethodGet:
				fmt.Fprint(w, c.found)
			case uploads == 0:
				if r.URL.Query().Has("ifGenerationMatch") {
					t.Error("the first upload has a condition")
				}
				uploads++
				panic(http.ErrAbortHandler)
			default:
				condition = r.URL.Query().Get("ifGenerationMatch")
				w.WriteHeader(c.status)
				fmt.Fprint(w, stored("data"))
			}
		})
		if err := b.Put(t.Context(), "k", []byte("data")); !errors.Is(err, c.want) || condition != c.condition {
			t.Errorf("%s: condition %s, %v", c.name, condition, err)
		}
	}
}

// TestPutChecksum has a store that has stored other bytes. The object is removed.
func TestPutChecksum(t *testing.T) {
	removed := ""
	b := served(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			removed = r.URL.RequestURI()
			w.WriteHeader(http.StatusNoContent)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil || !strings.Contains(string(body), `"crc32c":"rth90Q=="`) {
			t.Errorf("no checksum in %s", body)
		}
		fmt.Fprint(w, `{"name": "a/k", "generation": "5", "size": "4", "crc32c": "AAAAAA=="}`)
	})
	err := b.Put(t.Context(), "a/k", []byte("data"))
	if !errors.Is(err, mlflow.TemporarilyUnavailable) || removed != "/storage/v1/b/team/o/a%2Fk?ifGenerationMatch=5" {
		t.Errorf("%v; removed %s", err, removed)
	}
}

// TestStalled has a store that stops to answer before the header, and in the middle of the body.
func TestStalled(t *testing.T) {
	for name, begin := range map[string]func(http.ResponseWriter){
		"header": func(http.ResponseWriter) {},
		"body": func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "begin")
			_ = http.NewResponseController(w).Flush() // The request fails in any case.
		},
	} {
		var sent atomic.Int32
		b := served(t, func(w http.ResponseWriter, r *http.Request) {
			sent.Add(1)
			begin(w)
			<-r.Context().Done()
		})
		b.store.timeout = 20 * time.Millisecond
		body, _, err := b.Get(t.Context(), "k", 0, "")
		if err == nil {
			_, err = io.ReadAll(body)
			_ = body.Close() // It was only read.
		}
		if !errors.Is(err, mlflow.TemporarilyUnavailable) || !strings.Contains(err.Error(), "no data for too long (20ms)") {
			t.Errorf("%s: %v", name, err)
		}
		if sent.Load() != 1 {
			t.Errorf("%s: %d requests", name, sent.Load())
		}
	}
}

// TestCancelled ends the context of each kind of request while the store is silent. The request ends in the store, too.
func TestCancelled(t *testing.T) {
	for name, send := range requests {
		arrived, ended := make(chan struct{}), make(chan struct{})
		b := served(t, func(_ http.ResponseWriter, r *http.Request) {
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				t.Error(err)
			}
			close(arrived)
			<-r.Context().Done()
			close(ended)
		})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-arrived; cancel() }()
		if err := send(ctx, b); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		<-ended
	}
}
