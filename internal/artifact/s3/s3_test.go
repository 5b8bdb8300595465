package s3

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/artifacttest"
	"github.com/millrace-ml/millrace/internal/artifact/object"
)

// testStore returns the store of test/with_stores.sh.
func testStore(t *testing.T, env ...string) *store {
	t.Helper()
	endpoint := os.Getenv("MILLRACE_TEST_S3")
	if endpoint == "" {
		t.Skip("MILLRACE_TEST_S3 names no server: see test/with_stores.sh")
	}
	values := map[string]string{envEndpoint: endpoint}
	for _, assignment := range env {
		name, value, _ := strings.Cut(assignment, "=")
		values[name] = value
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "millrace")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "millrace-secret")
	s, err := newStore(t.Context(), func(name string) string { return values[name] }, place{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// newBucket makes an empty bucket.
func newBucket(t *testing.T, s *store) *bucket {
	t.Helper()
	name := "millrace-" + strings.ToLower(strings.NewReplacer("/", "-", "_", "-", "#", "-").Replace(t.Name()))
	name = strings.Trim(name[:min(len(name), 63)], "-")
	if _, err := s.client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	b := &bucket{s, name, "s3://" + name}
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
		if _, err := s.client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &name}); err != nil {
			t.Error(err)
		}
	})
	return b
}

func TestRepo(t *testing.T) {
	s := testStore(t)
	artifacttest.RunFlat(t, func(t *testing.T) artifact.Repo { return object.New(newBucket(t, s), "some/prefix") })
}
