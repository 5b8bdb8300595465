package webhook

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

// Targets says which URLs the server may send requests to.
type Targets struct {
	// Schemes are those of URLs.
	Schemes []string
	// AllowPrivate allows every address.
	AllowPrivate bool
	// Allowed are the networks of addresses that are allowed although they are not public.
	Allowed []netip.Prefix
	// Resolver resolves names. nil is that of the system.
	Resolver *net.Resolver
}

// resolveTimeout bounds the resolution of a name.
const resolveTimeout = 10 * time.Second

// Check returns an error for a URL that the server may not send requests to. It resolves the
// host of the URL.
func (t *Targets) Check(ctx context.Context, text string) error {
	if strings.TrimSpace(text) == "" {
		return invalid("Webhook URL cannot be empty or just whitespace: '%s'", text)
	}
	u, err := url.Parse(text)
	if err != nil {
		return invalid("Invalid webhook URL: %v", err)
	}
	if err := t.checkScheme(u); err != nil {
		return err
	}
	if u.Hostname() == "" {
		return invalid("Webhook URL must include a hostname: '%s'", text)
	}
	_, err = t.addresses(ctx, u.Hostname())
	return err
}

func (t *Targets) checkScheme(u *url.URL) error {
	if slices.Contains(t.Schemes, u.Scheme) {
		return nil
	}
	return invalid("Invalid webhook URL scheme: '%s'. Allowed schemes are: %s.", u.Scheme, strings.Join(t.Schemes, ", "))
}

func invalid(format string, args ...any) error {
	return mlflow.Errorf(mlflow.InvalidParameterValue, format, args...)
}

// addresses returns the addresses of a host. It returns an error if any of them is refused.
func (t *Targets) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	resolver := t.Resolver
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	found, err := resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, invalid("Cannot resolve Webhook URL hostname '%s': %v", host, err)
	}
	for _, a := range found {
		if !t.allowed(a) {
			return nil, invalid("Webhook URL must not resolve to a non-public IP address. '%s' resolves to %s. "+
				"The server's option --webhook-allowed-networks allows networks.", host, a.Unmap())
		}
	}
	return found, nil
}

// Dial connects to an address of the host of a URL. It resolves the name once and connects to
// an address that it has checked, so that a name cannot resolve to another address afterwards.
func (t *Targets) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addresses, err := t.addresses(ctx, host)
	if err != nil {
		return nil, err
	}
	var failures []error
	for _, a := range addresses {
		conn, err := new(net.Dialer).DialContext(ctx, network, net.JoinHostPort(a.String(), port))
		if err == nil {
			return conn, nil
		}
		failures = append(failures, err)
	}
	return nil, errors.Join(failures...)
}

func (t *Targets) allowed(a netip.Addr) bool {
	a = a.Unmap()
	if t.AllowPrivate || inAny(t.Allowed, a) {
		return true
	}
	if v4, embedded := embeddedIPv4(a); embedded {
		a = v4
	}
	return a.IsGlobalUnicast() && !inAny(notPublic, a)
}

func inAny(prefixes []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(a.WithZone("")) })
}

// embeddedIPv4 returns the IPv4 address that a translator or a tunnel sends packets for an IPv6
// address to: NAT64 (RFC 6052), 6to4 (RFC 3056) and Teredo (RFC 4380).
func embeddedIPv4(a netip.Addr) (v4 netip.Addr, embedded bool) {
	b := a.As16()
	switch {
	case !a.Is6():
		return a, false
	case netip.MustParsePrefix("64:ff9b::/96").Contains(a):
		return netip.AddrFrom4([4]byte(b[12:])), true
	case netip.MustParsePrefix("2002::/16").Contains(a):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	case netip.MustParsePrefix("2001::/32").Contains(a):
		return netip.AddrFrom4([4]byte{^b[12], ^b[13], ^b[14], ^b[15]}), true
	}
	return a, false
}

// notPublic are the networks in the registries of special-purpose addresses of IANA that are
// not globally reachable, and those of multicast.
var notPublic = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
	"192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
	"224.0.0.0/4", "240.0.0.0/4",
	"::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001:2::/48", "2001:10::/28", "2001:db8::/32", "3fff::/20",
	"5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
)

func prefixes(texts ...string) (list []netip.Prefix) {
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}
