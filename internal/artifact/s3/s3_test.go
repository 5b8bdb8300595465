package s3

import (
	"cmp"
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/artifacttest"
	"github.com/millrace-ml/millrace/internal/artifact/object"
	"github.com/millrace-ml/millrace/mlflow"
)

// servers has the variables with the URLs of test/with_stores.sh. The first server accepts all credentials, the second
// checks signatures.
var servers = []string{"MILLRACE_TEST_S3", signedServer}

const signedServer = "MILLRACE_TEST_S3_SIGNED"

// testStore returns the store of a server.
func testStore(t *testing.T, server string, env ...string) *store {
	t.Helper()
	endpoint := os.Getenv(server)
	if endpoint == "" {
		t.Skip(server + " names no server: see test/with_stores.sh")
	}
	values := map[string]string{envEndpoint: endpoint}
	for _, assignment := range env {
		name, value, _ := strings.Cut(assignment, "=")
		values[name] = value
	}
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "millrace", "AWS_SECRET_ACCESS_KEY": "millrace-secret"} {
		t.Setenv(name, cmp.Or(values[name], value))
	}
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
	for _, server := range servers {
		t.Run(server, func(t *testing.T) {
			s := testStore(t, server)
			artifacttest.RunFlat(t, func(t *testing.T) artifact.Repo {
				return withoutEmptyFolders{object.New(newBucket(t, s), "some/prefix")}
			})
		})
	}
}

// withoutEmptyFolders is a repository without the folders whose files were all deleted. SeaweedFS shows them until it
// removes them, minutes later.
type withoutEmptyFolders struct{ *object.Repo }

func (r withoutEmptyFolders) List(ctx context.Context, dir string) ([]mlflow.FileInfo, error) {
	files, err := r.Repo.List(ctx, dir)
	return slices.DeleteFunc(files, func(f mlflow.FileInfo) bool {
		if !f.IsDir {
			return false
		}
		below, belowErr := r.List(ctx, f.Path)
		err = errors.Join(err, belowErr)
		return len(below) == 0
	}), err
}

// TestWrongCredentials has credentials that the server does not accept, and a bucket that does not exist.
func TestWrongCredentials(t *testing.T) {
	b := newBucket(t, testStore(t, signedServer))
	for _, c := range []struct {
		name, env, bucket string
		want              error
		text              string
	}{
		{"secret", "AWS_SECRET_ACCESS_KEY=wrong", b.name, mlflow.PermissionDenied, "does not accept the credentials"},
		{"key", "AWS_ACCESS_KEY_ID=nobody", b.name, mlflow.PermissionDenied, "does not accept the credentials"},
		{"bucket", "", "no-such-bucket", mlflow.ResourceDoesNotExist, "There is no bucket s3://no-such-bucket."},
	} {
		wrong := &bucket{testStore(t, signedServer, c.env), c.bucket, "s3://" + c.bucket}
		for name, request := range requests {
			err := request(t, wrong)
			if name == "head" { // The answer has a status only.
				if !errors.Is(err, c.want) && !errors.Is(err, object.ErrNotFound) {
					t.Errorf("wrong %s, %s: %v", c.name, name, err)
				}
				continue
			}
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("wrong %s, %s: %v", c.name, name, err)
			}
		}
	}
}
