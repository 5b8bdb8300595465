package azure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact/object"
	"github.com/millrace-ml/millrace/mlflow"
)

const (
	team     = "wasbs://team@account.blob.core.windows.net"
	testSAS  = "sv=2021-12-02&sig=c2VjcmV0LXNpZ25hdHVyZQ%3D%3D"
	secrets  = "c2VjcmV0" // in testSAS
	errorXML = "\ufeff<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>%s</Code><Message>Words of the store.\nRequestId:1\nTime:2</Message>%s</Error>"
)

// fixedBucket returns a container of an endpoint with a shared access signature that nobody checks.
func fixedBucket(t *testing.T, endpoint string) *bucket {
	t.Helper()
	return openBucket(t, map[string]string{envConnection: "BlobEndpoint=" + endpoint + ";SharedAccessSignature=" + testSAS}, team)
}

// requests has every kind of request.
var requests = map[string]func(ctx context.Context, b *bucket) error{
	"check": func(ctx context.Context, b *bucket) error { return b.Check(ctx) },
	"head": func(ctx context.Context, b *bucket) error {
		_, err := b.Head(ctx, "k")
		return err
	},
	"get": func(ctx context.Context, b *bucket) error {
		body, _, err := b.Get(ctx, "k", 0, "")
		if err == nil {
			err = body.Close()
		}
		return err
	},
	"list": func(ctx context.Context, b *bucket) error {
		for _, err := range b.List(ctx, "p", true, 0) {
			return err
		}
		return nil
	},
	"put":      func(ctx context.Context, b *bucket) error { return b.Put(ctx, "k", []byte("x")) },
	"delete":   func(ctx context.Context, b *bucket) error { return b.Delete(ctx, []string{"k"}) },
	"part":     func(ctx context.Context, b *bucket) error { return (&upload{b, "k", "i"}).Part(ctx, 1, []byte("x")) },
	"complete": func(ctx context.Context, b *bucket) error { return (&upload{b, "k", "i"}).Complete(ctx, 1) },
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code   string
		status int
		want   error
		text   string
	}{
		{"ContainerNotFound", 404, mlflow.ResourceDoesNotExist, "There is no container " + team},
		{"AuthenticationFailed", 403, mlflow.PermissionDenied, team + " does not accept the credentials"},
		{"InvalidAuthenticationInfo", 401, mlflow.PermissionDenied, team + " does not accept the credentials"},
		{"KeyBasedAuthenticationNotPermitted", 403, mlflow.PermissionDenied, team + " does not accept the credentials"},
		{"AuthorizationFailure", 403, mlflow.PermissionDenied, "no access to " + team},
		{"AuthorizationPermissionMismatch", 403, mlflow.PermissionDenied, "no access to " + team},
		{"SomethingNew", 403, mlflow.PermissionDenied, "no access to " + team},
		{"SomethingNew", 401, mlflow.PermissionDenied, team + " does not accept the credentials"},
		{"SomethingNew", 409, mlflow.InvalidState, team + " refused the request (SomethingNew"},
		{"LeaseIdMissing", 412, mlflow.InvalidState, team + " refused the request (LeaseIdMissing"},
		{"InvalidBlockList", 400, mlflow.InvalidState, "Upload the file again"},
		{"OutOfRangeInput", 400, mlflow.InvalidParameterValue, "cannot have a file of this name"},
		{"ServerBusy", 503, mlflow.TemporarilyUnavailable, team + " does not answer: ServerBusy"},
		{"OperationTimedOut", 500, mlflow.TemporarilyUnavailable, team + " does not answer"},
		{"TooManyRequests", 429, mlflow.TemporarilyUnavailable, team + " does not answer"},
		{"BlobNotFound", 404, object.ErrNotFound, ""},
		{"ConditionNotMet", 412, object.ErrChanged, ""},
	} {
		t.Run(fmt.Sprint(c.code, c.status), func(t *testing.T) {
			t.Parallel()
			var count atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				count.Add(1)
				w.Header().Set("x-ms-error-code", c.code)
				w.WriteHeader(c.status)
				fmt.Fprintf(w, errorXML, c.code, "")
			}))
			b := fixedBucket(t, server.URL)
			for name, request := range requests {
				count.Store(0)
				err := request(t.Context(), b)
				if name == "delete" && errors.Is(c.want, object.ErrNotFound) {
					if err != nil {
						t.Errorf("delete of nothing: %v", err)
					}
					continue
				}
				if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) || strings.ContainsAny(err.Error(), "\n") {
					t.Errorf("%s after %s: %v", name, c.code, err)
				}
				wantAttempts := int32(1)
				if errors.Is(c.want, mlflow.TemporarilyUnavailable) {
					wantAttempts = maxAttempts
				}
				if count.Load() != wantAttempts {
					t.Errorf("%s after %s: %d attempts, want %d", name, c.code, count.Load(), wantAttempts)
				}
			}
			server.Close()
		})
	}
}

// TestAway has stores that cannot be reached, that hang up, and that do not answer in time.
func TestAway(t *testing.T) {
	t.Parallel()
	hangUp := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer hangUp.Close()
	stop := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stop }))
	defer silent.Close()
	defer close(stop)
	short := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, "<html>")
	}))
	defer short.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	var wg sync.WaitGroup
	defer wg.Wait()
	for kind, server := range map[string]*httptest.Server{"gone": gone, "hang up": hangUp, "silent": silent} {
		for name, request := range requests {
			wg.Go(func() {
				b := fixedBucket(t, server.URL)
				transport, _ := b.store.client.Transport.(*http.Transport)
				transport.ResponseHeaderTimeout = 20 * time.Millisecond
				err := request(t.Context(), b)
				if !errors.Is(err, mlflow.TemporarilyUnavailable) || !strings.Contains(err.Error(), team+" does not answer") ||
					strings.Contains(err.Error(), secrets) {
					t.Errorf("%s, %s: %v", kind, name, err)
				}
			})
		}
	}
	if err := fixedBucket(t, short.URL).Check(t.Context()); !errors.Is(err, mlflow.PermissionDenied) {
		t.Errorf("page of a proxy: %v", err)
	}
}

// TestUploadTime has a store that does not take the data in time.
func TestUploadTime(t *testing.T) {
	t.Parallel()
	stop := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stop }))
	defer server.Close()
	defer close(stop)
	b := fixedBucket(t, server.URL)
	b.store.uploadTime = 10 * time.Millisecond
	err := b.Put(t.Context(), "k", []byte("x"))
	if !errors.Is(err, mlflow.TemporarilyUnavailable) || !strings.Contains(err.Error(), object.EnvTimeout) {
		t.Error(err)
	}
}

// TestCancelled has a client that hangs up while the store works.
func TestCancelled(t *testing.T) {
	for name, request := range requests {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // The server notices the end of a connection only after the body.
			cancel()
			<-r.Context().Done()
			close(ended)
		}))
		if err := request(ctx, fixedBucket(t, server.URL)); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		<-ended // The store sees it.
		server.Close()
	}
}

// TestDetail checks which details of the store a message has.
func TestDetail(t *testing.T) {
	for detail, want := range map[string]string{
		"Signature not valid in the specified time frame: Start [x] - Expiry [y]":           "specified time frame",
		"Signature did not match. String to sign used was secret-words\n":                   "Words of the store.",
		"The MAC is not the same. Server used following string to sign: 'GET secret-words'": "Words of the store.",
		"": "Words of the store.",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, errorXML, "AuthenticationFailed", "<AuthenticationErrorDetail>"+detail+"</AuthenticationErrorDetail>")
		}))
		err := fixedBucket(t, server.URL).Check(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret-words") {
			t.Errorf("%q: %v", detail, err)
		}
		server.Close()
	}
}

// TestRetry has a store that fails twice.
func TestRetry(t *testing.T) {
	t.Parallel()
	var count atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch count.Add(1) {
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2:
			panic(http.ErrAbortHandler)
		default:
			if got := make([]byte, 5); r.ContentLength != 4 {
				t.Errorf("%d bytes", r.ContentLength)
			} else if n, _ := r.Body.Read(got); string(got[:n]) != "data" {
				t.Errorf("body %q", got[:n])
			}
			if r.Header.Get("Content-MD5") != "jXd/OF09/siBXSD3SWAm3A==" {
				t.Errorf("checksum %q", r.Header.Get("Content-MD5"))
			}
			if got := strings.Count(r.URL.RawQuery, "sig="); got != 1 {
				t.Errorf("%d signatures", got)
			}
			w.WriteHeader(http.StatusCreated)
		}
	}))
	defer server.Close()
	if err := fixedBucket(t, server.URL).Put(t.Context(), "k", []byte("data")); err != nil || count.Load() != 3 {
		t.Errorf("%d attempts, %v", count.Load(), err)
	}
}

// TestRedirect has a store that directs the credentials elsewhere.
func TestRedirect(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s", r.URL) }))
	defer other.Close()
	server := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	for name, request := range requests {
		if err := request(t.Context(), fixedBucket(t, server.URL)); !errors.Is(err, mlflow.InvalidState) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
