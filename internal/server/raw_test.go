package server

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// sendRaw sends text and returns the first response.
func sendRaw(t *testing.T, url, text string, wait time.Duration) (*http.Response, string) {
	t.Helper()
	conn, err := (&net.Dialer{Timeout: wait}).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Error(err)
		return &http.Response{}, ""
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(wait)); err != nil {
		t.Error(err)
	}
	_, _ = io.WriteString(conn, text) // The server may not read everything.
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Errorf("%.60q: %v", text, err)
		return &http.Response{}, ""
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Errorf("%.60q: %v", text, err)
	}
	return resp, string(body)
}

// checkRefusal checks that a response is an error of the API.
func checkRefusal(t *testing.T, name string, resp *http.Response, body string, status int) {
	t.Helper()
	var e struct {
		Code    string `json:"error_code"`
		Message string `json:"message"`
	}
	err := json.Unmarshal([]byte(body), &e)
	if resp.StatusCode != status || err != nil || e.Code == "" || e.Message == "" || resp.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s: %d %v %s", name, resp.StatusCode, resp.Header, body)
	}
}

const (
	askExperiment = "GET /api/2.0/mlflow/experiments/get?experiment_id=0 HTTP/1.1\r\n"
	localhost     = "Host: localhost\r\n"
)

// TestUnreadable sends requests that net/http refuses before any handler sees them,
// and requests that routes must refuse in JSON.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	url := start(t)
	for _, c := range []struct {
		name, request string
		status        int
	}{
		{"no host", askExperiment + "\r\n", 400},
		{"two hosts", askExperiment + localhost + "Host: evil.example\r\n\r\n", 400},
		{"user in host", askExperiment + "Host: localhost@evil.example\r\n\r\n", 400},
		{"bad header", askExperiment + localhost + "a b: c\r\n\r\n", 400},
		{"NUL in header", askExperiment + localhost + "a: \x00\r\n\r\n", 400},
		{"NUL in path", "GET /api/\x00 HTTP/1.1\r\n" + localhost + "\r\n", 400},
		{"bad escape", "GET /api/%zz HTTP/1.1\r\n" + localhost + "\r\n", 400},
		{"old version", "GET /health\r\n\r\n", 400},
		{"new version", "GET /health HTTP/3.0\r\n" + localhost + "\r\n", 505},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400},
		{"lengths", askExperiment + localhost + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nx", 400},
		{"length", askExperiment + localhost + "Content-Length: -1\r\n\r\n", 400},
		{"coding", askExperiment + localhost + "Transfer-Encoding: gzip\r\n\r\n", 501},
		{"codings", askExperiment + localhost + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
		{"expectation", askExperiment + localhost + "Content-Length: 1\r\nExpect: more\r\n\r\nx", 417},
		{"long header", askExperiment + localhost + "a: " + strings.Repeat("x", 1<<20) + "\r\n\r\n", 431},
		{"long URL", "GET /api/" + strings.Repeat("x", 1<<20) + " HTTP/1.1\r\n" + localhost + "\r\n", 431},
	} {
		if resp, body := sendRaw(t, url, c.request, 10*time.Second); resp.StatusCode != c.status {
			t.Errorf("%s: %d %s", c.name, resp.StatusCode, body)
		}
	}
	for _, c := range []struct {
		name, request string
		status        int
	}{
		{"folder of files", "PUT /api/2.0/mlflow-artifacts/artifacts HTTP/1.1\r\n" + localhost + "Content-Length: 1\r\n\r\nx", 405},
		{"parts of nothing", "POST /api/2.0/mlflow-artifacts/mpu/create HTTP/1.1\r\n" + localhost + "Content-Length: 1\r\n\r\nx", 404},
		{"folder of the door", "GET /api/2.0/fs/files HTTP/1.1\r\n" + localhost + "\r\n", 404},
		{"no page", "GET /get-artifact/x HTTP/1.1\r\n" + localhost + "\r\n", 404},
	} {
		resp, body := sendRaw(t, url, c.request, 10*time.Second)
		checkRefusal(t, c.name, resp, body, c.status)
	}
	if resp, body := sendRaw(t, url, askExperiment+localhost+"\r\n", 10*time.Second); resp.StatusCode != http.StatusOK {
		t.Errorf("afterwards: %d %s", resp.StatusCode, body)
	}
}

// TestMissingBodies announces bodies and does not send them. Every request must receive
// a response.
func TestMissingBodies(t *testing.T) {
	t.Parallel()
	url := start(t)
	var waiting sync.WaitGroup
	for _, c := range []struct {
		name, first, header string
		status              int
	}{
		{"unknown route", "POST /api/2.0/mlflow/none", localhost, 404},
		{"GET with a query", "GET /api/2.0/mlflow/runs/get?run_id=x", localhost, 408},
		{"GET with its parameters in the body", "GET /api/2.0/mlflow/runs/get", localhost, 408},
		{"GET that reads no body", "GET /get-artifact?path=x", localhost, 408},
		{"zipped", "POST /api/2.0/mlflow/runs/create", localhost + "Content-Type: application/json\r\nContent-Encoding: gzip\r\n", 408},
		{"unknown GET", "GET /api/2.0/mlflow/none", localhost, 404},
		{"foreign host", "POST /api/2.0/mlflow/runs/create", "Host: evil.example\r\n", 403},
		{"foreign origin", "POST /graphql", localhost + "Origin: http://evil.example\r\n", 403},
		{"bad path", "PUT /api/2.0/fs/files/x", localhost, 404},
		{"waiting for the word", "POST /api/2.0/mlflow/none", localhost + "Expect: 100-continue\r\n", 404},
		{"JSON", "POST /api/2.0/mlflow/runs/create", localhost + "Content-Type: application/json\r\n", 408},
		{"GraphQL", "POST /graphql", localhost + "Content-Type: application/json\r\n", 408},
	} {
		for _, length := range []string{"Content-Length: 100\r\n", "Transfer-Encoding: chunked\r\n"} {
			waiting.Go(func() {
				resp, body := sendRaw(t, url, c.first+" HTTP/1.1\r\n"+c.header+length+"\r\n", 30*time.Second)
				checkRefusal(t, c.name+", "+length, resp, body, c.status)
			})
		}
	}
	waiting.Wait()
}

// TestLargeBodies sends bodies beyond the limit of every route. The client must receive
// the response.
func TestLargeBodies(t *testing.T) {
	t.Parallel()
	url := start(t)
	for path, status := range map[string]int{"/api/2.0/mlflow/experiments/create": 413, "/graphql": 413, "/api/2.0/mlflow/none": 404} {
		resp, err := http.Post(url+path, "application/json", strings.NewReader(strings.Repeat("x", 30<<20)))
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		body, err := io.ReadAll(resp.Body)
		if resp.Body.Close(); err != nil {
			t.Error(err)
		}
		checkRefusal(t, path, resp, string(body), status)
	}
}
