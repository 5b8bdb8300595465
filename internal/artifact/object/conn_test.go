package object_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact/object"
	"github.com/millrace-ml/millrace/test/proxy"
)

// TestStalledConnections has a server that stalls before it answers, in the middle of a body that it sends, and in the
// middle of one that it receives.
func TestStalledConnections(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", 32<<20) // More than the buffers of connections.
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, large)
	}))
	defer server.Close()
	between, err := proxy.New(t.Context(), server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer between.Close()
	client := &http.Client{Transport: &http.Transport{DialContext: object.Dial(time.Second, 300*time.Millisecond)}}
	send := func(body io.Reader, begun func()) error {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+between.Address, body)
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(r)
		if err != nil {
			return err
		}
		defer func() { _ = res.Body.Close() }()
		begun()
		_, err = io.Copy(io.Discard, res.Body)
		return err
	}
	nothing := func() {}
	if err := send(strings.NewReader(large), nothing); err != nil {
		t.Fatal(err)
	}
	for name, request := range map[string]func() error{
		"before the answer":     func() error { between.Stall(); return send(nil, nothing) },
		"in the body of ours":   func() error { between.Stall(); return send(strings.NewReader(large), nothing) },
		"in the body of theirs": func() error { return send(nil, between.Stall) },
	} {
		if err := request(); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("stalled %s: %v", name, err)
		}
		between.Resume()
		between.Cut()
		if err := send(nil, nothing); err != nil {
			t.Errorf("after it stalled %s: %v", name, err)
		}
	}
}

// TestSlowConnections sends and receives for longer than the time limit, with a byte in time.
func TestSlowConnections(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	go func() {
		c, err := listener.Accept()
		if err == nil {
			_, _ = io.Copy(c, c)
		}
	}()
	c, err := object.Dial(time.Second, 500*time.Millisecond)(context.Background(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	read := make(chan error, 1)
	go func() { // It waits while the other side writes.
		_, err := io.ReadFull(c, make([]byte, 10))
		read <- err
	}()
	for range 10 {
		time.Sleep(100 * time.Millisecond)
		if _, err := c.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-read; err != nil {
		t.Error(err)
	}
}

func TestStallTime(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{
		"": time.Minute, "0": time.Minute, "-1": object.Forever, "5": 5 * time.Second, "-2": 0, "x": 0, "1.5": 0,
		"2147483647": 2147483647 * time.Second,
	} {
		if got, err := object.StallTime(value); got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %v, %v", value, got, err)
		}
	}
}
