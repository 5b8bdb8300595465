package storetest

import (
	"net/url"
	"testing"

	"github.com/millrace-ml/millrace/test/proxy"
)

// NewProxy returns a proxy before the server that a database URI names, and the
// URI of the same database through it. It ends with the test.
func NewProxy(t *testing.T, uri string) (p *proxy.Proxy, through string) {
	t.Helper()
	u, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	if p, err = proxy.New(t.Context(), u.Host); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	u.Host = p.Address
	return p, u.String()
}
