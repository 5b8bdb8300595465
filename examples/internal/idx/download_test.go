package idx

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
)

// serve writes a small dataset to a directory, serves it over HTTP below /mirror/ and
// returns it with the sums of its files and a counter of requests.
func serve(t *testing.T) (set *Set, files []published, url string, requests *atomic.Int64) {
	t.Helper()
	dir := t.TempDir()
	set = Synthetic(5, 2)
	if err := set.Write(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{trainImages, trainLabels, testImages, testLabels} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		data = []byte(zipped(t, string(data)))
		if err := os.WriteFile(filepath.Join(dir, name+".gz"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		sum := md5.Sum(data)
		files = append(files, published{name + ".gz", hex.EncodeToString(sum[:])})
	}
	requests = new(atomic.Int64)
	handler := http.StripPrefix("/mirror", http.FileServer(http.Dir(dir)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return set, files, server.URL + "/mirror", requests
}

func TestDownload(t *testing.T) {
	want, files, url, requests := serve(t)
	dir := filepath.Join(t.TempDir(), "data")
	last := map[string]int64{}
	progress := func(file string, done, total int64) {
		last[file] = total - done
	}
	for range 2 {
		if err := download(t.Context(), nil, url, dir, files, progress); err != nil {
			t.Fatal(err)
		}
	}
	if requests.Load() != 4 {
		t.Errorf("%d requests for two downloads of four files; want 4, because the second download finds the files", requests.Load())
	}
	for _, f := range files {
		if left, ok := last[f.name]; !ok || left != 0 {
			t.Errorf("%s: progress ended %d bytes before the end (called: %v)", f.name, left, ok)
		}
	}
	if got, err := Load(dir); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("the downloaded dataset differs from the served one: %v", err)
	}
}

func TestDownloadChecksPublishedSums(t *testing.T) {
	_, _, url, _ := serve(t)
	dir := t.TempDir()
	err := Download(t.Context(), http.DefaultClient, url+"/", dir, nil)
	if err == nil || !strings.Contains(err.Error(), "not the published 8d4fb7e6c68d591d4c3dfef9ec88bf0d") {
		t.Errorf("got %v", err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("the directory contains %v (%v)", left, err)
	}
}

func TestDownloadErrors(t *testing.T) {
	_, files, url, _ := serve(t)
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name string
		ctx  context.Context
		url  string
		want string
	}{
		{"missing", t.Context(), strings.TrimSuffix(url, "/mirror"), "train-images-idx3-ubyte.gz: the server answered 404"},
		{"cancelled", stopped, url, "context canceled"},
		{"no URL", t.Context(), "http://[", "missing ']'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := download(c.ctx, nil, c.url, t.TempDir(), files, nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
