package server

import (
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/config"
	"github.com/millrace-ml/millrace/mlflow"
)

// guard protects the server from web pages of other sites. It checks the Host header
// against DNS rebinding and the Origin or Referer against cross-site requests.
type guard struct {
	hosts, origins []pattern
	anyHost        []string // paths that accept any Host header
	frame          string
	disabled       bool
}

func newGuard(c *config.Config) *guard {
	g := &guard{frame: c.XFrameOptions, disabled: c.DisableSecurity, anyHost: auth.Probes}
	if c.Metrics == config.MetricsForAll {
		g.anyHost = append(slices.Clone(g.anyHost), metricsPath)
	}
	for _, h := range c.AllowedHosts {
		g.hosts = append(g.hosts, newPattern(h))
	}
	for _, o := range c.CORSAllowedOrigins {
		g.origins = append(g.origins, newPattern(o))
	}
	return g
}

// pattern matches a name with the wildcard *. A pattern of digits, dots and wildcards,
// such as 10.*, matches addresses only.
type pattern struct {
	exp       *regexp.Regexp
	addresses bool
}

var addressPattern = regexp.MustCompile(`^[0-9.*:]*[0-9][0-9.*:]*$`)

func newPattern(s string) pattern {
	quoted := strings.ReplaceAll(regexp.QuoteMeta(strings.ToLower(s)), `\*`, `.*`)
	return pattern{regexp.MustCompile(`^` + quoted + `$`), strings.Contains(s, "*") && addressPattern.MatchString(s)}
}

func (p pattern) match(s string, isIP bool) bool {
	return (!p.addresses || isIP) && p.exp.MatchString(s)
}

func (g *guard) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Add("Vary", "Origin")
		if g.frame != "NONE" {
			h.Set("X-Frame-Options", g.frame)
		}
		if g.disabled {
			next.ServeHTTP(w, r)
			return
		}
		if !g.allowedHost(r.Host) && !slices.Contains(g.anyHost, r.URL.Path) {
			refuse(
				w,
				"Invalid Host header: this server does not answer requests addressed to "+strconv.Quote(
					r.Host,
				)+". Its administrator can allow the name with --allowed-hosts.",
			)
			return
		}
		origin := r.Header.Get("Origin")
		allowed := origin != "" && g.allowedOrigin(origin, r.Host)
		if allowed {
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Allow-Credentials", "true")
			h.Set("Access-Control-Expose-Headers", apierror.RequestIDHeader)
		}
		if r.Method == http.MethodOptions && origin != "" && r.Header.Get("Access-Control-Request-Method") != "" {
			preflight(w, allowed)
			return
		}
		if changesState(r.Method) && !allowed && g.foreign(r) {
			refuse(
				w,
				"Cross-origin request blocked. The server's administrator can allow the origin with --cors-allowed-origins.",
			)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// foreign reports whether a page of another site sent the request, by the headers
// Origin, Referer or Sec-Fetch-Site. Programs send none of them.
func (g *guard) foreign(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" {
		return !g.allowedOrigin(origin, r.Host)
	}
	if referer := r.Header.Get("Referer"); referer != "" {
		u, err := url.Parse(referer)
		return err != nil || u.User != nil || !g.allowedOrigin(u.Scheme+"://"+u.Host, r.Host)
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site":
		return true
	}
	return false
}

func refuse(w http.ResponseWriter, message string) {
	apierror.Write(w, &mlflow.Error{Code: mlflow.PermissionDenied, Message: message})
}

func preflight(w http.ResponseWriter, allowed bool) {
	if !allowed {
		refuse(
			w,
			"Cross-origin request blocked. The server's administrator can allow the origin with --cors-allowed-origins.",
		)
		return
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS, PATCH")
	h.Set(
		"Access-Control-Allow-Headers",
		"Authorization, Content-Encoding, Content-Type, Range, X-Request-Id, X-Requested-With",
	)
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
}

func changesState(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}

// allowedHost reports whether a Host header is allowed. Without a configured list,
// localhost and private and loopback addresses are.
func (g *guard) allowedHost(header string) bool {
	host, ok := splitHost(header)
	if !ok {
		return false
	}
	ip := net.ParseIP(host)
	if len(g.hosts) > 0 {
		return slices.ContainsFunc(g.hosts, func(p pattern) bool {
			return p.match(host, ip != nil) || p.match(strings.ToLower(header), ip != nil)
		})
	}
	if ip != nil {
		return ip.IsLoopback() || ip.IsPrivate() || ip.IsUnspecified()
	}
	return host == "localhost"
}

var hostName = regexp.MustCompile(`^[a-zA-Z0-9_]([a-zA-Z0-9_.-]*[a-zA-Z0-9_])?$`)

// splitHost removes the port of a Host header and checks the form of both.
func splitHost(header string) (host string, ok bool) {
	host = header
	if h, port, err := net.SplitHostPort(header); err == nil {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return "", false
		}
		host = h
	} else if inner, bracketed := strings.CutPrefix(header, "["); bracketed {
		host, bracketed = strings.CutSuffix(inner, "]")
		if !bracketed {
			return "", false
		}
	}
	if net.ParseIP(host) == nil && !hostName.MatchString(host) {
		return "", false
	}
	return strings.ToLower(host), true
}

// allowedOrigin reports whether pages of an origin may send requests: pages of this
// server, of localhost, and of configured origins.
func (g *guard) allowedOrigin(origin, host string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" ||
		!strings.EqualFold(origin, u.Scheme+"://"+u.Host) {
		return false
	}
	name, ok := splitHost(u.Host)
	if !ok {
		return false
	}
	if strings.EqualFold(u.Host, host) || name == "localhost" || name == "127.0.0.1" || name == "::1" {
		return true
	}
	return slices.ContainsFunc(
		g.origins,
		func(p pattern) bool { return p.match(strings.ToLower(origin), net.ParseIP(name) != nil) },
	)
}
