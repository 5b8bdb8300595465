package gcs

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/artifacttest"
	"github.com/millrace-ml/millrace/internal/artifact/object"
)

// testStore returns the store of test/with_stores.sh.
func testStore(t *testing.T, env ...string) *store {
	t.Helper()
	endpoint := os.Getenv("MILLRACE_TEST_GCS")
	if endpoint == "" {
		t.Skip("MILLRACE_TEST_GCS names no server: see test/with_stores.sh")
	}
	return newTestStore(t, append(env, envEmulator+"="+endpoint)...)
}

// newTestStore returns the store of settings.
func newTestStore(t *testing.T, env ...string) *store {
	t.Helper()
	s, err := newStore(t.Context(), environment(env...))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func environment(env ...string) func(string) string {
	values := map[string]string{}
	for _, assignment := range env {
		name, value, _ := strings.Cut(assignment, "=")
		values[name] = value
	}
	return func(name string) string { return values[name] }
}

// newBucket makes an empty bucket.
func newBucket(t *testing.T, s *store) *bucket {
	t.Helper()
	name := "millrace-" + strings.ToLower(strings.NewReplacer("/", "-", "_", "-", "#", "-").Replace(t.Name()))
	b := &bucket{s, strings.Trim(name[:min(len(name), 63)], "-")}
	description, err := json.Marshal(map[string]string{"name": b.name})
	if err != nil {
		t.Fatal(err)
	}
	res, err := b.send(t.Context(), request{
		method: http.MethodPost, url: s.endpoint + "/storage/v1/b?project=millrace", body: [][]byte{description},
		header: map[string]string{"Content-Type": "application/json"},
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close() // The answer is not used.
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		for o, err := range b.List(ctx, "", false, 0) {
			if err != nil {
				t.Error(err)
				return
			}
			if err := b.Delete(ctx, []string{o.Key}); err != nil {
				t.Error(err)
			}
		}
		if err := b.remove(ctx, strings.TrimSuffix(b.objectsURL(), "/o")); err != nil {
			t.Error(err)
		}
	})
	return b
}

func TestRepo(t *testing.T) {
	s := testStore(t)
	artifacttest.RunFlat(t, func(t *testing.T) artifact.Repo { return object.New(newBucket(t, s), "some/prefix") })
}

// TestRepoInChunks has more than one request in each transfer.
func TestRepoInChunks(t *testing.T) {
	s := testStore(t, envUploadChunk+"=1048576", envDownloadChunk+"=524288")
	artifacttest.RunFlat(t, func(t *testing.T) artifact.Repo { return object.New(newBucket(t, s), "") })
}
