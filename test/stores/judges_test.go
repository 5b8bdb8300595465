package stores

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/object"
	"github.com/millrace-ml/millrace/internal/artifact/storestest"
)

// judge is another client of a bucket.
type judge interface {
	put(ctx context.Context, key string, data []byte) error
	get(ctx context.Context, key string) (data []byte, contentType string, err error)
	// list returns the sizes of all objects.
	list(ctx context.Context) (map[string]int64, error)
}

// judges has the judge of each store, and the server.
var judges = map[string]struct {
	server string
	open   func(t *testing.T, b *storestest.Bucket) judge
}{
	"S3 by minio-go":     {"MILLRACE_TEST_S3_SIGNED", newMinio},
	"Google by Google's": {"MILLRACE_TEST_GCS", newGoogle},
}

// judged returns the same empty bucket for Millrace and for its judge.
func judged(t *testing.T, server string, open func(*testing.T, *storestest.Bucket) judge) (*object.Repo, judge) {
	t.Helper()
	bucket := storestest.Find(server).NewBucket(t)
	for _, assignment := range bucket.Env(bucket.Host()) {
		name, value, _ := strings.Cut(assignment, "=")
		t.Setenv(name, value)
	}
	repo, err := artifact.Open(bucket.URI)
	if err != nil {
		t.Fatal(err)
	}
	ours, _ := repo.(*object.Repo)
	return ours, open(t, bucket)
}

const part = 8 << 20

// contents has names that must be encoded, and the sizes at which uploads change from one request to several.
func contents() map[string][]byte {
	all := map[string][]byte{}
	for i, name := range []string{
		"plain.json", "a b.txt", "ü.csv", "e\u0301.bin", "実験 🦊.png", "a+b", "100%", "a%20b", "c#d", "what?", "x&y=z",
		"a;b,c@d:e",
		"'quoted' \"twice\"", "deep/er/and deeper.txt", "~", "[x]", "model/MLmodel", ".hidden",
	} {
		all["d/"+name] = []byte(strings.Repeat("x", i))
	}
	for _, size := range []int{0, 1, part - 1, part, part + 1, 20 << 20} {
		all[fmt.Sprintf("d/size-%d", size)] = bytes.Repeat([]byte("0123456789abcdef!"), size/17+1)[:size]
	}
	return all
}

func same(a, b []byte) bool { return sha256.Sum256(a) == sha256.Sum256(b) }

func readOurs(t *testing.T, ours *object.Repo, name string) []byte {
	t.Helper()
	f, err := ours.Open(t.Context(), name)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	defer func() { _ = f.Close() }() // It is only read.
	var b bytes.Buffer
	if _, err := b.ReadFrom(f); err != nil || f.Size != int64(b.Len()) {
		t.Errorf("%s: %d bytes of %d, %v", name, b.Len(), f.Size, err)
	}
	return b.Bytes()
}

func TestJudgesReadOurs(t *testing.T) {
	for name, j := range judges {
		t.Run(name, func(t *testing.T) {
			ours, theirs := judged(t, j.server, j.open)
			for name, content := range contents() {
				if err := ours.Put(t.Context(), name, bytes.NewReader(content)); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				got, contentType, err := theirs.get(t.Context(), name)
				if err != nil || !same(got, content) || contentType != artifact.ContentType(name) {
					t.Errorf("%s: %d bytes of %d, type %s, %v", name, len(got), len(content), contentType, err)
				}
			}
			compareLists(t, ours, theirs)
		})
	}
}

func TestWeReadJudges(t *testing.T) {
	for name, j := range judges {
		t.Run(name, func(t *testing.T) {
			ours, theirs := judged(t, j.server, j.open)
			for name, content := range contents() {
				if err := theirs.put(t.Context(), name, content); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if got := readOurs(t, ours, name); !same(got, content) {
					t.Errorf("%s: %d bytes of %d", name, len(got), len(content))
				}
			}
			compareLists(t, ours, theirs)
			if err := ours.Delete(t.Context(), "d"); err != nil {
				t.Error(err)
			}
			if left, err := theirs.list(t.Context()); err != nil || len(left) > 0 {
				t.Errorf("after the deletion: %v, %v", left, err)
			}
		})
	}
}

// compareLists compares the names and sizes of all files. Ours leaves out names with a number sign, which the server
// refuses, as MLflow does.
func compareLists(t *testing.T, ours *object.Repo, theirs judge) {
	t.Helper()
	got := map[string]int64{}
	var walk func(dir string)
	walk = func(dir string) {
		files, err := ours.List(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if f.IsDir {
				walk(f.Path)
			} else {
				got[f.Path] = f.FileSize
			}
		}
	}
	walk("")
	want, err := theirs.list(t.Context())
	maps.DeleteFunc(want, func(name string, _ int64) bool { return strings.Contains(name, "#") })
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("we list %v\nthey list %v, %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)), err)
	}
}

// TestPages has more objects than stores return in one answer.
func TestPages(t *testing.T) {
	for name, j := range judges {
		t.Run(name, func(t *testing.T) {
			ours, theirs := judged(t, j.server, j.open)
			for i := range 1005 {
				if err := theirs.put(t.Context(), fmt.Sprintf("many/%d", i), nil); err != nil {
					t.Fatal(err)
				}
			}
			compareLists(t, ours, theirs)
			if err := ours.Delete(t.Context(), "many"); err != nil {
				t.Error(err)
			}
			if left, err := theirs.list(t.Context()); err != nil || len(left) > 0 {
				t.Errorf("after the deletion: %v, %v", left, err)
			}
		})
	}
}

// sendSigned sends a signed request with an ordinary client.
func sendSigned(t *testing.T, method string, r object.SignedRequest, data []byte) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.URL, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range r.Headers {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

// TestSignedRequests uses our signed requests on the server that checks signatures.
func TestSignedRequests(t *testing.T) {
	ours, theirs := judged(t, "MILLRACE_TEST_S3_SIGNED", newMinio)
	signer := ours.Signer()
	for name, content := range contents() {
		put, err := signer.SignPut(t.Context(), name, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if res := sendSigned(t, http.MethodPut, put, content); res.StatusCode != http.StatusOK {
			t.Errorf("put %s: %s", name, res.Status)
		}
		got, contentType, err := theirs.get(t.Context(), name)
		if err != nil || !same(got, content) || contentType != artifact.ContentType(name) {
			t.Errorf("%s: %d bytes of %d, type %s, %v", name, len(got), len(content), contentType, err)
		}
		get, err := signer.SignGet(t.Context(), name, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := b.ReadFrom(sendSigned(t, http.MethodGet, get, nil).Body); err != nil || !same(b.Bytes(), content) {
			t.Errorf("get %s: %d bytes, %v", name, b.Len(), err)
		}
		altered := get
		altered.URL = strings.Replace(get.URL, "/d/", "/e/", 1)
		if res := sendSigned(t, http.MethodGet, altered, nil); res.StatusCode != http.StatusForbidden {
			t.Errorf("get of another file than %s: %s", name, res.Status)
		}
		if res := sendSigned(t, http.MethodPut, get, content); res.StatusCode != http.StatusForbidden {
			t.Errorf("put with a signed get of %s: %s", name, res.Status)
		}
	}
	get, err := signer.SignGet(t.Context(), "d/plain.json", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(2100 * time.Millisecond)
	if res := sendSigned(t, http.MethodGet, get, nil); res.StatusCode != http.StatusForbidden {
		t.Errorf("an expired get: %s", res.Status)
	}
}

// TestSignedParts stores parts by signed requests, and lists them with the judge.
func TestSignedParts(t *testing.T) {
	ours, theirs := judged(t, "MILLRACE_TEST_S3_SIGNED", newMinio)
	const name = "a b/ü+%#?.bin"
	id, requests, err := ours.Signer().SignParts(t.Context(), name, 3, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	var stored []object.StoredPart
	var want []byte
	for i, r := range requests {
		data := bytes.Repeat([]byte{byte('a' + i)}, 5<<20)
		want = append(want, data...)
		res := sendSigned(t, http.MethodPut, r, data)
		if res.StatusCode != http.StatusOK {
			t.Fatal(res.Status)
		}
		stored = append(stored, object.StoredPart{Number: int32(i + 1), ETag: res.Header.Get("ETag"), URL: r.URL})
	}
	minio, _ := theirs.(*minioJudge)
	if parts := minio.parts(t, name, id); len(parts) != 3 || parts[2] != 5<<20 {
		t.Errorf("parts %v", parts)
	}
	if err := ours.Signer().CompleteParts(t.Context(), name, id, stored); err != nil {
		t.Fatal(err)
	}
	if got, _, err := theirs.get(t.Context(), name); err != nil || !same(got, want) {
		t.Errorf("%d bytes of %d, %v", len(got), len(want), err)
	}
}
