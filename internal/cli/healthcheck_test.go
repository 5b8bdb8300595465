package cli

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestProbeResponses covers responses that a server of this repository does not give on
// demand, and servers that are not Millrace.
func TestProbeResponses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		want    string // part of the error, empty for none
	}{
		{"ok", respond(200, `{"status":"ok","checks":{"database":"ok"}}`), ""},
		{
			"not ready",
			respond(503, `{"status":"unavailable","checks":{"database":"no answer in time","artifacts":"failed"}}`),
			"503 Service Unavailable: unavailable; artifacts: failed; database: no answer in time",
		},
		{"ends", respond(503, `{"status":"shutting down"}`), "503 Service Unavailable: shutting down"},
		{"200 of a failed server", respond(200, `{"status":"unavailable"}`), "200 OK: unavailable"},
		{"another program", respond(200, `<html>`), "not one of Millrace"},
		{"other JSON", respond(200, `{}`), "not one of Millrace"},
		{"long", respond(200, strings.Repeat(" ", 1<<20)), "not one of Millrace"},
		{"redirect", http.RedirectHandler("/other", http.StatusFound).ServeHTTP, "302 Found, but"},
		{"broken off", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(c.handler)
			defer s.Close()
			err := probe(t.Context(), s.URL, time.Minute)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// TestProbeOverTLS checks that the certificate of the server need not be for its local address.
func TestProbeOverTLS(t *testing.T) {
	t.Parallel()
	s := httptest.NewTLSServer(respond(200, `{"status":"ok"}`))
	defer s.Close()
	if err := probe(t.Context(), s.URL, time.Minute); err != nil {
		t.Error(err)
	}
	if err := probe(t.Context(), strings.Replace(s.URL, "https", "http", 1), time.Minute); err == nil || !strings.Contains(err.Error(), "400 Bad Request, but") {
		t.Errorf("%v", err)
	}
}

// TestProbeTimeout checks that a server is given up that accepts a request and does not
// respond, or does not complete its response.
func TestProbeTimeout(t *testing.T) {
	t.Parallel()
	for _, begun := range []string{"", `{"status":`} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if begun != "" {
				respond(200, begun)(w, r)
				w.(http.Flusher).Flush()
			}
			<-r.Context().Done()
		}))
		err := probe(t.Context(), s.URL, 50*time.Millisecond)
		if want := s.URL + ": no response within 50ms"; err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
		s.Close()
	}
}

func respond(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}
