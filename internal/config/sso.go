package config

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// SSO configures single sign-on: by a provider of OpenID Connect if Issuer is not "", and
// by a reverse proxy if ProxyUserHeader is not "".
type SSO struct {
	Issuer, ClientID, ClientSecret, DeviceClientID, Name string
	Scopes, Audiences, AllowedDomains                    []string
	UsernameClaim, GroupsClaim, AdminGroup               string
	// ProxyUserHeader is the header by which a trusted reverse proxy names the user.
	ProxyUserHeader string
}

// Environment variables of the secret of the OpenID Connect client.
const (
	clientSecretEnv     = "MILLRACE_OIDC_CLIENT_SECRET"      //nolint:gosec // It is a name.
	clientSecretFileEnv = "MILLRACE_OIDC_CLIENT_SECRET_FILE" //nolint:gosec // It is a name.
)

const issuerFlag = "oidc-issuer"

// ssoOptions are the options of single sign-on. Those that begin with oidc- need
// --oidc-issuer.
var ssoOptions = []option{
	{
		issuerFlag, "", "MILLRACE_OIDC_ISSUER", "",
		"URL of the OpenID Connect provider by which users log in; its client's secret is in " +
			"MILLRACE_OIDC_CLIENT_SECRET or the file that MILLRACE_OIDC_CLIENT_SECRET_FILE names",
		issuer,
	},
	{
		"oidc-client-id", "", "MILLRACE_OIDC_CLIENT_ID", "", "client of the server at the provider",
		text(func(c *Config) *string { return &c.SSO.ClientID }),
	},
	{
		"oidc-device-client-id", "", "MILLRACE_OIDC_DEVICE_CLIENT_ID", "",
		"client of `millrace login` at the provider, which must have no secret (default the one of the server)",
		text(func(c *Config) *string { return &c.SSO.DeviceClientID }),
	},
	{
		"oidc-scopes", "", "MILLRACE_OIDC_SCOPES", "openid email profile groups",
		"scopes to ask the provider for, separated by spaces",
		scopes,
	},
	{
		"oidc-username-claim", "", "MILLRACE_OIDC_USERNAME_CLAIM", "email",
		"claim with the name of a new user, such as preferred_username; an address in email must be verified",
		name(func(c *Config) *string { return &c.SSO.UsernameClaim }),
	},
	{
		"oidc-groups-claim", "", "MILLRACE_OIDC_GROUPS_CLAIM", "groups",
		"claim with the groups of a user, which has the roles of the same names; also a path such as realm_access.roles",
		name(func(c *Config) *string { return &c.SSO.GroupsClaim }),
	},
	{
		"oidc-admin-group", "", "MILLRACE_OIDC_ADMIN_GROUP", "", "group whose members are administrators (default none)",
		text(func(c *Config) *string { return &c.SSO.AdminGroup }),
	},
	{
		"oidc-allowed-domains", "", "MILLRACE_OIDC_ALLOWED_DOMAINS", "",
		"comma-separated domains of the verified e-mail addresses that can log in (default every user of the provider)",
		list(func(c *Config) *[]string { return &c.SSO.AllowedDomains }),
	},
	{
		"oidc-audiences", "", "MILLRACE_OIDC_AUDIENCES", "",
		"comma-separated audiences of the provider's tokens that are accepted as MLFLOW_TRACKING_TOKEN, beside the clients",
		list(func(c *Config) *[]string { return &c.SSO.Audiences }),
	},
	{
		"oidc-name", "", "MILLRACE_OIDC_NAME", "", "name of the provider on the login page (default the host of the issuer)",
		text(func(c *Config) *string { return &c.SSO.Name }),
	},
	{
		proxyUserFlag, "", "MILLRACE_PROXY_USER_HEADER", "",
		"header, such as X-Forwarded-User, by which the proxies of --forwarded-allow-ips name the user (default none)",
		proxyUserHeader,
	},
}

const proxyUserFlag = "proxy-user-header"

func issuer(c *Config, v string) error {
	c.SSO.Issuer = v
	u, err := url.Parse(v)
	switch {
	case v == "":
		return nil
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" ||
		u.Fragment != "":
		return errors.New("must be a URL such as https://accounts.google.com")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return errors.New("must begin with https://, because everyone on the way could become any user otherwise")
	}
	return nil
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

func scopes(c *Config, v string) error {
	c.SSO.Scopes = strings.Fields(v)
	if !slices.Contains(c.SSO.Scopes, "openid") {
		return errors.New("must contain openid")
	}
	return nil
}

// name is text for an option that cannot be empty.
func name(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error {
		*field(c) = v
		if v == "" || strings.ContainsAny(v, " \t\r\n") {
			return errors.New("must be the name of a claim")
		}
		return nil
	}
}

var headerPattern = regexp.MustCompile(`^[A-Za-z0-9-]+$`)

// ownHeaders have another meaning.
var ownHeaders = []string{
	"authorization", "cookie", "host", "origin", "referer", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
	"x-forwarded-prefix", "x-csrf-token", "content-type", "content-length",
}

func proxyUserHeader(c *Config, v string) error {
	c.SSO.ProxyUserHeader = v
	if v != "" && (!headerPattern.MatchString(v) || slices.Contains(ownHeaders, strings.ToLower(v))) {
		return errors.New("must be the name of a header that has no other meaning, such as X-Forwarded-User")
	}
	return nil
}

// loadSSO reads the secret and checks that the options belong together.
func (c *Config) loadSSO(fs *pflag.FlagSet, getenv func(string) string) (err error) {
	c.SSO.ClientSecret, err = secretOf(getenv, clientSecretEnv, clientSecretFileEnv)
	if err != nil {
		return err
	}
	if c.SSO.ProxyUserHeader != "" {
		switch {
		case c.Users == nil:
			return errors.New("--proxy-user-header needs --app-name " + basicAuth)
		case c.TrustedProxies.Everyone():
			return errors.New("--proxy-user-header needs the addresses of the proxies in --forwarded-allow-ips, because " +
				"everyone could name any user otherwise")
		}
	}
	if c.SSO.Issuer == "" {
		return c.withoutIssuer(fs, getenv)
	}
	switch {
	case c.Users == nil:
		return errors.New("--oidc-issuer needs --app-name " + basicAuth)
	case c.SSO.ClientID == "":
		return errors.New("--oidc-issuer needs --oidc-client-id")
	}
	u, err := url.Parse(c.SSO.Issuer)
	if err == nil {
		c.SSO.Name = cmp.Or(c.SSO.Name, u.Hostname())
	}
	return err
}

// withoutIssuer returns an error if an option of a provider is set.
func (c *Config) withoutIssuer(fs *pflag.FlagSet, getenv func(string) string) error {
	for _, o := range ssoOptions {
		if o.flag != issuerFlag && o.flag != proxyUserFlag && (fs.Changed(o.flag) || getenv(o.env) != "") {
			return fmt.Errorf("--%s needs --oidc-issuer", o.flag)
		}
	}
	if c.SSO.ClientSecret != "" {
		return fmt.Errorf("%s needs --oidc-issuer", clientSecretEnv)
	}
	return nil
}
