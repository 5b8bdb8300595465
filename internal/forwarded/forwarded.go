// Package forwarded determines the URL by which a client reached the server if there is
// a reverse proxy between them.
package forwarded

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// Proxies is the set of addresses of trusted reverse proxies.
type Proxies struct {
	all      bool
	networks []netip.Prefix
}

// Parse parses a comma-separated list of IP addresses and networks. The element * stands
// for all addresses.
func Parse(list string) (Proxies, error) {
	var p Proxies
	for part := range strings.SplitSeq(list, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		if part == "*" {
			p.all = true
			continue
		}
		network, err := ParseNetwork(part)
		if err != nil {
			return Proxies{}, err
		}
		p.networks = append(p.networks, network)
	}
	return p, nil
}

// ParseNetwork parses a network, or an IP address as the network of this address alone.
func ParseNetwork(text string) (netip.Prefix, error) {
	if network, err := netip.ParsePrefix(text); err == nil {
		return network, nil
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf(
			"%q is neither an IP address such as 10.0.0.1 nor a network such as 10.0.0.0/8", text)
	}
	address = address.Unmap()
	return netip.PrefixFrom(address, address.BitLen()), nil
}

// OnOtherMachines reports whether the set has an address that is not that of this machine.
func (p Proxies) OnOtherMachines() bool {
	return p.all || slices.ContainsFunc(p.networks, func(n netip.Prefix) bool { return !n.Masked().Addr().IsLoopback() })
}

// Everyone reports whether the set has all addresses of IPv4 or IPv6.
func (p Proxies) Everyone() bool {
	return p.all || slices.ContainsFunc(p.networks, func(n netip.Prefix) bool { return n.Bits() == 0 })
}

// trust reports whether the peer of a connection is a trusted proxy.
func (p Proxies) trust(remoteAddr string) bool {
	if p.all {
		return true
	}
	peer, err := netip.ParseAddrPort(remoteAddr)
	if err != nil {
		return false
	}
	address := peer.Addr().Unmap().WithZone("")
	return slices.ContainsFunc(p.networks, func(n netip.Prefix) bool { return n.Contains(address) })
}

type contextKey struct{}

// origin is what a trusted proxy says about a request: the parts of the URL that it
// changed, and the client.
type origin struct{ scheme, host, prefix, client string }

var (
	hostPattern   = regexp.MustCompile(`^[a-zA-Z0-9_.:\[\]-]{1,255}$`)
	prefixPattern = regexp.MustCompile(`^(/[a-zA-Z0-9_~-][a-zA-Z0-9_.~-]*)+$`)
)

// Handler reads the headers X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host and
// X-Forwarded-Prefix of requests from trusted proxies, for [Client], [Base] and [Prefix].
// A header of any other sender has
// no effect, and neither has a value that cannot be part of a URL. The host of the request
// remains as it is: a browser on a trusted address could otherwise evade the check of the
// Host header, which protects the server from DNS rebinding.
func (p Proxies) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !p.trust(r.RemoteAddr) {
			next.ServeHTTP(w, r)
			return
		}
		var o origin
		if scheme := last(r, "X-Forwarded-Proto"); scheme == "http" || scheme == "https" {
			o.scheme = scheme
		}
		if prefix := strings.TrimSuffix(last(r, "X-Forwarded-Prefix"), "/"); prefixPattern.MatchString(prefix) {
			o.prefix = prefix
		}
		if host := last(r, "X-Forwarded-Host"); hostPattern.MatchString(host) {
			o.host = host
		}
		if client, err := netip.ParseAddr(last(r, "X-Forwarded-For")); err == nil {
			o.client = client.Unmap().String()
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), contextKey{}, o)))
	})
}

// Trusted reports whether the peer of the connection is a trusted proxy.
func Trusted(r *http.Request) bool {
	_, trusted := r.Context().Value(contextKey{}).(origin)
	return trusted
}

// last returns the last element of a header. The proxy that is connected to this server
// added it; the client may have sent the others.
func last(r *http.Request, name string) string {
	values := r.Header.Values(name)
	if len(values) == 0 {
		return ""
	}
	value := values[len(values)-1]
	return strings.TrimSpace(value[strings.LastIndexByte(value, ',')+1:])
}

// Base returns the URL by which the client reached the root of the server, without a
// slash at the end.
func Base(r *http.Request) string {
	o, _ := r.Context().Value(contextKey{}).(origin)
	scheme := o.scheme
	if scheme == "" {
		scheme = "http"
		if r.TLS != nil {
			scheme = "https"
		}
	}
	return scheme + "://" + cmp.Or(o.host, r.Host) + o.prefix
}

// Prefix returns the path that a proxy removed from the URL of a request, such as /ml,
// or "".
func Prefix(r *http.Request) string {
	o, _ := r.Context().Value(contextKey{}).(origin)
	return o.prefix
}

// Client returns the IP address of the client: the one that a trusted proxy names, or
// else the peer of the connection.
func Client(r *http.Request) string {
	if o, _ := r.Context().Value(contextKey{}).(origin); o.client != "" {
		return o.client
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return peer.Addr().Unmap().WithZone("").String()
}
