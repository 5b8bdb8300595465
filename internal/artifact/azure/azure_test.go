package azure

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/artifacttest"
	"github.com/millrace-ml/millrace/internal/artifact/object"
)

// testEnv returns the environment of a server with the Azurite of test/with_stores.sh.
func testEnv(t *testing.T) map[string]string {
	t.Helper()
	endpoint := os.Getenv("MILLRACE_TEST_AZURE")
	if endpoint == "" {
		t.Skip("MILLRACE_TEST_AZURE names no server: see test/with_stores.sh")
	}
	return map[string]string{envConnection: "AccountName=" + developmentAccount + ";AccountKey=" + developmentKey +
		";BlobEndpoint=" + strings.TrimRight(endpoint, "/") + "/" + developmentAccount}
}

// openBucket returns the container of a URI.
func openBucket(t *testing.T, env map[string]string, uri string) *bucket {
	t.Helper()
	s, err := newStore(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	l, err := parseURI(uri)
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.bucket(l)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// newBucket makes an empty container.
func newBucket(t *testing.T, env map[string]string) *bucket {
	t.Helper()
	name := "millrace-" + strings.ToLower(strings.NewReplacer("/", "-", "_", "-", "#", "-").Replace(t.Name()))
	name = strings.Trim(name[:min(len(name), 63)], "-")
	b := openBucket(t, env, "wasbs://"+name+"@account.blob.core.windows.net")
	for _, method := range []string{http.MethodDelete, http.MethodPut} {
		_, err := b.do(t.Context(), &call{method: method, query: url.Values{"restype": {"container"}}})
		if err != nil && method == http.MethodPut {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		if _, err := b.do(ctx, &call{method: http.MethodDelete, query: url.Values{"restype": {"container"}}}); err != nil {
			t.Error(err)
		}
	})
	return b
}

func TestRepo(t *testing.T) {
	env := testEnv(t)
	artifacttest.RunFlat(t, func(t *testing.T) artifact.Repo { return object.New(newBucket(t, env), "some/prefix") })
}
