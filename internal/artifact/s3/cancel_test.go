package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact/object"
	"github.com/millrace-ml/millrace/mlflow"
)

// TestCancelledTransfers ends requests whose clients have hung up: the request to the store ends, too, and the parts of
// an upload are removed.
func TestCancelledTransfers(t *testing.T) {
	begun, ended, aborted := make(chan string), make(chan string, 8), make(chan bool, 8)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Query().Has("uploads"):
			fmt.Fprint(w, "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>")
			return
		case r.Method == http.MethodDelete:
			aborted <- true
			return
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			t.Errorf("%s: %v", r.Method, err)
		}
		if r.Method == http.MethodGet {
			w.Header().Set("Content-Length", "1000000")
			w.Header().Set("Last-Modified", "Sat, 28 Nov 2026 12:00:00 GMT")
			_, _ = w.Write([]byte("the beginning")) // The client reads it.
			_ = http.NewResponseController(w).Flush()
		}
		begun <- r.Method
		<-r.Context().Done()
		ended <- r.Method
	}))
	defer server.Close()
	repo := object.New(fixedBucket(t, server.URL), "")
	for name, transfer := range map[string]func(ctx context.Context) error{
		"GET": func(ctx context.Context) error {
			f, err := repo.Open(ctx, "f")
			if err != nil {
				return err
			}
			_, err = io.Copy(io.Discard, f)
			return errors.Join(err, f.Close())
		},
		"PUT":  func(ctx context.Context) error { return repo.Put(ctx, "f", strings.NewReader("small")) },
		"PART": func(ctx context.Context) error { return repo.Put(ctx, "f", io.LimitReader(zeros{}, 6<<20)) },
	} {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- transfer(ctx) }()
		requests := 1
		if name == "PART" {
			requests = 2
		}
		for range requests {
			<-begun
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		for range requests {
			select {
			case <-ended:
			case <-time.After(time.Minute):
				t.Fatalf("%s: the request to the store goes on", name)
			}
		}
		if removed := len(aborted); (name == "PART") != (removed == 1) {
			t.Errorf("%s: %d uploads were removed", name, removed)
		}
		for len(aborted) > 0 {
			<-aborted
		}
	}
}

// zeros is a reader of zeros without an end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// TestRetries has a store that fails for a while. Each attempt has the whole body.
func TestRetries(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	var failures, attempts int
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		attempts++
		if body, err := io.ReadAll(r.Body); err != nil || string(body) != "contents" {
			t.Errorf("attempt %d: %q, %v", attempts, body, err)
		}
		if attempts <= failures {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	s, err := newStore(t.Context(), func(name string) string {
		return map[string]string{envEndpoint: server.URL}[name]
	}, place{})
	if err != nil {
		t.Fatal(err)
	}
	repo := object.New(&bucket{s, "team", "s3://team"}, "")
	for _, c := range []struct {
		failures, attempts int
		want               error
	}{{0, 1, nil}, {2, 3, nil}, {9, 3, mlflow.TemporarilyUnavailable}} {
		failures, attempts = c.failures, 0
		if err := repo.Put(t.Context(), "f", strings.NewReader("contents")); !errors.Is(err, c.want) || attempts != c.attempts {
			t.Errorf("%d failures: %d attempts, %v", c.failures, attempts, err)
		}
	}
}
