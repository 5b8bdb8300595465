package s3

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/artifact/object"
	"github.com/millrace-ml/millrace/mlflow"
)

// fixedBucket returns a bucket of an endpoint, with credentials that nobody checks.
func fixedBucket(t *testing.T, endpoint string) *bucket {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	values := map[string]string{envEndpoint: endpoint, "AWS_MAX_ATTEMPTS": "1"}
	s, err := newStore(t.Context(), func(name string) string { return values[name] }, place{})
	if err != nil {
		t.Fatal(err)
	}
	return &bucket{s, "team", "s3://team"}
}

// requests has every kind of request.
var requests = map[string]func(t *testing.T, b *bucket) error{
	"check": func(t *testing.T, b *bucket) error { return b.Check(t.Context()) },
	"head": func(t *testing.T, b *bucket) error {
		_, err := b.Head(t.Context(), "k")
		return err
	},
	"get": func(t *testing.T, b *bucket) error {
		_, _, err := b.Get(t.Context(), "k", 0, "")
		return err
	},
	"list": func(t *testing.T, b *bucket) error {
		for _, err := range b.List(t.Context(), "p", true, 0) {
			return err
		}
		return nil
	},
	"put":    func(t *testing.T, b *bucket) error { return b.Put(t.Context(), "k", []byte("x")) },
	"delete": func(t *testing.T, b *bucket) error { return b.Delete(t.Context(), []string{"k"}) },
	"upload": func(t *testing.T, b *bucket) error {
		_, err := b.Upload(t.Context(), "k")
		return err
	},
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		code   string
		status int
		want   error
		text   string
	}{
		{"NoSuchBucket", 404, mlflow.ResourceDoesNotExist, "no bucket s3://team"},
		{"AccessDenied", 403, mlflow.PermissionDenied, "no access to s3://team"},
		{"InvalidAccessKeyId", 403, mlflow.PermissionDenied, "does not accept the credentials"},
		{"SignatureDoesNotMatch", 403, mlflow.PermissionDenied, "does not accept the credentials"},
		{"PermanentRedirect", 301, mlflow.InvalidState, "another region"},
		{"AuthorizationHeaderMalformed", 400, mlflow.InvalidState, "another region"},
		{"SlowDown", 503, mlflow.TemporarilyUnavailable, "s3://team does not answer"},
		{"InternalError", 500, mlflow.TemporarilyUnavailable, "s3://team does not answer"},
		{"NoSuchKey", 404, object.ErrNotFound, ""},
		{"PreconditionFailed", 412, object.ErrChanged, ""},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(c.status)
			if r.Method != http.MethodHead {
				fmt.Fprintf(w, "<Error><Code>%s</Code><Message>words of the store</Message></Error>", c.code)
			}
		}))
		b := fixedBucket(t, server.URL)
		for name, request := range requests {
			if name == "head" && !errors.Is(c.want, object.ErrNotFound) && c.status != 412 && c.status < 500 {
				continue // The answer has the status only.
			}
			err := request(t, b)
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("%s after %s: %v", name, c.code, err)
			}
		}
		server.Close()
		for name, request := range requests { // Nobody listens any more.
			err := request(t, b)
			if !errors.Is(err, mlflow.TemporarilyUnavailable) || !strings.Contains(err.Error(), "s3://team does not answer") {
				t.Errorf("%s without a server: %v", name, err)
			}
		}
	}
}

func TestSettings(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	for _, c := range []struct{ name, value, want string }{
		{envExtraArgs, `{"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "key", "ACL": "private"}`, ""},
		{envExtraArgs, `["x"]`, "not a JSON object"},
		{envExtraArgs, `{"Bucket": "other"}`, "cannot have the argument Bucket"},
		{envExtraArgs, `{"NoSuchArgument": 1}`, "unknown field"},
		{envAddressing, "virtual", ""},
		{envAddressing, "sideways", "want auto, path or virtual"},
		{envIgnoreTLS, "true", ""},
		{envIgnoreTLS, "perhaps", "want true or false"},
		{envSignature, "unsigned", ""},
		{envSignature, "s3", "want s3v4 or unsigned"},
	} {
		_, err := newStore(t.Context(), func(name string) string {
			if name == c.name {
				return c.value
			}
			return ""
		}, place{})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s=%s: %v, want %q", c.name, c.value, err, c.want)
		}
	}
}

// TestExtraArguments checks which headers the requests of uploads have.
func TestExtraArguments(t *testing.T) {
	seen := map[string]http.Header{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kind := r.Method
		if r.URL.Query().Has("uploads") {
			kind = "create"
			fmt.Fprint(w, "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>")
		}
		seen[kind] = r.Header
	}))
	defer server.Close()
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	values := map[string]string{
		envEndpoint: server.URL, envOwner: "123456789012",
		envExtraArgs: `{"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "key", "ACL": "private", "RequestPayer": "requester"}`,
	}
	s, err := newStore(t.Context(), func(name string) string { return values[name] }, place{})
	if err != nil {
		t.Fatal(err)
	}
	b := &bucket{s, "team", "s3://team"}
	for _, name := range []string{"put", "upload", "get", "head"} {
		if err := requests[name](t, b); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for kind, want := range map[string]string{
		"PUT":    "X-Amz-Server-Side-Encryption X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id X-Amz-Acl X-Amz-Request-Payer X-Amz-Expected-Bucket-Owner",
		"create": "X-Amz-Server-Side-Encryption X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id X-Amz-Acl X-Amz-Request-Payer X-Amz-Expected-Bucket-Owner",
		"GET":    "X-Amz-Request-Payer X-Amz-Expected-Bucket-Owner",
		"HEAD":   "X-Amz-Request-Payer X-Amz-Expected-Bucket-Owner",
	} {
		for header := range strings.FieldsSeq(want) {
			if seen[kind].Get(header) == "" {
				t.Errorf("%s lacks %s: %v", kind, header, seen[kind])
			}
		}
	}
}

// TestMaxAttempts checks that the variable of the SDK says how often a request is sent, in each mode.
func TestMaxAttempts(t *testing.T) {
	attempts := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		attempts++
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer server.Close()
	for _, mode := range []string{"standard", "adaptive"} {
		for setting, want := range map[string]int{"1": 1, "2": 2, "": 3} {
			attempts = 0
			t.Setenv("AWS_ACCESS_KEY_ID", "id")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
			t.Setenv("AWS_MAX_ATTEMPTS", setting)
			t.Setenv("AWS_RETRY_MODE", mode)
			values := map[string]string{envEndpoint: server.URL, "AWS_MAX_ATTEMPTS": setting}
			s, err := newStore(t.Context(), func(name string) string { return values[name] }, place{})
			if err != nil {
				t.Fatal(err)
			}
			b := &bucket{s, "team", "s3://team"}
			if err := b.Check(t.Context()); !errors.Is(err, mlflow.TemporarilyUnavailable) || attempts != want {
				t.Errorf("AWS_MAX_ATTEMPTS=%s, %s: %d attempts, %v", setting, mode, attempts, err)
			}
		}
	}
}
