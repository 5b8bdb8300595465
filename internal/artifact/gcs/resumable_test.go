package gcs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/millrace-ml/millrace/mlflow"
)

// sessions is a server of resumable uploads as https://cloud.google.com/storage/docs/performing-resumable-uploads
// describes them. The emulator completes an upload when it is asked for its state, and has no faults.
type sessions struct {
	t      *testing.T
	mu     sync.Mutex
	data   []byte // what the session has
	object []byte // nil until the upload is complete
	ended  bool
	fault  string
	at     int // the number of the request with the fault, from 0
	puts   int
	ranges []string
}

func (s *sessions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch r.Method {
	case http.MethodPost:
		if r.URL.Query().Get("uploadType") != "resumable" {
			s.t.Errorf("POST %s", r.URL)
		}
		w.Header().Set("Location", "http://"+r.Host+"/session")
	case http.MethodDelete:
		s.ended = true
		w.WriteHeader(499)
	case http.MethodPut:
		s.put(w, r)
	}
}

func (s *sessions) put(w http.ResponseWriter, r *http.Request) {
	n := s.puts
	s.puts++
	contentRange := r.Header.Get("Content-Range")
	s.ranges = append(s.ranges, contentRange)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	if s.ended {
		w.WriteHeader(http.StatusGone)
		return
	}
	fault := ""
	if n == s.at {
		fault = s.fault
	}
	switch fault {
	case "away":
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case "a part":
		body = body[:min(len(body), quantum)]
	case "session ended":
		s.ended = true
		w.WriteHeader(http.StatusNotFound)
		return
	}
	s.accept(r, contentRange, body)
	if fault == "no answer" {
		panic(http.ErrAbortHandler)
	}
	if fault == "other bytes" {
		s.object = []byte("other")
	}
	if s.object != nil {
		fmt.Fprintf(w, `{"name": "k", "size": "%d", "crc32c": "%s", "generation": "7"}`,
			len(s.object), checksum(crc32.Checksum(s.object, castagnoli)))
		return
	}
	if len(s.data) > 0 {
		w.Header().Set("Range", fmt.Sprintf("bytes=0-%d", len(s.data)-1))
	}
	w.WriteHeader(http.StatusPermanentRedirect)
}

// accept stores the bytes of a request. A request without a total size must have full quanta.
func (s *sessions) accept(r *http.Request, contentRange string, body []byte) {
	bounds, total, _ := strings.Cut(strings.TrimPrefix(contentRange, "bytes "), "/")
	if bounds != "*" {
		start, _, _ := strings.Cut(bounds, "-")
		if start != strconv.Itoa(len(s.data)) {
			s.t.Errorf("range %s after %d bytes", contentRange, len(s.data))
			return
		}
		if total == "*" && len(body)%quantum != 0 {
			s.t.Errorf("range %s is not a multiple of 256 KiB", contentRange)
		}
		s.data = append(s.data, body...)
	}
	if total != strconv.Itoa(len(s.data)) {
		return
	}
	if want := "crc32c=" + checksum(crc32.Checksum(s.data, castagnoli)); r.Header.Get("X-Goog-Hash") != want {
		s.t.Errorf("X-Goog-Hash %q, want %q", r.Header.Get("X-Goog-Hash"), want)
	}
	s.object = s.data
}

// pattern returns bytes of which no two quanta are equal.
func pattern(n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(i ^ i>>8 ^ i>>16)
	}
	return data
}

func newSessions(t *testing.T) (*sessions, *bucket) {
	t.Helper()
	s := &sessions{t: t, at: -1}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, fixedBucket(t, server.URL)
}

// send uploads parts in their order.
func send(t *testing.T, b *bucket, parts ...[]byte) error {
	t.Helper()
	u, err := b.Upload(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	for i, part := range parts {
		if err := u.Part(t.Context(), int32(i+1), part); err != nil {
			return err
		}
	}
	return u.Complete(t.Context(), int32(len(parts)))
}

// TestFaults has a fault in each request of an upload. The object has all bytes nevertheless.
func TestFaults(t *testing.T) {
	for _, sizes := range [][]int{{4 * quantum, 5 * quantum, 1}, {2*quantum + 5, 3 * quantum, 2 * quantum}, {3 * quantum}, {quantum}} {
		var parts [][]byte
		all := pattern(20 * quantum)
		end := 0
		for _, size := range sizes {
			parts = append(parts, all[end:end+size])
			end += size
		}
		for _, fault := range []string{"", "away", "a part", "no answer"} {
			for at := range len(sizes) + 2 {
				s, b := newSessions(t)
				s.fault, s.at = fault, at
				if err := send(t, b, parts...); err != nil {
					t.Errorf("%v, %s in request %d: %v", sizes, fault, at, err)
				}
				if !bytes.Equal(s.object, all[:end]) {
					t.Errorf("%v, %s in request %d: an object of %d bytes, %v", sizes, fault, at, len(s.object), s.ranges)
				}
			}
		}
	}
}

func TestUploadChunks(t *testing.T) {
	s, b := newSessions(t)
	b.store.uploadChunk = 2 * quantum
	if err := send(t, b, pattern(5*quantum)); err != nil {
		t.Fatal(err)
	}
	want := "[bytes 0-524287/* bytes 524288-1048575/* bytes 1048576-1310719/* bytes */1310720]"
	if got := fmt.Sprint(s.ranges); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestPartsAtOnce sends the parts at the same time, the last ones first.
func TestPartsAtOnce(t *testing.T) {
	s, b := newSessions(t)
	u, err := b.Upload(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	const parts = 8
	all := pattern(parts*quantum + 100)
	var wg sync.WaitGroup
	for i := parts - 1; i >= 0; i-- {
		wg.Go(func() {
			end := (i + 1) * quantum
			if i == parts-1 {
				end = len(all)
			}
			if err := u.Part(t.Context(), int32(i+1), all[i*quantum:end]); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := u.Complete(t.Context(), parts); err != nil || !bytes.Equal(s.object, all) {
		t.Errorf("an object of %d bytes, %v", len(s.object), err)
	}
	if err := u.Part(t.Context(), 1, all[:quantum]); err == nil {
		t.Error("a part can be stored twice")
	}
}

// TestPartWaits ends the context of a part that waits, and fails the part for which others wait.
func TestPartWaits(t *testing.T) {
	s, b := newSessions(t)
	u, err := b.Upload(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := u.Part(ctx, 3, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a part after the end of its context: %v", err)
	}
	s.ended = true
	waiting := make(chan error)
	go func() { waiting <- u.Part(t.Context(), 2, pattern(quantum)) }()
	first := u.Part(t.Context(), 1, pattern(quantum))
	second := <-waiting
	for _, err := range []error{first, second, u.Complete(t.Context(), 2)} {
		if !errors.Is(err, mlflow.TemporarilyUnavailable) || !strings.Contains(err.Error(), "the upload has been ended") {
			t.Errorf("after the end of the session: %v", err)
		}
	}
	if err := u.Abort(t.Context()); err != nil {
		t.Errorf("abort after the end of the session: %v", err)
	}
}

func TestUploadFails(t *testing.T) {
	for _, c := range []struct {
		fault string
		at    int
		text  string
	}{
		{"session ended", 1, "gs://team does not answer: the upload has been ended"},
		{"other bytes", 0, "it has ended an upload before its last byte"},
		{"other bytes", 1, "it has stored 5 bytes with the checksum"},
	} {
		s, b := newSessions(t)
		s.fault, s.at = c.fault, c.at
		err := send(t, b, pattern(quantum+1))
		if !errors.Is(err, mlflow.TemporarilyUnavailable) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s in request %d: %v", c.fault, c.at, err)
		}
	}
}

func TestAbort(t *testing.T) {
	s, b := newSessions(t)
	u, err := b.Upload(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	if err := u.Part(t.Context(), 1, pattern(quantum)); err != nil {
		t.Fatal(err)
	}
	if err := u.Abort(t.Context()); err != nil || !s.ended || s.object != nil {
		t.Errorf("after the end: %v, ended %v", err, s.ended)
	}
}
