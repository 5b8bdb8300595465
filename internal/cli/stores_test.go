package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact/storestest"
	"github.com/millrace-ml/millrace/mlflow"
)

// bucketCommand returns the command of a server whose artifacts are in a bucket that it reaches through a host.
func bucketCommand(database string, bucket *storestest.Bucket, host string, env ...string) *exec.Cmd {
	cmd := exec.CommandContext(context.Background(), "millrace", "server", "--port", "0",
		"--backend-store-uri", database, "--artifacts-destination", bucket.URI+"/files")
	cmd.Env = slices.Concat(os.Environ(), bucket.Env(host), env)
	return cmd
}

func sqliteURI(t *testing.T) string {
	t.Helper()
	return "sqlite:///" + filepath.Join(t.TempDir(), "mlflow.db")
}

// kill ends a server after the test if it still runs.
func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // It may have ended.
		_ = cmd.Wait()
	})
}

// TestStoreAtStart starts servers with a wrong bucket, wrong credentials and a store that does not answer. Each ends
// with one line that says what is wrong.
func TestStoreAtStart(t *testing.T) {
	t.Parallel()
	const wrongKey = "AZURE_STORAGE_CONNECTION_STRING=AccountName=devstoreaccount1;AccountKey=d3Jvbmc=;" +
		"BlobEndpoint=ENDPOINT/devstoreaccount1"
	for _, c := range []struct{ name, server, bucket, host, env, want string }{
		{"secret of S3", "MILLRACE_TEST_S3_SIGNED", "", "", "AWS_SECRET_ACCESS_KEY=wrong", "does not accept the credentials"},
		{"key of S3", "MILLRACE_TEST_S3_SIGNED", "", "", "AWS_ACCESS_KEY_ID=nobody", "does not accept the credentials"},
		{"key of Azure", "MILLRACE_TEST_AZURE", "", "", wrongKey, "credentials"},
		{"bucket of S3", "MILLRACE_TEST_S3_SIGNED", "s3://no-such-bucket", "", "", "There is no bucket s3://no-such-bucket"},
		{"bucket of GCS", "MILLRACE_TEST_GCS", "gs://no-such-bucket", "", "", "There is no bucket gs://no-such-bucket"},
		{"container", "MILLRACE_TEST_AZURE", "wasbs://no-such@devstoreaccount1.blob.core.windows.net", "", "", "no-such"},
		{"S3 away", "MILLRACE_TEST_S3_SIGNED", "", "127.0.0.1:1", "AWS_MAX_ATTEMPTS=1", "does not answer"},
		{"GCS away", "MILLRACE_TEST_GCS", "", "127.0.0.1:1", "", "does not answer"},
		{"Azure away", "MILLRACE_TEST_AZURE", "", "127.0.0.1:1", "", "does not answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			bucket := storestest.Find(c.server).NewBucket(t)
			host := bucket.Host()
			if c.host != "" {
				host = c.host
			}
			if c.bucket != "" {
				bucket.URI = c.bucket
			}
			cmd := bucketCommand(sqliteURI(t), bucket, host, strings.ReplaceAll(c.env, "ENDPOINT", bucket.Endpoint))
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			err := cmd.Run()
			var exit *exec.ExitError
			text := stderr.String()
			if !errors.As(err, &exit) || !strings.HasPrefix(text, "millrace: ") || strings.Count(text, "\n") != 1 ||
				!strings.Contains(text, c.want) {
				t.Errorf("%v: %s", err, text)
			}
		})
	}
}

// storeClient sends requests to a server with artifacts in a store.
type storeClient struct {
	t   *testing.T
	url string
	run string
}

func newStoreClient(t *testing.T, url string) *storeClient {
	t.Helper()
	run, err := mlflow.NewClient(url).CreateRun(t.Context(), &mlflow.CreateRunRequest{ExperimentID: "0"})
	if err != nil {
		t.Fatal(err)
	}
	return &storeClient{t, url, run.Info.RunID}
}

// send sends a request. {run} in path and body is the run.
func (c *storeClient) send(ctx context.Context, method, path string, body io.Reader) (status int, text string, err error) {
	path = strings.ReplaceAll(path, "{run}", c.run)
	r, err := http.NewRequestWithContext(ctx, method, c.url+path, body)
	if err != nil {
		return 0, "", err
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

// want sends a request and compares the status of the answer.
func (c *storeClient) want(status int, method, path, body string) string {
	c.t.Helper()
	got, text, err := c.send(c.t.Context(), method, path, strings.NewReader(strings.ReplaceAll(body, "{run}", c.run)))
	if err != nil || got != status {
		c.t.Errorf("%s %s: %d %.300s %v, want %d", method, path, got, text, err, status)
	}
	return text
}

// eventually repeats a request until the answer has a status.
func (c *storeClient) eventually(status int, method, path string) {
	c.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		got, text, err := c.send(c.t.Context(), method, path, nil)
		if err == nil && got == status {
			return
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("%s %s after 30 s: %d %s %v, want %d", method, path, got, text, err, status)
		}
	}
}
