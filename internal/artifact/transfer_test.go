package artifact_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/local"
	"github.com/millrace-ml/millrace/internal/httplimit"
	"github.com/millrace-ml/millrace/mlflow"
)

// pipeListener is an in-memory network with one connection, for tests with simulated
// time.
type pipeListener struct{ conns chan net.Conn }

func (l pipeListener) Accept() (net.Conn, error) {
	c, ok := <-l.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (l pipeListener) Close() error   { return nil }
func (l pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

// serve calls f with a connection to a server: PUT receives a file, GET serves it.
func serve(t *testing.T, repo artifact.Repo, f func(net.Conn)) {
	t.Helper()
	client, conn := net.Pipe()
	l := pipeListener{make(chan net.Conn, 1)}
	l.conns <- conn
	srv := &http.Server{ReadHeaderTimeout: time.Second, Handler: httplimit.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/")
		var err error
		if r.Method == http.MethodPut {
			err = artifact.Receive(r, repo, path)
		} else {
			var file *artifact.File
			if file, err = repo.Open(r.Context(), path); err == nil {
				defer func() { _ = file.Close() }() // Closing a file that was read cannot lose data.
				artifact.Serve(w, r, file)
			}
		}
		if e := mlflow.AsError(err); e != nil {
			w.WriteHeader(e.HTTPStatus())
			_ = json.NewEncoder(w).Encode(e.Message)
		} else if err != nil {
			t.Errorf("%s: %v", r.URL, err)
		}
	}))}
	done := make(chan error)
	go func() { done <- srv.Serve(l) }()
	f(client)
	_ = client.Close()
	close(l.conns)
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

func readAnswer(t *testing.T, r *bufio.Reader) (int, string) {
	t.Helper()
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer func() { _ = resp.Body.Close() }() // The body was read to its end.
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return resp.StatusCode, string(body)
}

func TestSlowAndStalledUploads(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	repo, err := local.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = repo.Close() }() // The directory is temporary.
	synctest.Test(t, func(t *testing.T) {
		serve(t, repo, func(conn net.Conn) {
			r := bufio.NewReader(conn)
			// An upload with a byte every 50 seconds is slow, but not stalled.
			fmt.Fprint(conn, "PUT /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
			for _, b := range []byte("hello") {
				time.Sleep(50 * time.Second)
				if _, err := conn.Write([]byte{b}); err != nil {
					t.Error(err)
				}
			}
			if status, body := readAnswer(t, r); status != 200 {
				t.Errorf("slow upload: %d %s", status, body)
			}
			// An upload on the same connection stalls.
			begin := time.Now()
			fmt.Fprint(conn, "PUT /stalled HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel")
			status, body := readAnswer(t, r)
			if took := time.Since(begin); status != 408 || !strings.Contains(body, "nothing was stored") || took != time.Minute {
				t.Errorf("stalled upload: %d %s after %s", status, body, took)
			}
		})
	})
	if b, err := os.ReadFile(filepath.Join(dir, "slow")); err != nil || string(b) != "hello" {
		t.Errorf("slow upload: %q, %v", b, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "stalled")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("stalled upload: %v", err)
	}
}

func TestRefusedUploadIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	repo, err := local.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = repo.Close() }() // The directory is temporary.
	if err := repo.Put(t.Context(), "folder/f", strings.NewReader("")); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		serve(t, repo, func(conn net.Conn) {
			const size = 4 << 20
			fmt.Fprintf(conn, "PUT /folder HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", size)
			if n, err := io.Copy(conn, strings.NewReader(strings.Repeat("x", size))); err != nil {
				t.Errorf("the connection broke after %d bytes: %v", n, err)
			}
			if status, body := readAnswer(t, bufio.NewReader(conn)); status != 400 || !strings.Contains(body, "directory") {
				t.Errorf("%d %s", status, body)
			}
		})
	})
}

func TestRefusedUploadIsNotAskedFor(t *testing.T) {
	t.Parallel()
	repo, err := local.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = repo.Close() }() // The directory is temporary.
	if err := repo.Put(t.Context(), "folder/f", strings.NewReader("")); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		serve(t, repo, func(conn net.Conn) {
			fmt.Fprint(conn, "PUT /folder HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\nExpect: 100-continue\r\n\r\n")
			if status, body := readAnswer(t, bufio.NewReader(conn)); status != 400 || !strings.Contains(body, "directory") {
				t.Errorf("%d %s", status, body)
			}
		})
		serve(t, repo, func(conn net.Conn) {
			r := bufio.NewReader(conn)
			fmt.Fprint(conn, "PUT /good HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
			if status, _ := readAnswer(t, r); status != 100 {
				t.Errorf("answer %d, want 100", status)
			}
			fmt.Fprint(conn, "ok")
			if status, body := readAnswer(t, r); status != 200 {
				t.Errorf("%d %s", status, body)
			}
		})
	})
}

func TestStalledDownload(t *testing.T) {
	t.Parallel()
	repo, err := local.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = repo.Close() }() // The directory is temporary.
	const size = 1 << 20
	if err := repo.Put(t.Context(), "f", strings.NewReader(strings.Repeat("x", size))); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		serve(t, repo, func(conn net.Conn) {
			r := bufio.NewReaderSize(conn, 16)
			fmt.Fprint(conn, "GET /f HTTP/1.1\r\nHost: x\r\n\r\n")
			resp, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = resp.Body.Close() }() // The response is incomplete.
			for range 5 {                            // slow, but not stalled
				time.Sleep(50 * time.Second)
				if _, err := io.ReadFull(resp.Body, make([]byte, 100_000)); err != nil {
					t.Errorf("slow reader: %v", err)
				}
			}
			time.Sleep(2 * time.Minute)
			if n, err := io.Copy(io.Discard, resp.Body); err == nil {
				t.Errorf("after standing still, %d more bytes came", n)
			}
		})
		serve(t, repo, func(conn net.Conn) { // A deadline does not apply to the next response.
			r := bufio.NewReader(conn)
			for range 2 {
				fmt.Fprint(conn, "GET /f HTTP/1.1\r\nHost: x\r\n\r\n")
				if status, body := readAnswer(t, r); status != 200 || len(body) != size {
					t.Errorf("%d, %d bytes", status, len(body))
				}
				time.Sleep(5 * time.Minute)
			}
		})
	})
}
