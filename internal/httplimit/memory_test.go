package httplimit

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"sync"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/mlflow"
)

// waitingServer is a server whose requests end when release is closed.
type waitingServer struct {
	*httptest.Server
	entered chan struct{} // receives for each body that was read
	release chan struct{}
}

func newWaitingServer(t *testing.T, m *memory) *waitingServer {
	t.Helper()
	h := &waitingServer{entered: make(chan struct{}, 100), release: make(chan struct{})}
	h.Server = httptest.NewServer(handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := ReadBody(w, r, 8<<20); err != nil {
			apierror.Write(w, mlflow.AsError(err))
			return
		}
		h.entered <- struct{}{}
		<-h.release
	}), m))
	t.Cleanup(h.Close)
	return h
}

// post sends a body and returns the status and the header Retry-After.
func (h *waitingServer) post(t *testing.T, body io.Reader, coding string) (status int, retryAfter string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.URL, body)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	if coding != "" {
		req.Header.Set("Content-Encoding", coding)
	}
	resp, err := h.Client().Do(req)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer resp.Body.Close()
	return resp.StatusCode, resp.Header.Get("Retry-After")
}

// unsized hides the length of a body.
type unsized struct{ io.Reader }

func TestLargeBodies(t *testing.T) {
	t.Parallel()
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write(make([]byte, 5<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	m := newMemory(8<<20, 50*time.Millisecond)
	h := newWaitingServer(t, m)
	var held sync.WaitGroup
	for range 2 {
		held.Go(func() {
			if status, _ := h.post(t, bytes.NewReader(make([]byte, 4<<20)), ""); status != 200 {
				t.Errorf("a body that fits: %d", status)
			}
		})
		<-h.entered
	}
	for name, send := range map[string]func() (int, string){
		"large":             func() (int, string) { return h.post(t, bytes.NewReader(make([]byte, 2<<20)), "") },
		"of unknown length": func() (int, string) { return h.post(t, unsized{bytes.NewReader(make([]byte, 5<<20))}, "") },
		"compressed":        func() (int, string) { return h.post(t, bytes.NewReader(zipped.Bytes()), "gzip") },
	} {
		if status, retryAfter := send(); status != 503 || retryAfter == "" {
			t.Errorf("a body that is %s: status %d, Retry-After %q; want 503", name, status, retryAfter)
		}
	}
	held.Go(func() {
		if status, _ := h.post(t, bytes.NewReader(make([]byte, 100<<10)), ""); status != 200 {
			t.Errorf("a small body: %d", status)
		}
	})
	<-h.entered
	close(h.release)
	held.Wait()
	for range 3 { // All memory is free again.
		if status, _ := h.post(t, unsized{bytes.NewReader(make([]byte, 8<<20))}, ""); status != 200 {
			t.Errorf("after the others have ended: %d", status)
		}
	}
	if m.used != 0 || !m.slots.TryAcquire(m.capacity) {
		t.Errorf("%d bytes are held after all requests", m.used)
	}
}

// TestWaitingBody frees memory while a request waits for it.
func TestWaitingBody(t *testing.T) {
	t.Parallel()
	h := newWaitingServer(t, newMemory(4<<20, time.Minute))
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			if status, _ := h.post(t, bytes.NewReader(make([]byte, 3<<20)), ""); status != 200 {
				t.Errorf("status %d", status)
			}
		})
	}
	<-h.entered
	close(h.release)
	all.Wait()
}

// TestAbandonedBody ends the request of a client that hangs up while it waits.
func TestAbandonedBody(t *testing.T) {
	t.Parallel()
	m := newMemory(4<<20, time.Minute)
	first, second := share{of: m}, share{of: m}
	if err := first.hold(t.Context(), 3<<20); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := second.hold(ctx, 3<<20); !errors.Is(err, ctx.Err()) {
		t.Errorf("a client that is gone: %v", err)
	}
	first.release()
	if err := second.hold(t.Context(), 4<<20); err != nil {
		t.Errorf("after the first has ended: %v", err)
	}
	second.release()
}

// TestMemoryTarget is not parallel, since the limit is that of the process.
func TestMemoryTarget(t *testing.T) { //nolint:paralleltest // See above.
	old := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(old)
	m := newMemory(8<<20, 0)
	s := share{of: m}
	limit := func() int64 { return debug.SetMemoryLimit(-1) }
	if err := s.hold(t.Context(), 2<<20); err != nil || limit() != old {
		t.Errorf("without a target: limit %d, %v", limit(), err)
	}
	s.release()
	m.target = math.MaxInt32
	if err := s.hold(t.Context(), 2<<20); err != nil || limit() != math.MaxInt32+perByte*2<<20 {
		t.Errorf("with a body: limit %d, %v", limit(), err)
	}
	s.release()
	if limit() != math.MaxInt32 {
		t.Errorf("without a body: limit %d", limit())
	}
}
