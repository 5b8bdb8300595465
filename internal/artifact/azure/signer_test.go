package azure

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact/object"
	"github.com/millrace-ml/millrace/mlflow"
)

// send sends a signed request as a client without credentials does.
func send(t *testing.T, method string, signed object.SignedRequest, body string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, signed.URL, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range signed.Headers {
		r.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return response, string(text)
}

func readBlob(t *testing.T, b *bucket, key string) string {
	t.Helper()
	body, _, err := b.Get(t.Context(), key, 0, "")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(body)
	if err := errors.Join(err, body.Close()); err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestSignedRequests(t *testing.T) {
	b := newBucket(t, testEnv(t))
	for _, key := range []string{"f.txt", "a b/ü+'&=#?%41.json", "d/\"quoted\"; x"} {
		put, err := b.SignPut(t.Context(), key, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if response, text := send(t, http.MethodPut, put, "content"); response.StatusCode != http.StatusCreated {
			t.Errorf("put %q: %s %s", key, response.Status, text)
		}
		if got := readBlob(t, b, key); got != "content" {
			t.Errorf("%q: %q", key, got)
		}
		get, err := b.SignGet(t.Context(), key, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		response, text := send(t, http.MethodGet, get, "")
		if text != "content" || !strings.HasPrefix(response.Header.Get("Content-Disposition"), "attachment; filename") {
			t.Errorf("get %q: %s %q %v", key, response.Status, text, response.Header)
		}
		if response, _ := send(t, http.MethodPut, object.SignedRequest{URL: get.URL, Headers: put.Headers}, "x"); response.StatusCode != 403 {
			t.Errorf("put with the signature of a get: %s", response.Status)
		}
		get.URL = strings.Replace(get.URL, url.PathEscape(b.container)+"/", b.container+"/x", 1)
		if response, _ := send(t, http.MethodGet, get, ""); response.StatusCode != 403 {
			t.Errorf("get another blob: %s", response.Status)
		}
	}
	expired, err := b.SignGet(t.Context(), "f.txt", -time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if response, _ := send(t, http.MethodGet, expired, ""); response.StatusCode != 403 {
		t.Errorf("expired: %s", response.Status)
	}
}

// TestSignedParts has parts that arrive in another order, and two uploads of a file at the same time.
func TestSignedParts(t *testing.T) {
	b := newBucket(t, testEnv(t))
	const n = 12
	upload := func(content string) []object.StoredPart {
		id, requests, err := b.SignParts(t.Context(), "d/f.txt", n, time.Minute)
		if err != nil || id != "" || len(requests) != n {
			t.Fatalf("id %q, %d requests, %v", id, len(requests), err)
		}
		var parts []object.StoredPart
		for i := n - 1; i >= 0; i-- {
			response, text := send(t, http.MethodPut, requests[i], fmt.Sprintf("%s%d ", content, i))
			if response.StatusCode != http.StatusCreated {
				t.Fatalf("part %d: %s %s", i+1, response.Status, text)
			}
			parts = append(parts, object.StoredPart{Number: int32(i + 1), URL: requests[i].URL})
		}
		return parts
	}
	first, second := upload("first"), upload("second")
	if _, err := b.Head(t.Context(), "d/f.txt"); !errors.Is(err, object.ErrNotFound) {
		t.Errorf("before the end: %v", err)
	}
	for name, parts := range map[string][]object.StoredPart{
		"none": nil, "one missing": first[1:11], "twice": append(first[:1:1], first...),
		"no block":   {{Number: 1, URL: "http://h/x"}},
		"bad URL":    {{Number: 1, URL: "http://h/%"}},
		"other kind": {{Number: 1, URL: "http://h/x?blockid=" + base64.StdEncoding.EncodeToString([]byte("x"))}},
	} {
		if err := b.CompleteParts(t.Context(), "d/f.txt", "", parts); !errors.Is(err, mlflow.InvalidParameterValue) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := b.CompleteParts(t.Context(), "d/f.txt", "", first); err != nil {
		t.Fatal(err)
	}
	want := ""
	for i := range n {
		want += fmt.Sprintf("first%d ", i)
	}
	if got := readBlob(t, b, "d/f.txt"); got != want {
		t.Errorf("got %q", got)
	}
	if err := b.CompleteParts(t.Context(), "d/f.txt", "", second); err != nil && !errors.Is(err, mlflow.InvalidState) {
		t.Error(err)
	}
	if got := readBlob(t, b, "d/f.txt"); got != want && got != strings.ReplaceAll(want, "first", "second") {
		t.Errorf("a mix of two uploads: %q", got)
	}
	if err := b.AbortParts(t.Context(), "d/f.txt", ""); err != nil {
		t.Error(err)
	}
	for _, n := range []int32{-1, 0, maxBlocks + 1} {
		if _, _, err := b.SignParts(t.Context(), "k", n, time.Minute); !errors.Is(err, mlflow.InvalidParameterValue) {
			t.Errorf("%d parts: %v", n, err)
		}
	}
}

// TestMLflowParts completes an upload that MLflow has begun.
func TestMLflowParts(t *testing.T) {
	b := newBucket(t, testEnv(t))
	var parts []object.StoredPart
	for i := range 3 {
		id := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "mlflow_block_%d", i+1))
		query, err := b.signBlob(t.Context(), "f", url.Values{"sp": {"rw"}}, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		signed := b.signed("f", encodeQuery(blockQuery(id))+"&"+query)
		if response, text := send(t, http.MethodPut, signed, "abc"[i:i+1]); response.StatusCode != http.StatusCreated {
			t.Fatalf("%s %s", response.Status, text)
		}
		parts = append(parts, object.StoredPart{Number: int32(i + 1), URL: signed.URL})
	}
	if err := b.CompleteParts(t.Context(), "f", "", parts); err != nil {
		t.Fatal(err)
	}
	if got := readBlob(t, b, "f"); got != "abc" {
		t.Errorf("got %q", got)
	}
}

func TestBlockIDs(t *testing.T) {
	first, second := newUploadID(), newUploadID()
	if first == second {
		t.Error("two uploads have the same id")
	}
	for _, number := range []int32{1, 9, 10, 100, maxBlocks} {
		id := blockID(first, number)
		if len(id) != len(blockID(second, 1)) || len(id) > 88 { // The limit is 64 bytes before the encoding.
			t.Errorf("block %d: %s", number, id)
		}
	}
}

func TestSignWithSAS(t *testing.T) {
	b := fixedBucket(t, "https://127.0.0.1:1")
	_, getErr := b.SignGet(t.Context(), "k", time.Minute)
	_, putErr := b.SignPut(t.Context(), "k", time.Minute)
	_, _, partsErr := b.SignParts(t.Context(), "k", 1, time.Minute)
	for _, err := range []error{getErr, putErr, partsErr} {
		if !errors.Is(err, mlflow.NotImplemented) || !strings.Contains(err.Error(), envKey) || strings.Contains(err.Error(), secrets) {
			t.Error(err)
		}
	}
}

// TestDelegation signs with the key of an identity. The signed text is that of
// https://learn.microsoft.com/en-us/rest/api/storageservices/create-user-delegation-sas, version 2020-12-06 and later.
func TestDelegation(t *testing.T) {
	secret := []byte("key of the identity")
	code := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.URL.String() != "/acc/?restype=service&comp=userdelegationkey" ||
			r.Header.Get("Authorization") != "Bearer t" || !bytes.Contains(body, []byte("<KeyInfo><Start>20")) {
			t.Errorf("%s %s %q %v", r.Method, r.URL, body, err)
		}
		if code != "" {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, errorXML, code, "")
			return
		}
		fmt.Fprintf(w, "\ufeff<?xml version=\"1.0\"?><UserDelegationKey><SignedOid>oid</SignedOid><SignedTid>tid</SignedTid>"+
			"<SignedStart>start</SignedStart><SignedExpiry>end</SignedExpiry><SignedService>b</SignedService>"+
			"<SignedVersion>ver</SignedVersion><Value>%s</Value></UserDelegationKey>", base64.StdEncoding.EncodeToString(secret))
	}))
	defer server.Close()
	b := openBucket(t, nil, team+"/x")
	b.credential = newTokens(func(context.Context) (token, error) { return token{"t", time.Now().Add(time.Hour)}, nil })
	endpoint, err := url.Parse(server.URL + "/acc")
	if err != nil {
		t.Fatal(err)
	}
	b.endpoint = endpoint
	signed, err := b.SignPut(t.Context(), "a b", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(signed.URL)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	want := sign(secret, "cw\n\n"+q.Get("se")+"\n/blob/account/team/a b\noid\ntid\nstart\nend\nb\nver\n\n\n\n\n\n2021-12-02\nb\n\n\n\n\n\n\n")
	if u.Path != "/acc/team/a b" || q.Get("sig") != want {
		t.Errorf("%s, want the signature %s", signed.URL, want)
	}
	if _, err := b.SignPut(t.Context(), "k", maxDelegation); !errors.Is(err, mlflow.InvalidParameterValue) {
		t.Errorf("too long: %v", err)
	}
	code = "AuthorizationPermissionMismatch"
	if _, err := b.SignPut(t.Context(), "k", time.Minute); !errors.Is(err, mlflow.NotImplemented) || !strings.Contains(err.Error(), "Storage Blob Delegator") {
		t.Errorf("no role: %v", err)
	}
	code = "AuthenticationFailed"
	if _, err := b.SignPut(t.Context(), "k", time.Minute); !errors.Is(err, mlflow.PermissionDenied) {
		t.Errorf("bad token: %v", err)
	}
}
