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

// The environment variables that [Connect] reads beside those of MLflow.
const (
	envTrustedHosts = "MILLRACE_TRUSTED_HOSTS"
	envLocalFiles   = "MILLRACE_LOCAL_FILES"
)

// maxRedirects is how many redirects one request follows, as in net/http.
const maxRedirects = 10

// WithTrustedHosts names hosts that get the client's credentials as the tracking
// server does, such as a separate server of artifacts. A host is written as
// host or host:port, for the scheme of the tracking server, or as an origin such
// as https://files.example:8443. [Connect] also reads MILLRACE_TRUSTED_HOSTS,
// a list with commas.
//
// Every other host that the tracking server redirects a request to gets the
// request without credentials, and an artifact URI mlflow-artifacts://host/...
// of any other host is refused.
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

// WithLocalFiles says whether the tracking server may name folders of this
// machine as the place of a run's or a model's files, as file: URIs and plain
// paths do. The client then reads and writes wherever the server says. Unless
// told otherwise, a server on this machine's loopback address may, and no other.
// A tunnel brings a remote server to a loopback address: use WithLocalFiles(false)
// with it. [Connect] also reads MILLRACE_LOCAL_FILES, true or false.
func WithLocalFiles(allow bool) Option { return func(c *Client) { c.localFiles = allow } }

// trustOptions returns the options that the environment asks for.
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

// origin is what credentials belong to.
type origin struct{ scheme, host, port string }

func originOf(u *url.URL) origin {
	o := origin{strings.ToLower(u.Scheme), strings.ToLower(u.Hostname()), u.Port()}
	if o.port == "" {
		o.port = map[string]string{"http": "80", "https": "443"}[o.scheme]
	}
	return o
}

// loopback tells whether the host is this machine.
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

// trusts tells whether requests to u may carry the credentials. A tracking
// server at http://host may send its clients to https://host, which keeps the
// credentials from then on; the ports must be the standard ones.
func (c *Client) trusts(u *url.URL) bool {
	at, base := originOf(u), c.baseOrigin()
	upgraded := base.scheme == "http" && base.port == "80" && at == origin{"https", base.host, "443"}
	return at == base || upgraded || slices.Contains(c.trusted, at)
}

// confined returns a copy of h that takes the credentials from a request that is
// redirected to a host without trust. They stay away on the rest of the way, as
// such a host may not choose what is done with them.
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

// withoutCredentials explains a refusal by a host that a request was redirected to.
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

// errHost refuses to send files to a host that the tracking server names.
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

// errFolder refuses to use a folder that a remote server names.
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

// unreachable tells whether an artifact URI is one that this client does not
// follow, while the run that has it works otherwise.
func unreachable(err error) bool {
	return errors.Is(err, NotImplemented) || errors.Is(err, PermissionDenied)
}
