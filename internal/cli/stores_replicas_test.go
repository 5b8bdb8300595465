package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/millrace-ml/millrace/internal/artifact/storestest"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/mlflow"
)

// contents returns the bytes of a file, which begin with a digest of the rest. Every fourth file is stored in parts.
func contents(client, n int) []byte {
	size := 20_000
	if n%4 == 3 {
		size = 9 << 20
	}
	b := make([]byte, size)
	binary.LittleEndian.PutUint64(b, uint64(client)<<32|uint64(n))
	for i := 8; i < len(b); i += copy(b[i:], b[:i]) {
	}
	return b
}

// TestKilledReplicasOnStore has two replicas on PostgreSQL and S3. One of them is killed several times while clients
// log metrics and upload files, and the clients continue with the other. Everything that was acknowledged is stored.
func TestKilledReplicasOnStore(t *testing.T) {
	t.Parallel()
	const size, rounds = 20, 5
	bucket := storestest.Find("MILLRACE_TEST_S3_SIGNED").NewBucket(t)
	database := dbtest.NewDatabase(t, dbtest.Servers[0])
	start := func() *replica {
		cmd := bucketCommand(database, bucket, bucket.Host())
		url := startCommand(t, cmd)
		kill(t, cmd)
		return &replica{cmd, url, mlflow.NewClient(url, mlflow.WithRetryFor(0))}
	}
	replicas := [2]*replica{start(), start()}
	var acknowledged [8]int // batches, and as many files
	runs := make([]string, len(acknowledged))
	for c := range runs {
		runs[c] = newStoreClient(t, replicas[c%2].url).run
	}
	for range rounds {
		doomed := rand.IntN(2)
		var wg sync.WaitGroup
		var total atomic.Int64
		whole := t.Context() // Neither an upload nor a batch must be canceled.
		ctx, stop := context.WithCancel(whole)
		for c := range runs {
			wg.Go(func() {
				for i := c; ctx.Err() == nil; i++ {
					r, n := replicas[i%2], acknowledged[c]
					client := &storeClient{t, r.url, runs[c]}
					body := bytes.NewReader(contents(c, n))
					status, _, err := client.send(whole, http.MethodPut, fileRoute+strconv.Itoa(n), body)
					if err != nil || status != http.StatusOK {
						return
					}
					if logBatch(t, r.client, runs[c], n, size) != nil { //nolint:contextcheck // See above.
						return // Whether the batch was stored is unknown; see check.
					}
					acknowledged[c]++
					total.Add(1)
				}
			})
		}
		waitForBatches(&total, 10+rand.Int64N(50))
		if err := replicas[doomed].cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = replicas[doomed].cmd.Wait() // It was killed.
		stop()
		wg.Wait()
		check(t, replicas[1-doomed].client, runs, &acknowledged, size)
		replicas[doomed] = start()
	}
	for c, run := range runs {
		(&storeClient{t, replicas[c%2].url, run}).wantFiles(c, acknowledged[c])
	}
	for _, r := range replicas {
		end(t, r)
	}
}

// wantFiles compares the first n files of a client with what it has sent.
func (c *storeClient) wantFiles(client, n int) {
	c.t.Helper()
	for i := range n {
		got := c.want(200, http.MethodGet, fileRoute+strconv.Itoa(i), "")
		if want := contents(client, i); sha256.Sum256([]byte(got)) != sha256.Sum256(want) {
			c.t.Errorf("client %d, file %d: %d bytes of %d", client, i, len(got), len(want))
		}
	}
}

// TestPartsOnReplicas begins uploads in parts on one replica and completes or aborts them on the other.
func TestPartsOnReplicas(t *testing.T) {
	t.Parallel()
	for _, variable := range []string{"MILLRACE_TEST_S3", "MILLRACE_TEST_S3_SIGNED", "MILLRACE_TEST_AZURE"} {
		t.Run(variable, func(t *testing.T) {
			t.Parallel()
			bucket := storestest.Find(variable).NewBucket(t)
			database := dbtest.NewDatabase(t, dbtest.Servers[0])
			var clients [2]*storeClient
			for i := range clients {
				cmd := bucketCommand(database, bucket, bucket.Host())
				clients[i] = newStoreClient(t, startCommand(t, cmd))
				kill(t, cmd)
			}
			clients[1].run = clients[0].run
			parts := []string{strings.Repeat("a", 5<<20), strings.Repeat("b", 5<<20), "c"}
			upload := clients[0].sendParts("whole.bin", parts)
			clients[1].want(200, "POST", proxyRoute+"mpu/complete/0/{run}/artifacts", upload)
			if got := clients[0].want(200, "GET", fileRoute+"whole.bin", ""); got != strings.Join(parts, "") {
				t.Errorf("%d bytes", len(got))
			}
			upload = clients[1].sendParts("aborted.bin", parts)
			clients[0].want(200, "POST", proxyRoute+"mpu/abort/0/{run}/artifacts", upload)
			clients[1].want(404, "GET", fileRoute+"aborted.bin", "")
			noUploads(t, bucket)
		})
	}
}

// sendParts uploads the parts of a file and returns the body of the request that completes or aborts the upload.
func (c *storeClient) sendParts(name string, parts []string) (body string) {
	c.t.Helper()
	text := c.want(200, "POST", proxyRoute+"mpu/create/0/{run}/artifacts",
		fmt.Sprintf(`{"path":%q,"num_parts":%d}`, name, len(parts)))
	var upload mlflow.MultipartUpload
	if err := json.Unmarshal([]byte(text), &upload); err != nil || len(upload.Credentials) != len(parts) {
		c.t.Fatal(text, err)
	}
	out := mlflow.CompleteMultipartRequest{Path: name, UploadID: upload.UploadID}
	for i, credential := range upload.Credentials {
		r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPut, credential.URL, strings.NewReader(parts[i]))
		if err != nil {
			c.t.Fatal(err)
		}
		for name, value := range credential.Headers {
			r.Header.Set(name, value)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil || res.StatusCode/100 != 2 {
			c.t.Fatal(res, err)
		}
		_ = res.Body.Close() // It is empty.
		out.Parts = append(out.Parts, mlflow.MultipartPart{
			PartNumber: credential.PartNumber, ETag: res.Header.Get("ETag"), URL: credential.URL,
		})
	}
	b, err := json.Marshal(out)
	if err != nil {
		c.t.Fatal(err)
	}
	return string(b)
}
