package s3

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
)

// TestOrderOfLists has pages with files and folders, which the store returns apart.
func TestOrderOfLists(t *testing.T) {
	pages := map[string]string{
		"": `<Contents><Key>p/b.txt</Key></Contents><Contents><Key>p/d</Key></Contents>` +
			`<CommonPrefixes><Prefix>p/a/</Prefix></CommonPrefixes><CommonPrefixes><Prefix>p/c/</Prefix></CommonPrefixes>` +
			`<IsTruncated>true</IsTruncated><NextContinuationToken>2</NextContinuationToken>`,
		"2": `<Contents><Key>p/x</Key></Contents><CommonPrefixes><Prefix>p/e/</Prefix></CommonPrefixes>`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "<ListBucketResult>%s</ListBucketResult>", pages[r.URL.Query().Get("continuation-token")])
	}))
	defer server.Close()
	b := fixedBucket(t, server.URL)
	var keys []string
	for o, err := range b.List(t.Context(), "p/", true, 0) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, o.Key)
	}
	if want := []string{"p/a/", "p/b.txt", "p/c/", "p/d", "p/e/", "p/x"}; !slices.Equal(keys, want) {
		t.Errorf("got %q, want %q", keys, want)
	}
	keys = nil
	for o, err := range b.List(t.Context(), "p/", true, 0) { // The reader stops early.
		if err != nil {
			t.Fatal(err)
		}
		if keys = append(keys, o.Key); len(keys) == 2 {
			break
		}
	}
	if len(keys) != 2 {
		t.Errorf("got %q", keys)
	}
}
