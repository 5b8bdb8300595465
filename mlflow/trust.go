package mlflow

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Environment variables of [Connect] in addition to those of MLflow.
const (
	envTrustedHosts = "MILLRACE_TRUSTED_HOSTS"
	envLocalFiles   = "MILLRACE_LOCAL_FILES"
)

// maxRedirects is the most redirects of a request, as in net/http.
const maxRedirects = 10

// WithTrustedHosts lists hosts that receive the client's credentials, such as a separate
// artifact server. A host is host or host:port, with the scheme of the tracking server,
// or an origin such as https://files.example:8443. [Connect] also reads
// MILLRACE_TRUSTED_HOSTS, a list separated by commas.
//
// Other hosts to which the tracking server redirects a request receive it without
// credentials. Artifact URIs mlflow-artifacts://host/... with other hosts are refused.
func WithTrustedHosts(hosts ...string) Option {
	return func(c *Client) {
		for _, host := range hosts {
			text := host
			if !strings.Contains(text, "://") {
				text = c.scheme() + "://" + text
			}
			u, err := url.Parse(text)
			if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" ||
				strings.Trim(u.Path, "/") != "" ||
				u.User != nil {
				c.invalid = Errorf(
					InvalidParameterValue,
					"a trusted host is written as host, host:port or https://host:port, not %q",
					host,
				)
				return
			}
			c.trusted = append(c.trusted, originOf(u))
		}
	}
}

// WithLocalFiles sets whether the tracking server may choose local directories for the
// files of runs and models by file: URIs or plain paths. The client then reads and
// writes wherever the server says. By default, only a server at a loopback address may.
// If a tunnel connects a loopback address to a remote server, use WithLocalFiles(false).
// [Connect] also reads MILLRACE_LOCAL_FILES, true or false.
func WithLocalFiles(allow bool) Option { return func(c *Client) { c.localFiles = allow } }

// trustOptions returns the options of the environment.
func trustOptions() ([]Option, error) {
	var options []Option
	for host := range strings.SplitSeq(os.Getenv(envTrustedHosts), ",") {
		if host = strings.TrimSpace(host); host != "" {
			options = append(options, WithTrustedHosts(host))
		}
	}
	if text := os.Getenv(envLocalFiles); text != "" {
		allow, err := strconv.ParseBool(text)
		if err != nil {
			return nil, Errorf(InvalidParameterValue, "%s is true or false, not %q", envLocalFiles, text)
		}
		options = append(options, WithLocalFiles(allow))
	}
	return options, nil
}

// origin is the scheme, host and port to which credentials belong.
type origin struct{ scheme, host, port string }

func originOf(u *url.URL) origin {
	o := origin{strings.ToLower(u.Scheme), strings.ToLower(u.Hostname()), u.Port()}
	if o.port == "" {
		o.port = map[string]string{"http": "80", "https": "443"}[o.scheme]
	}
	return o
}

// loopback reports whether the host is this machine.
func (o origin) loopback() bool {
	ip := net.ParseIP(o.host)
	return o.host == "localhost" || ip != nil && (ip.IsLoopback() || ip.IsUnspecified())
}

func (c *Client) scheme() string {
	scheme, _, _ := strings.Cut(c.base, ":")
	return scheme
}

// baseOrigin returns the origin of the tracking server.
func (c *Client) baseOrigin() origin {
	u, err := url.Parse(c.base)
	if err != nil {
		return origin{}
	}
	return originOf(u)
}

// trusts reports whether requests to u may have credentials. A tracking server at
// http://host may redirect to https://host on the standard ports.
func (c *Client) trusts(u *url.URL) bool {
	at, base := originOf(u), c.baseOrigin()
	upgraded := base.scheme == "http" && base.port == "80" && at == origin{"https", base.host, "443"}
	return at == base || upgraded || slices.Contains(c.trusted, at)
}

// confined returns a copy of h that removes the credentials of requests that are
// redirected to an untrusted host, and of all further redirects of such a request.
func (c *Client) confined(h *http.Client) *http.Client {
	confined := *h
	confined.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		req.Header.Del("Authorization")
		onTheWay := func(r *http.Request) bool { return !c.trusts(r.URL) }
		if c.trusts(req.URL) && !slices.ContainsFunc(via, onTheWay) {
			c.authorize(req)
		}
		switch {
		case h.CheckRedirect != nil:
			return h.CheckRedirect(req, via)
		case len(via) >= maxRedirects:
			return fmt.Errorf("stopped after %d redirects", maxRedirects)
		}
		return nil
	}
	return &confined
}

// withoutCredentials adds the reason to an error of a host that received no credentials.
func (c *Client) withoutCredentials(resp *http.Response, err error) error {
	refused := resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden
	if !refused || c.trusts(resp.Request.URL) {
		return err
	}
	host := resp.Request.URL.Scheme + "://" + resp.Request.URL.Host
	return fmt.Errorf(
		"%w (the tracking server redirected the request to %s, which got no credentials; mlflow.WithTrustedHosts or "+
			"%s=%s lets it have them)",
		err,
		host,
		envTrustedHosts,
		host,
	)
}

// errHost returns the error for an artifact URI with an untrusted host.
func (c *Client) errHost(uri, host string) error {
	return Errorf(
		PermissionDenied,
		"the server at %s says that the files are at %s, and %s gets neither requests nor credentials of this client; "+
			"mlflow.WithTrustedHosts(%q) or %s=%s lets it have them",
		c.base,
		uri,
		host,
		host,
		envTrustedHosts,
		host,
	)
}

// errFolder returns the error for a local directory that a remote server chose.
func (c *Client) errFolder(uri string) error {
	return Errorf(
		PermissionDenied,
		"the server at %s says that the files are at %s, on this machine, which a remote server may not choose; start "+
			"it with --serve-artifacts so that it passes files on, or, if this machine shares that folder with it, use "+
			"mlflow.WithLocalFiles(true) or %s=true",
		c.base,
		uri,
		envLocalFiles,
	)
}

// unreachable reports whether the client cannot access an artifact URI. A run with such
// a URI works except for its artifacts.
func unreachable(err error) bool {
	return errors.Is(err, NotImplemented) || errors.Is(err, PermissionDenied)
}
