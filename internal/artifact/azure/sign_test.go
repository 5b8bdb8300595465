package azure

import (
	"net/http"
	"strings"
	"testing"
)

// TestStringToSign has the examples of
// https://learn.microsoft.com/en-us/rest/api/storageservices/authorize-with-shared-key.
func TestStringToSign(t *testing.T) {
	for _, c := range []struct {
		method, url, body string
		header            map[string]string
		want              string
	}{
		{
			"GET", "https://myaccount.blob.core.windows.net/mycontainer?comp=metadata&restype=container&timeout=20", "",
			map[string]string{"x-ms-version": "2015-02-21", "x-ms-date": "Fri, 26 Jun 2015 23:39:12 GMT"},
			"GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n" +
				"/myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20",
		},
		{
			"GET", "https://myaccount.blob.core.windows.net/mycontainer?restype=container&comp=list&" +
				"include=snapshots&include=metadata&include=uncommittedblobs", "",
			map[string]string{"x-ms-version": "2015-02-21", "x-ms-date": "Fri, 26 Jun 2015 23:39:12 GMT"},
			"GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n" +
				"/myaccount/mycontainer\ncomp:list\ninclude:metadata,snapshots,uncommittedblobs\nrestype:container",
		},
		{
			"PUT", "http://127.0.0.1:10000/devstoreaccount1/c/a%20b%3F", "body",
			map[string]string{
				"Content-MD5": "md5==", "Content-Type": "text/plain", "x-ms-blob-type": "BlockBlob", "x-ms-version": "v",
				"If-Match": `"e"`,
			},
			"PUT\n\n\n4\nmd5==\ntext/plain\n\n\n\"e\"\n\n\n\nx-ms-blob-type:BlockBlob\nx-ms-version:v\n" +
				"/myaccount/devstoreaccount1/c/a%20b%3F",
		},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, c.url, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range c.header {
			r.Header.Set(name, value)
		}
		if got := stringToSign("myaccount", r); got != c.want {
			t.Errorf("%s %s:\n got %q\nwant %q", c.method, c.url, got, c.want)
		}
	}
}
