package cli

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact/storestest"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/test/proxy"
)

const (
	proxyRoute = "/api/2.0/mlflow-artifacts/"
	// fileRoute is the route of a run's files.
	fileRoute = proxyRoute + "artifacts/0/{run}/artifacts/"
)

// artifactRequests has a request for each route that needs the store.
var artifactRequests = []struct {
	method, route, body string
	// signs tells the routes that sign requests. Azure's signatures need no request, and Google's need a key.
	signs bool
}{
	{"GET", proxyRoute + "artifacts?path=0/{run}/artifacts", "", false},
	{"GET", fileRoute + "kept.txt", "", false},
	{"HEAD", fileRoute + "kept.txt", "", false},
	{"PUT", fileRoute + "new.txt", "small", false},
	{"PUT", fileRoute + "large.bin", strings.Repeat("0123456789abcdef", 20<<16), false},
	{"DELETE", fileRoute + "none.txt", "", false},
	{"POST", proxyRoute + "mpu/create/0/{run}/artifacts", `{"path":"parts.bin","num_parts":2}`, true},
	{"GET", proxyRoute + "presigned/0/{run}/artifacts/kept.txt", "", false},
	{"GET", "/api/2.0/mlflow/artifacts/list?run_id={run}", "", false},
	{"GET", "/ajax-api/2.0/mlflow/artifacts/list?run_id={run}", "", false},
	{"GET", "/get-artifact?run_id={run}&path=kept.txt", "", false},
	{"POST", "/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=page.txt", "from a page", false},
	{"GET", "/ajax-api/2.0/mlflow/logged-models/MODEL/artifacts/files?artifact_file_path=MLmodel", "", false},
	{"GET", "/api/2.0/mlflow/logged-models/MODEL/artifacts/directories", "", false},
	{"GET", "/model-versions/get-artifact?name=m&version=1&path=kept.txt", "", false},
}

// outages has the ways in which a store is away. Requests that stall end with the timeout of the tests, 2 s.
var outages = map[string]func(*proxy.Proxy){"refuse": (*proxy.Proxy).Refuse, "stall": (*proxy.Proxy).Stall}

// startBehindProxy starts a server that reaches its bucket through a proxy, and returns its URL.
func startBehindProxy(t *testing.T, bucket *storestest.Bucket) (between *proxy.Proxy, url string) {
	t.Helper()
	between, err := proxy.New(t.Context(), bucket.Host())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(between.Close)
	cmd := bucketCommand(sqliteURI(t), bucket, between.Address, "MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT=2")
	url = startCommand(t, cmd)
	kill(t, cmd)
	return between, url
}

// TestStoreAway requests every route of artifacts while the store does not answer. Each answers with 503 and the name
// of the bucket. Meanwhile runs and metrics work, and afterwards everything does.
func TestStoreAway(t *testing.T) {
	t.Parallel()
	for _, server := range storestest.Servers {
		t.Run(server.Variable, func(t *testing.T) {
			t.Parallel()
			bucket := server.NewBucket(t)
			between, url := startBehindProxy(t, bucket)
			c := newStoreClient(t, url)
			model := c.prepare()
			for name, begin := range outages {
				t.Run(name, func(t *testing.T) {
					c := &storeClient{t, url, c.run}
					begin(between)
					c.storeIsAway(bucket, model)
					between.Resume()
					if err := between.Accept(t.Context()); err != nil && name == "refuse" {
						t.Fatal(err)
					}
					c.eventually(200, "GET", fileRoute+"kept.txt")
					c.eventually(200, "GET", "/readyz")
					c.want(200, "PUT", fileRoute+"after.txt", "x")
				})
			}
		})
	}
}

// prepare stores files, a model and a version, and returns the id of the model.
func (c *storeClient) prepare() (model string) {
	c.t.Helper()
	c.want(200, "PUT", fileRoute+"kept.txt", "kept")
	text := c.want(200, "POST", "/api/2.0/mlflow/logged-models", `{"experiment_id":"0","name":"m","source_run_id":"{run}"}`)
	var created struct{ Model mlflow.LoggedModel }
	if err := json.Unmarshal([]byte(text), &created); err != nil {
		c.t.Fatal(err)
	}
	c.want(200, "POST", "/api/2.0/mlflow/registered-models/create", `{"name":"m"}`)
	c.want(200, "POST", "/api/2.0/mlflow/model-versions/create",
		`{"name":"m","source":"mlflow-artifacts:/0/{run}/artifacts","run_id":"{run}"}`)
	return created.Model.Info.ModelID
}

// storeIsAway sends all requests at the same time.
func (c *storeClient) storeIsAway(bucket *storestest.Bucket, model string) {
	c.t.Helper()
	const within = 25 * time.Second
	ctx, cancel := context.WithTimeout(c.t.Context(), within)
	defer cancel()
	var wg sync.WaitGroup
	for _, r := range artifactRequests {
		wg.Go(func() {
			status, text, err := c.send(ctx, r.method, strings.ReplaceAll(r.route, "MODEL", model), strings.NewReader(r.body))
			switch {
			case r.signs && (status == http.StatusNotImplemented || status == http.StatusOK):
			case err != nil || status != http.StatusServiceUnavailable:
				c.t.Errorf("%s %s: %d %s %v", r.method, r.route, status, text, err)
			case r.method != http.MethodHead:
				var answer struct {
					Code    string `json:"error_code"`
					Message string `json:"message"`
				}
				name, _, _ := strings.Cut(bucket.URI, "@")
				if err := json.Unmarshal([]byte(text), &answer); err != nil || answer.Code != "TEMPORARILY_UNAVAILABLE" ||
					!strings.Contains(answer.Message, name) {
					c.t.Errorf("%s %s: %s", r.method, r.route, text)
				}
			}
		})
	}
	c.want(200, "POST", "/api/2.0/mlflow/runs/log-metric", `{"run_id":"{run}","key":"m","value":1,"timestamp":1}`)
	c.want(200, "GET", "/api/2.0/mlflow/runs/get?run_id={run}", "")
	c.eventually(503, "GET", "/readyz")
	c.eventually(200, "GET", "/health")
	wg.Wait()
}

// slowBody is the body of an upload that waits before its end, and then breaks off.
type slowBody struct {
	io.Reader
	wait <-chan struct{}
}

func (b slowBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		<-b.wait
		err = io.ErrUnexpectedEOF // After io.EOF, the upload could be complete before the connection is closed.
	}
	return n, err
}

// TestTransfersCut breaks off uploads and downloads: the connection to the store in the middle of them, and the
// connection of the client. No upload in parts remains, no file appears, and the earlier file remains.
func TestTransfersCut(t *testing.T) {
	t.Parallel()
	for _, server := range storestest.Servers {
		t.Run(server.Variable, func(t *testing.T) {
			t.Parallel()
			bucket := server.NewBucket(t)
			between, url := startBehindProxy(t, bucket)
			c := newStoreClient(t, url)
			content := strings.Repeat("0123456789abcdef", 20<<16)
			c.want(200, "PUT", fileRoute+"old.bin", content)

			c.hangUp(content, "old.bin", "new.bin")
			c.stopReading("old.bin")
			c.noTransfers()
			c.want(404, "GET", fileRoute+"new.bin", "")
			noUploads(t, bucket) // A cut can leave an upload behind, if the answer that begins it is lost.
			for range 3 {        // A store that cuts the connections again and again does not change the bytes.
				time.AfterFunc(20*time.Millisecond, between.Cut)
				if got := c.want(200, "GET", fileRoute+"old.bin", ""); got != content {
					t.Errorf("%d bytes of %d", len(got), len(content))
				}
			}
			if server.Variable != "MILLRACE_TEST_GCS" { // The emulator stores a file that is cut, and ends the upload.
				time.AfterFunc(20*time.Millisecond, between.Cut)
				c.want(200, "PUT", fileRoute+"cut.bin", content)
				if got := c.want(200, "GET", fileRoute+"cut.bin", ""); got != content {
					t.Errorf("%d bytes of %d", len(got), len(content))
				}
			}
		})
	}
}

// hangUp begins to upload files and closes the connections.
func (c *storeClient) hangUp(content string, names ...string) {
	c.t.Helper()
	for _, name := range names {
		// The store has received the first parts by then.
		ctx, cancel := context.WithTimeout(c.t.Context(), 2*time.Second)
		defer cancel()
		body := slowBody{strings.NewReader(content), ctx.Done()}
		if status, text, err := c.send(ctx, http.MethodPut, fileRoute+name, body); err == nil {
			c.t.Errorf("the upload that hangs up: %d %s", status, text)
		}
	}
}

// stopReading begins to download a file, which is larger than the buffers of connections, and closes the connection.
func (c *storeClient) stopReading(name string) {
	c.t.Helper()
	address := c.url + strings.ReplaceAll(fileRoute+name, "{run}", c.run)
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		c.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := res.Body.Read(make([]byte, 1)); err != nil {
		c.t.Error(err)
	}
	_ = res.Body.Close() // It is not read to its end.
}

// noTransfers waits until the server has ended all transfers.
func (c *storeClient) noTransfers() {
	c.t.Helper()
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		text := c.want(200, http.MethodGet, "/metrics", "")
		const gauge = "\nmillrace_artifact_transfers_in_flight{direction="
		if strings.Contains(text, gauge+`"upload"} 0`) && strings.Contains(text, gauge+`"download"} 0`) {
			return
		}
		if time.Now().After(deadline) {
			c.t.Fatal("transfers do not end: " + text)
		}
	}
}

// noUploads waits until the server has removed the parts of all uploads.
func noUploads(t *testing.T, bucket *storestest.Bucket) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		left := bucket.Uploads(t)
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("uploads that have not ended: %q", slices.Sorted(slices.Values(left)))
		}
	}
}
