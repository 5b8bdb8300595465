package azure

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/millrace-ml/millrace/internal/artifact/object"
	"github.com/millrace-ml/millrace/mlflow"
)

// hierarchy is an account with a hierarchical namespace, as Microsoft documents it: folders are blobs without contents
// and without a slash, which List Blobs returns, too, and which can be deleted when they are empty.
type hierarchy struct {
	sync.Mutex
	blobs map[string]bool // whether they are folders
}

func (h *hierarchy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.Lock()
	defer h.Unlock()
	key := strings.TrimPrefix(r.URL.Path, "/team/")
	folder, found := h.blobs[key]
	switch {
	case r.URL.Query().Get("comp") == "list":
		h.list(w, r)
	case !found:
		w.Header().Set("x-ms-error-code", "BlobNotFound")
		w.WriteHeader(http.StatusNotFound)
	case r.Method != http.MethodDelete:
		if folder {
			w.Header().Set("x-ms-resource-type", "directory")
			w.Header().Set("x-ms-meta-hdi_isfolder", "true")
		}
	case slices.ContainsFunc(slices.Collect(maps.Keys(h.blobs)), func(k string) bool { return strings.HasPrefix(k, key+"/") }):
		w.Header().Set("x-ms-error-code", "DirectoryIsNotEmpty")
		w.WriteHeader(http.StatusConflict)
	default:
		delete(h.blobs, key)
		w.WriteHeader(http.StatusAccepted)
	}
}

// list has pages of two entries.
func (h *hierarchy) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	var entries []string
	for _, key := range slices.Sorted(maps.Keys(h.blobs)) {
		rest, matches := strings.CutPrefix(key, q.Get("prefix"))
		name, _, below := strings.Cut(rest, "/")
		next := key
		entry := "<Blob><Name>" + key + "</Name><Properties><Last-Modified>Fri, 26 Jun 2015 23:39:12 GMT</Last-Modified>" +
			"<Content-Length>0</Content-Length></Properties><Metadata/></Blob>"
		if h.blobs[key] {
			entry = strings.Replace(entry, "</Properties>", "<ResourceType>directory</ResourceType></Properties>", 1)
		}
		if q.Get("delimiter") == "/" && (below || h.blobs[key]) {
			entry = "<BlobPrefix><Name>" + q.Get("prefix") + name + "/</Name></BlobPrefix>"
			next = q.Get("prefix") + name + "0" // the character after the slash
		}
		if matches && key > q.Get("marker") && !slices.Contains(entries, entry) {
			entries = append(entries, entry)
		}
		if len(entries) == 2 {
			fmt.Fprintf(w, "<EnumerationResults><Blobs>%s</Blobs><NextMarker>%s</NextMarker></EnumerationResults>", strings.Join(entries, ""), next)
			return
		}
	}
	fmt.Fprintf(w, "<EnumerationResults><Blobs>%s</Blobs><NextMarker/></EnumerationResults>", strings.Join(entries, ""))
}

func TestHierarchicalNamespace(t *testing.T) {
	h := &hierarchy{blobs: map[string]bool{"other": true, "run": true, "run/empty": true, "run/empty/below": true, "run/a": true}}
	for i := range 5 {
		h.blobs[fmt.Sprintf("run/f%d", i)] = false
		h.blobs[fmt.Sprintf("run/a/f%d", i)] = false
	}
	server := httptest.NewServer(h)
	defer server.Close()
	b := fixedBucket(t, server.URL)
	var keys []string
	for o, err := range b.List(t.Context(), "run/", false, 0) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, o.Key)
	}
	if got := strings.Join(keys, " "); got != "run/a/f0 run/a/f1 run/a/f2 run/a/f3 run/a/f4 run/f0 run/f1 run/f2 run/f3 run/f4" {
		t.Errorf("list: %s", got)
	}
	if _, err := b.Head(t.Context(), "run"); !errors.Is(err, object.ErrNotFound) {
		t.Errorf("head of a folder: %v", err)
	}
	if _, _, err := b.Get(t.Context(), "run", 0, ""); !errors.Is(err, object.ErrNotFound) {
		t.Errorf("get of a folder: %v", err)
	}
	repo := object.New(b, "run")
	if info, err := repo.Stat(t.Context(), "a"); err != nil || !info.IsDir {
		t.Errorf("stat: %+v, %v", info, err)
	}
	if _, err := repo.Open(t.Context(), "a"); !errors.Is(err, mlflow.ResourceDoesNotExist) {
		t.Errorf("open: %v", err)
	}
	files, err := repo.List(t.Context(), "")
	if err != nil || len(files) != 7 || !files[0].IsDir || files[0].Path != "a" || files[1].Path != "empty" {
		t.Errorf("list: %v, %v", files, err)
	}
	for range 2 {
		if err := object.New(b, "").Delete(t.Context(), "run"); err != nil {
			t.Fatal(err)
		}
	}
	if got := slices.Sorted(maps.Keys(h.blobs)); !slices.Equal(got, []string{"other"}) {
		t.Errorf("after the deletion: %v", got)
	}
}

// TestEncodedNames has names that XML cannot contain.
func TestEncodedNames(t *testing.T) {
	answer := "\ufeff<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults><Blobs>" +
		"<Blob><Name Encoded=\"true\">a%EF%BF%BE%20b</Name><Properties><Last-Modified>Fri, 26 Jun 2015 23:39:12 GMT</Last-Modified>" +
		"<Content-Length>3</Content-Length></Properties></Blob><BlobPrefix><Name>a&amp;%41/</Name></BlobPrefix>" +
		"</Blobs><NextMarker/></EnumerationResults>"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, answer) }))
	defer server.Close()
	var got []string
	for o, err := range fixedBucket(t, server.URL).List(t.Context(), "", true, 0) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %d", o.Key, o.Size))
	}
	if want := []string{"a&%41/ 0", "a\ufffe b 3"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	answer = "<html>"
	for _, err := range fixedBucket(t, server.URL).List(t.Context(), "", true, 0) {
		if err == nil {
			t.Error("a page that is not a list")
		}
	}
}
