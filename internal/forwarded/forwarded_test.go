package forwarded_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/millrace-ml/millrace/internal/forwarded"
)

func TestHeadersOfProxies(t *testing.T) {
	t.Parallel()
	const direct = "http://direct:5000"
	for _, c := range []struct {
		name, trusted, peer  string
		proto, host, prefix  []string
		wantBase, wantPrefix string
	}{
		{"all", "10.0.0.1", "10.0.0.1:99", []string{"https"}, []string{"ml.example"}, []string{"/ml"}, "https://ml.example/ml", "/ml"},
		{"another sender", "10.0.0.1", "10.0.0.2:99", []string{"https"}, []string{"ml.example"}, []string{"/ml"}, direct, ""},
		{"nobody is trusted", "", "10.0.0.1:99", []string{"https"}, []string{"ml.example"}, []string{"/ml"}, direct, ""},
		{"everybody is trusted", "*", "203.0.113.9:99", []string{"https"}, nil, nil, "https://direct:5000", ""},
		{"network", "192.168.0.0/16, 10.0.0.0/8", "10.9.8.7:99", []string{"https"}, nil, nil, "https://direct:5000", ""},
		{"outside of the network", "10.0.0.0/8", "11.0.0.1:99", []string{"https"}, nil, nil, direct, ""},
		{"IPv6", "::1", "[::1]:99", []string{"https"}, nil, nil, "https://direct:5000", ""},
		{"IPv4 in IPv6", "127.0.0.1", "[::ffff:127.0.0.1]:99", []string{"https"}, nil, nil, "https://direct:5000", ""},
		{"no headers", "10.0.0.1", "10.0.0.1:99", nil, nil, nil, direct, ""},
		{"chain", "10.0.0.1", "10.0.0.1:99", []string{"http, https"}, []string{"evil.example, ml.example"}, []string{"/evil,/ml"}, "https://ml.example/ml", "/ml"},
		{"header twice", "10.0.0.1", "10.0.0.1:99", []string{"http", "https"}, []string{"evil.example", "ml.example"}, nil, "https://ml.example", ""},
		{"slash at the end", "10.0.0.1", "10.0.0.1:99", nil, nil, []string{"/a/b/"}, direct + "/a/b", "/a/b"},
		{"unusable values", "10.0.0.1", "10.0.0.1:99", []string{"javascript"}, []string{"a/b"}, []string{"//evil.example"}, direct, ""},
		{"more unusable values", "10.0.0.1", "10.0.0.1:99", []string{""}, []string{"a\"b"}, []string{"/.."}, direct, ""},
		{"only the root", "10.0.0.1", "10.0.0.1:99", nil, nil, []string{"/"}, direct, ""},
		{"no address", "10.0.0.1", "@", []string{"https"}, nil, nil, direct, ""},
	} {
		proxies, err := forwarded.Parse(c.trusted)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Host, r.RemoteAddr = "direct:5000", c.peer
		for name, values := range map[string][]string{"X-Forwarded-Proto": c.proto, "X-Forwarded-Host": c.host, "X-Forwarded-Prefix": c.prefix} {
			for _, v := range values {
				r.Header.Add(name, v)
			}
		}
		var base, prefix string
		proxies.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			base, prefix = forwarded.Base(r), forwarded.Prefix(r)
		})).ServeHTTP(httptest.NewRecorder(), r)
		if base != c.wantBase || prefix != c.wantPrefix {
			t.Errorf("%s: base %q, prefix %q, want %q, %q", c.name, base, prefix, c.wantBase, c.wantPrefix)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, list := range []string{"proxy.example", "10.0.0.0/99", "10.0.0", "10.0.0.1 10.0.0.2", "127.0.0.1,x"} {
		if _, err := forwarded.Parse(list); err == nil {
			t.Errorf("%q was accepted", list)
		}
	}
}
