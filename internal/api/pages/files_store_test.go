package pages_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/api/apitest"
	"github.com/millrace-ml/millrace/internal/api/pages"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/api/rules"
	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/object"
	"github.com/millrace-ml/millrace/internal/auth"
)

// objects is a bucket in memory that counts what is read from it.
type objects struct {
	object.Bucket
	files       map[string]string
	gets, bytes atomic.Int64
}

// Locate implements pages.Files.
func (o *objects) Locate(string) (artifact.Repo, string, error) { return object.New(o, ""), "run", nil }

func (o *objects) describe(key string) (object.Object, error) {
	text, found := o.files[key]
	if !found {
		return object.Object{}, object.ErrNotFound
	}
	size := int64(len(text))
	if strings.HasSuffix(key, "endless") {
		size = 1 << 50
	}
	return object.Object{Key: key, Size: size, ModTime: time.Unix(1e9, 0), ETag: "x"}, nil
}

func (o *objects) Head(_ context.Context, key string) (object.Object, error) { return o.describe(key) }

func (o *objects) Get(_ context.Context, key string, offset int64, _ string) (io.ReadCloser, object.Object, error) {
	described, err := o.describe(key)
	if err != nil {
		return nil, described, err
	}
	o.gets.Add(1)
	var body io.Reader = strings.NewReader(o.files[key][offset:])
	if strings.HasSuffix(key, "endless") {
		body = endless{}
	}
	return io.NopCloser(counting{body, &o.bytes}), described, nil
}

func (o *objects) List(_ context.Context, prefix string, _ bool, _ int) iter.Seq2[object.Object, error] {
	return func(yield func(object.Object, error) bool) {
		for _, key := range slices.Sorted(maps.Keys(o.files)) {
			if strings.HasPrefix(key, prefix) && !yield(o.describe(key)) {
				return
			}
		}
	}
}

// endless is a file that never ends, so that only the client can end its download.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

type counting struct {
	io.Reader
	bytes *atomic.Int64
}

func (c counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.bytes.Add(int64(n))
	return n, err
}

// TestFilesInBucket reads a part of a large array and a folder from an object store.
func TestFilesInBucket(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	run := s.Check(t, []apitest.Fact{
		{Name: "run", Path: "runs/create", Body: `{"experiment_id":"0"}`, Save: map[string]string{"run": `"run_id":"(\w+)"`}},
	})["run"]
	header := "{'descr': '|u1', 'fortran_order': False, 'shape': (32000000,)}"
	array := fmt.Sprintf("\x93NUMPY\x01\x00%c\x00%s", len(header), header) + strings.Repeat("\x00", 16_000_000) +
		strings.Repeat("\x07", 16_000_000)
	bucket := &objects{files: map[string]string{"run/a.npy": array, "run/d/b.txt": "b", "runner/c.txt": "c"}}
	base := serve(t, s, bucket)
	resp, b, err := download(t, base+"table?path=a.npy&offset=31000000&max_results=2&run_id="+run)
	if err != nil || resp.StatusCode != 200 || !strings.Contains(string(b), `"rows":[["7"],["7"]]`) {
		t.Fatalf("a row: %v %v %s", resp, err, b)
	}
	if n := bucket.bytes.Load(); n > 2<<20 || bucket.gets.Load() > 3 {
		t.Errorf("%d requests for %d bytes, want those of the head and of the rows", bucket.gets.Load(), n)
	}
	_, b, err = download(t, base+"zip?run_id="+run)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil || len(z.File) != 2 || z.File[0].UncompressedSize64 != uint64(len(array)) {
		t.Errorf("a folder: %d bytes, %v", len(b), err)
	}
	resp, b, err = download(t, base+"table?path=none.npy&run_id="+run)
	if err != nil || resp.StatusCode != 404 {
		t.Errorf("no file: %v %v %s", resp, err, b)
	}
}

// serve returns the address of the routes of files, with the files of a bucket.
func serve(t *testing.T, s *apitest.Server, bucket *objects) string {
	t.Helper()
	r := route.New(rules.NewOwners(s.Store))
	(&pages.Handlers{Store: s.Store, Files: bucket, Log: slog.New(slog.DiscardHandler)}).Routes(r)
	srv := httptest.NewServer(auth.Middleware(s.Store)(r.Handler()))
	t.Cleanup(srv.Close)
	return srv.URL + "/ajax-api/millrace/artifacts/"
}

// TestZipEndsWithItsClient hangs up in the middle of an archive. The server must then read
// no more of the files.
func TestZipEndsWithItsClient(t *testing.T) {
	t.Parallel()
	s := apitest.New(t)
	run := s.Check(t, []apitest.Fact{
		{Name: "run", Path: "runs/create", Body: `{"experiment_id":"0"}`, Save: map[string]string{"run": `"run_id":"(\w+)"`}},
	})["run"]
	bucket := &objects{files: map[string]string{"run/endless": ""}}
	ctx, hangUp := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, serve(t, s, bucket)+"zip?run_id="+run, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.CopyN(io.Discard, resp.Body, 1<<20); err != nil {
		t.Fatal(err)
	}
	hangUp()
	for range 100 {
		before := bucket.bytes.Load()
		time.Sleep(100 * time.Millisecond)
		if bucket.bytes.Load() == before {
			return
		}
	}
	t.Error("the server reads on for ten seconds after its client has gone")
}
