package gcs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/millrace-ml/millrace/internal/artifact/object"
	"github.com/millrace-ml/millrace/mlflow"
)

// fixedBucket returns a bucket of an endpoint, with a token that nobody checks.
func fixedBucket(t *testing.T, endpoint string) *bucket {
	t.Helper()
	s := newTestStore(t, envEmulator+"="+endpoint)
	s.tokens = oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "token"})
	s.pause = time.Millisecond
	return &bucket{s, "team"}
}

// requests has every kind of request.
var requests = map[string]func(ctx context.Context, b *bucket) error{
	"check": func(ctx context.Context, b *bucket) error { return b.Check(ctx) },
	"head": func(ctx context.Context, b *bucket) error {
		_, err := b.Head(ctx, "k")
		return err
	},
	"get": func(ctx context.Context, b *bucket) error {
		_, _, err := b.Get(ctx, "k", 0, "")
		return err
	},
	"list": func(ctx context.Context, b *bucket) error {
		for _, err := range b.List(ctx, "p", true, 0) {
			return err
		}
		return nil
	},
	"put":    func(ctx context.Context, b *bucket) error { return b.Put(ctx, "k", []byte("x")) },
	"delete": func(ctx context.Context, b *bucket) error { return b.Delete(ctx, []string{"k"}) },
	"upload": func(ctx context.Context, b *bucket) error {
		_, err := b.Upload(ctx, "k")
		return err
	},
}

// failing returns a server that answers each request with an error.
func failing(t *testing.T, status int, contentType, body string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(server.Close)
	return server
}

// jsonError returns an error in the JSON API.
func jsonError(status int, reason, message string) string {
	return fmt.Sprintf(`{"error": {"code": %d, "message": %q, "errors": [{"message": %q, "domain": "global", "reason": %q}]}}`,
		status, message, message, reason)
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		status          int
		reason, message string
		want            error
		text            string
	}{
		{404, "notFound", "The specified bucket does not exist.", mlflow.ResourceDoesNotExist, "no bucket gs://team"},
		{403, "forbidden", "x has no storage.objects.get access", mlflow.PermissionDenied, "no access to gs://team (forbidden: x"},
		{401, "authError", "Invalid Credentials", mlflow.PermissionDenied, "gs://team does not accept the credentials"},
		{403, "retentionPolicyNotMet", "Object is under retention", mlflow.InvalidState, "gs://team protects the object"},
		{403, "rateLimitExceeded", "too fast", mlflow.TemporarilyUnavailable, "gs://team does not answer: rateLimitExceeded"},
		{429, "rateLimitExceeded", "too fast", mlflow.TemporarilyUnavailable, "gs://team does not answer: rateLimitExceeded"},
		{408, "", "", mlflow.TemporarilyUnavailable, "gs://team does not answer: 408 Request Timeout"},
		{503, "backendError", "Backend Error", mlflow.TemporarilyUnavailable, "gs://team does not answer: backendError"},
		{412, "conditionNotMet", "Precondition Failed", object.ErrChanged, ""},
		{400, "required", "Bucket is requester pays bucket but no user project provided.", mlflow.InvalidState, "requester pays"},
		{307, "", "", mlflow.InvalidState, "gs://team refused the request (307 Temporary Redirect)"},
	} {
		b := fixedBucket(t, failing(t, c.status, "application/json", jsonError(c.status, c.reason, c.message)).URL)
		for name, send := range requests {
			err := send(t.Context(), b)
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("%s after %d %s: %v", name, c.status, c.reason, err)
			}
		}
	}
}

// TestNotFound has answers about a missing object, which is an error of requests that read it. To the others it means
// that the bucket is missing. Downloads and the XML API have other forms of errors.
func TestNotFound(t *testing.T) {
	for contentType, body := range map[string]string{
		"application/json": jsonError(404, "notFound", "No such object: team/k"),
		"text/html":        "No such object: team/k",
		"application/xml": "<?xml version='1.0' encoding='UTF-8'?><Error><Code>NoSuchKey</Code>" +
			"<Message>The specified key does not exist.</Message><Details>No such object: team/k</Details></Error>",
	} {
		b := fixedBucket(t, failing(t, http.StatusNotFound, contentType, body).URL)
		for name, want := range map[string]error{
			"check": mlflow.ResourceDoesNotExist, "list": mlflow.ResourceDoesNotExist, "put": mlflow.ResourceDoesNotExist,
			"upload": mlflow.ResourceDoesNotExist, "head": object.ErrNotFound, "get": object.ErrNotFound, "delete": nil,
		} {
			if err := requests[name](t.Context(), b); !errors.Is(err, want) {
				t.Errorf("%s after %s: %v, want %v", name, body, err, want)
			}
		}
		if _, _, err := b.Get(t.Context(), "k", 5, "17"); !errors.Is(err, object.ErrChanged) {
			t.Errorf("an object that was deleted while it was read: %v", err)
		}
	}
}

func TestNoServer(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	b := fixedBucket(t, server.URL)
	for name, send := range requests {
		err := send(t.Context(), b)
		if !errors.Is(err, mlflow.TemporarilyUnavailable) || !strings.Contains(err.Error(), "gs://team does not answer") {
			t.Errorf("%s without a server: %v", name, err)
		}
		if strings.Contains(err.Error(), "storage/v1") {
			t.Errorf("%s: the error has the URL: %v", name, err)
		}
	}
}

// TestNotJSON has a proxy's page in place of an answer.
func TestNotJSON(t *testing.T) {
	b := fixedBucket(t, failing(t, http.StatusOK, "text/html", "<html>Please log in").URL)
	for _, name := range []string{"check", "head", "list", "put", "upload"} {
		if err := requests[name](t.Context(), b); !errors.Is(err, mlflow.TemporarilyUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b = fixedBucket(t, failing(t, http.StatusForbidden, "text/html", strings.Repeat("<p>\n", 10_000)).URL)
	err := requests["head"](t.Context(), b)
	if !errors.Is(err, mlflow.PermissionDenied) || len(err.Error()) > 1000 || strings.Contains(err.Error(), "\n") {
		t.Errorf("a long page: %v", err)
	}
}

func TestAnonymous(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		b := fixedBucket(t, failing(t, status, "application/json", jsonError(status, "required", "Anonymous caller")).URL)
		b.store.tokens = nil
		for name, send := range requests {
			err := send(t.Context(), b)
			if !errors.Is(err, mlflow.PermissionDenied) || !strings.Contains(err.Error(), "no credentials for gs://team") ||
				!strings.Contains(err.Error(), envCredentials) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
