package dbtest

import (
	"net/url"
	"testing"

	"github.com/millrace-ml/millrace/test/proxy"
)

// NewProxy starts a proxy in front of the server that a database URI names. It
// returns the proxy and the URI of the database through it. The proxy is closed
// when the test ends.
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
