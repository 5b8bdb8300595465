package gcs

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact/object"
	"github.com/millrace-ml/millrace/mlflow"
)

// xmlStore is a server of the XML API with signed requests, as https://cloud.google.com/storage/docs/multipart-uploads
// describes it. The emulator has none. Requests without a signature have the token of the server.
type xmlStore struct {
	t       *testing.T
	key     *rsa.PublicKey
	mu      sync.Mutex
	objects map[string][]byte
	types   map[string]string
	uploads map[string]map[string][]byte // by path and id; parts by number
}

func newSigner(t *testing.T, endpoint string) *bucket {
	t.Helper()
	s, err := withCredentials(t, account(t, endpoint+"/token"), envEmulator+"="+endpoint)
	if err != nil {
		t.Fatal(err)
	}
	s.pause = time.Millisecond
	return &bucket{s, "team"}
}

// newXMLStore returns a store and the bucket that it serves.
func newXMLStore(t *testing.T) (*xmlStore, *bucket) {
	t.Helper()
	s := &xmlStore{
		t: t, objects: map[string][]byte{}, types: map[string]string{}, uploads: map[string]map[string][]byte{},
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	b := newSigner(t, server.URL)
	b.store.tokens = fixedBucket(t, server.URL).store.tokens
	s.key = &b.store.key.key.PublicKey
	return s, b
}

// verify checks the signature of a request as it has arrived.
func (s *xmlStore) verify(r *http.Request) error {
	unsigned, signature, found := strings.Cut(r.URL.RawQuery, "&X-Goog-Signature=")
	query := r.URL.Query()
	headers := ""
	for name := range strings.SplitSeq(query.Get("X-Goog-SignedHeaders"), ";") {
		headers += name + ":" + cmp.Or(map[string]string{"host": r.Host}[name], r.Header.Get(name)) + "\n"
	}
	request := sha256.Sum256([]byte(strings.Join([]string{
		r.Method, r.URL.EscapedPath(), unsigned, headers, query.Get("X-Goog-SignedHeaders"), "UNSIGNED-PAYLOAD",
	}, "\n")))
	_, place, _ := strings.Cut(query.Get("X-Goog-Credential"), "/")
	digest := sha256.Sum256([]byte(strings.Join([]string{
		query.Get("X-Goog-Algorithm"), query.Get("X-Goog-Date"), place, hex.EncodeToString(request[:]),
	}, "\n")))
	raw, err := hex.DecodeString(signature)
	if err != nil || !found {
		return errors.New("no signature")
	}
	return rsa.VerifyPKCS1v15(s.key, crypto.SHA256, digest[:], raw)
}

func (s *xmlStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	refuse := func(status int, code string) {
		w.WriteHeader(status)
		fmt.Fprintf(w, "<?xml version='1.0' encoding='UTF-8'?><Error><Code>%s</Code><Message>words</Message></Error>", code)
	}
	if r.Header.Get("Authorization") != "Bearer token" {
		if err := s.verify(r); err != nil {
			refuse(http.StatusForbidden, "SignatureDoesNotMatch")
			return
		}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	query := r.URL.Query()
	upload := s.uploads[r.URL.Path+query.Get("uploadId")]
	switch {
	case !strings.HasPrefix(r.URL.Path, "/team/"):
		refuse(http.StatusNotFound, "NoSuchBucket")
	case query.Has("uploads"):
		s.uploads[r.URL.Path+"id/1"] = map[string][]byte{}
		s.types[r.URL.Path] = r.Header.Get("Content-Type")
		fmt.Fprint(w, "<InitiateMultipartUploadResult xmlns='http://s3.amazonaws.com/doc/2006-03-01/'><Bucket>team</Bucket>"+
			"<UploadId>id/1</UploadId></InitiateMultipartUploadResult>")
	case query.Has("uploadId") && upload == nil:
		refuse(http.StatusNotFound, "NoSuchUpload")
	case query.Has("partNumber"):
		upload[query.Get("partNumber")] = body
		w.Header().Set("ETag", `"part-`+query.Get("partNumber")+`"`)
	case query.Has("uploadId"):
		delete(s.uploads, r.URL.Path+query.Get("uploadId"))
		if r.Method == http.MethodPost {
			s.complete(r.URL.Path, upload, body)
		}
	case r.Method == http.MethodPut:
		s.objects[r.URL.Path], s.types[r.URL.Path] = body, r.Header.Get("Content-Type")
	default:
		w.Header().Set("Content-Disposition", query.Get("response-content-disposition"))
		_, _ = w.Write(s.objects[r.URL.Path]) // The client reports it.
	}
}

// complete makes the object of the parts, which the request has in their order.
func (s *xmlStore) complete(path string, upload map[string][]byte, body []byte) {
	var request struct {
		Parts []struct{ PartNumber, ETag string } `xml:"Part"`
	}
	if err := xml.Unmarshal(body, &request); err != nil {
		s.t.Error(err)
	}
	for _, p := range request.Parts {
		if p.ETag != `"part-`+p.PartNumber+`"` {
			s.t.Errorf("part %s has the ETag %s", p.PartNumber, p.ETag)
		}
		s.objects[path] = append(s.objects[path], upload[p.PartNumber]...)
	}
}

// transfer sends a signed request as a client does, which has no credentials.
func transfer(t *testing.T, method string, r object.SignedRequest, data string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.URL, strings.NewReader(data))
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
	defer func() { _ = res.Body.Close() }() // It is only read.
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func TestSignedTransfers(t *testing.T) {
	_, b := newXMLStore(t)
	for _, key := range []string{"p/a b.txt", "p/实验+&?=%.bin", "p/'~*!()\"$,:;@[]"} {
		upload, err := b.SignPut(t.Context(), key, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if res, body := transfer(t, http.MethodPut, upload, "data of "+key); res.StatusCode != http.StatusOK {
			t.Errorf("put %s: %d %s", key, res.StatusCode, body)
		}
		download, err := b.SignGet(t.Context(), key, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		res, body := transfer(t, http.MethodGet, download, "")
		if body != "data of "+key || !strings.HasPrefix(res.Header.Get("Content-Disposition"), "attachment; filename") {
			t.Errorf("get %s: %d %s %v", key, res.StatusCode, body, res.Header)
		}
		upload.Headers = nil
		if res, _ := transfer(t, http.MethodPut, upload, "x"); res.StatusCode != http.StatusForbidden {
			t.Errorf("put without the headers: %d", res.StatusCode)
		}
	}
}

func TestSignedParts(t *testing.T) {
	s, b := newXMLStore(t)
	id, parts, err := b.SignParts(t.Context(), "p/big file.txt", 3, time.Minute)
	if err != nil || len(parts) != 3 {
		t.Fatalf("%d parts, %v", len(parts), err)
	}
	var stored []object.StoredPart
	for _, i := range []int{2, 0, 1} {
		res, body := transfer(t, http.MethodPut, parts[i], fmt.Sprintf("part %d;", i+1))
		if res.StatusCode != http.StatusOK {
			t.Fatalf("part %d: %d %s", i+1, res.StatusCode, body)
		}
		stored = append(stored, object.StoredPart{Number: int32(i + 1), ETag: res.Header.Get("ETag"), URL: parts[i].URL})
	}
	if err := b.CompleteParts(t.Context(), "p/big file.txt", id, stored); err != nil {
		t.Fatal(err)
	}
	const path = "/team/p/big file.txt"
	if !bytes.Equal(s.objects[path], []byte("part 1;part 2;part 3;")) || s.types[path] != "text/plain" {
		t.Errorf("got %s of type %s", s.objects[path], s.types[path])
	}
	for name, end := range map[string]error{
		"complete": b.CompleteParts(t.Context(), "p/big file.txt", id, stored),
		"abort":    b.AbortParts(t.Context(), "p/big file.txt", id),
	} {
		if !errors.Is(end, mlflow.ResourceDoesNotExist) || !strings.Contains(end.Error(), "gs://team has no such upload") {
			t.Errorf("%s after the end: %v", name, end)
		}
	}
}

func TestAbortParts(t *testing.T) {
	s, b := newXMLStore(t)
	id, _, err := b.SignParts(t.Context(), "k", 1, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.AbortParts(t.Context(), "k", id); err != nil || len(s.uploads) != 0 {
		t.Errorf("%v, uploads %v", err, s.uploads)
	}
	other := &bucket{b.store, "other"}
	if _, _, err := other.SignParts(t.Context(), "k", 1, time.Minute); !errors.Is(err, mlflow.ResourceDoesNotExist) {
		t.Errorf("no bucket: %v", err)
	}
}

// TestSignedPartsCancelled ends the context before the request.
func TestSignedPartsCancelled(t *testing.T) {
	_, b := newXMLStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := b.SignParts(ctx, "k", 1, time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
