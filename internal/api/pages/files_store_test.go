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
	return object.Object{Key: key, Size: int64(len(text)), ModTime: time.Unix(1e9, 0), ETag: "x"}, nil
}

func (o *objects) Head(_ context.Context, key string) (object.Object, error) { return o.describe(key) }

func (o *objects) Get(_ context.Context, key string, offset int64, _ string) (io.ReadCloser, object.Object, error) {
	described, err := o.describe(key)
	if err != nil {
		return nil, described, err
	}
	o.gets.Add(1)
	return io.NopCloser(counting{strings.NewReader(o.files[key][offset:]), &o.bytes}), described, nil
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
	r := route.New(rules.NewOwners(s.Store))
	(&pages.Handlers{Store: s.Store, Files: bucket, Log: slog.New(slog.DiscardHandler)}).Routes(r)
	srv := httptest.NewServer(auth.Middleware(s.Store)(r.Handler()))
	t.Cleanup(srv.Close)

	base := srv.URL + "/ajax-api/millrace/artifacts/"
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
