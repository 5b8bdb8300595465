// Package config defines the options of the server. Each has a flag, an environment
// variable, a default and a help text.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/forwarded"
)

// Config is the configuration of `millrace server`.
type Config struct {
	BackendStoreURI      string
	ReadStoreURI         string
	DBPoolSize           int
	RegistryStoreURI     string
	DefaultArtifactRoot  string
	ServeArtifacts       bool
	ArtifactsDestination string
	Host                 string
	Port                 int
	StaticPrefix         string
	AllowedHosts         []string
	ArtifactSchemes      []string
	CORSAllowedOrigins   []string
	TrustedProxies       forwarded.Proxies
	SSLCertFile          string // "" for plain HTTP
	SSLKeyFile           string
	XFrameOptions        string
	DisableSecurity      bool
	SQLiteSynchronous    string
	Workers              string
	TruncateLongValues   bool
	Log                  Log
	Metrics              string
	ExposePrometheus     string
	ProfileAddress       string
	ShutdownDelay        time.Duration
	AuditLogRetention    time.Duration // 0 is forever
	// Users, if not nil, configures users with passwords (--app-name basic-auth).
	Users *Users
	SSO   SSO
	// Webhooks configures the requests to webhooks.
	Webhooks Webhooks
	// ModelVersionSourcePattern, if not nil, must match the sources of model versions.
	ModelVersionSourcePattern *regexp.Regexp
}

// option defines an option and how to set it.
type option struct {
	flag, short, env, value, help string
	set                           func(c *Config, value string) error
}

var options = slices.Concat(mainOptions, ssoOptions, webhookOptions)

var mainOptions = []option{
	{
		"backend-store-uri",
		"",
		"MLFLOW_BACKEND_STORE_URI",
		"sqlite:///mlflow.db",
		"database of experiments, runs and models: sqlite:///relative.db, sqlite:////absolute.db, " +
			"postgresql://user:password@host/db or mysql://user:password@host/db",
		text(func(c *Config) *string { return &c.BackendStoreURI }),
	},
	{
		"read-store-uri", "", "MILLRACE_READ_STORE_URI", "",
		"standby of the backend store that serves searches and metric histories",
		text(func(c *Config) *string { return &c.ReadStoreURI }),
	},
	{
		"read-replica-backend-store-uri",
		"",
		"MLFLOW_READ_REPLICA_BACKEND_STORE_URI",
		"",
		"MLflow's name of --read-store-uri",
		func(c *Config, v string) error {
			c.ReadStoreURI = cmp.Or(c.ReadStoreURI, v)
			return nil
		},
	},
	{
		"db-pool-size",
		"",
		"MLFLOW_SQLALCHEMYSTORE_POOL_SIZE",
		"20",
		"maximum number of connections to PostgreSQL or MySQL; further requests wait",
		func(c *Config, v string) (err error) {
			c.DBPoolSize, err = numberIn(v, 1, 10_000)
			return err
		},
	},
	{
		"registry-store-uri", "", "MLFLOW_REGISTRY_STORE_URI", "",
		"database of registered models; must be the backend store",
		text(func(c *Config) *string { return &c.RegistryStoreURI }),
	},
	{
		"default-artifact-root",
		"",
		"MLFLOW_DEFAULT_ARTIFACT_ROOT",
		"",
		"URI below which new experiments store their artifacts (default mlflow-artifacts:/, or ./mlruns with " +
			"--no-serve-artifacts)",
		text(func(c *Config) *string { return &c.DefaultArtifactRoot }),
	},
	{
		"artifacts-destination", "", "MLFLOW_ARTIFACTS_DESTINATION", "./mlartifacts",
		"folder in which the server stores artifacts",
		text(func(c *Config) *string { return &c.ArtifactsDestination }),
	},
	{
		"host", "h", "MLFLOW_HOST", "127.0.0.1",
		"network address to listen on; 0.0.0.0 for all",
		text(func(c *Config) *string { return &c.Host }),
	},
	{
		"port", "p", "MLFLOW_PORT", "5000", "port to listen on; 0 selects a free one",
		func(c *Config, v string) (err error) {
			c.Port, err = numberIn(v, 0, 65535)
			return err
		},
	},
	{
		"ssl-certfile", "", "MILLRACE_SSL_CERTFILE", "",
		"PEM file of the server's certificate and those that signed it; the server then uses HTTPS",
		text(func(c *Config) *string { return &c.SSLCertFile }),
	},
	{
		"ssl-keyfile", "", "MILLRACE_SSL_KEYFILE", "", "PEM file of the private key of --ssl-certfile",
		text(func(c *Config) *string { return &c.SSLKeyFile }),
	},
	{
		"static-prefix", "", "MLFLOW_STATIC_PREFIX", "", "path prefix of all routes, such as /mlflow",
		func(c *Config, v string) error {
			if v != "" && (!strings.HasPrefix(v, "/") || strings.HasSuffix(v, "/") || strings.Contains(v, "//")) {
				return errors.New("must start with a slash and not end with one, such as /mlflow")
			}
			c.StaticPrefix = v
			return nil
		},
	},
	{
		"allowed-hosts",
		"",
		"MLFLOW_SERVER_ALLOWED_HOSTS",
		"",
		"comma-separated host names that requests may be addressed to, with * as a wildcard (default localhost and " +
			"private IP addresses)",
		list(func(c *Config) *[]string { return &c.AllowedHosts }),
	},
	{
		"allowed-artifact-schemes", "", "MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES", "",
		"comma-separated schemes, such as wasbs, whose URIs may name any host (default the hosts of the artifact options)",
		list(func(c *Config) *[]string { return &c.ArtifactSchemes }),
	},
	{
		"cors-allowed-origins", "", "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", "",
		"comma-separated web origins that may send requests, with * as a wildcard (default the server's own and localhost)",
		list(func(c *Config) *[]string { return &c.CORSAllowedOrigins }),
	},
	{
		"forwarded-allow-ips", "", "FORWARDED_ALLOW_IPS", "127.0.0.1,::1",
		"comma-separated addresses and networks of reverse proxies whose X-Forwarded-Proto, X-Forwarded-Host and " +
			"X-Forwarded-Prefix headers are used, * for all",
		trustedProxies,
	},
	{
		"x-frame-options", "", "MLFLOW_SERVER_X_FRAME_OPTIONS", "SAMEORIGIN",
		"which sites may show the pages in a frame: SAMEORIGIN, DENY or NONE (all sites)",
		func(c *Config, v string) error {
			c.XFrameOptions = strings.ToUpper(v)
			return oneOf(c.XFrameOptions, "SAMEORIGIN", "DENY", "NONE")
		},
	},
	{
		"sqlite-synchronous", "", "MILLRACE_SQLITE_SYNCHRONOUS", "full",
		"full: acknowledged writes survive a power failure; normal: they survive a crash of the server, and are faster",
		func(c *Config, v string) error {
			c.SQLiteSynchronous = strings.ToLower(v)
			return oneOf(c.SQLiteSynchronous, "full", "normal")
		},
	},
	{
		"model-version-source-pattern", "", "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX", "",
		"regular expression that must match a part of the source of a model version",
		func(c *Config, v string) (err error) {
			if v != "" {
				c.ModelVersionSourcePattern, err = regexp.Compile(v)
			}
			return err
		},
	},
	{
		"log-level", "", "MILLRACE_LOG_LEVEL", "info", "minimum level of log lines: debug, info, warn or error",
		logLevel,
	},
	{
		"log-format", "", "MILLRACE_LOG_FORMAT", "text", "format of log lines: text, or json with one object per line",
		func(c *Config, v string) error {
			c.Log.JSON = v == "json"
			return oneOf(v, "text", "json")
		},
	},
	{
		"log-slow-requests", "", "MILLRACE_LOG_SLOW_REQUESTS", "2s",
		"minimum duration of a request that is logged as slow; 0 logs all requests",
		duration(func(c *Config) *time.Duration { return &c.Log.SlowRequest }, 24*time.Hour),
	},
	{
		"log-slow-statements", "", "MILLRACE_LOG_SLOW_STATEMENTS", "1s",
		"minimum duration of a database statement that is logged as slow; 0 logs none",
		duration(func(c *Config) *time.Duration { return &c.Log.SlowStatement }, 24*time.Hour),
	},
	{
		"app-name", "", "MILLRACE_APP_NAME", "",
		"basic-auth requires user names and passwords; MLFLOW_AUTH_CONFIG_PATH names MLflow's file of settings",
		appName,
	},
	{
		"metrics", "", "MILLRACE_METRICS", MetricsForUsers,
		"who may read /metrics: users (everyone who may use the API), all (everyone, for any host name) or off (nobody)",
		func(c *Config, v string) error {
			c.Metrics = v
			return oneOf(v, MetricsForUsers, MetricsForAll, MetricsOff)
		},
	},
	{
		"expose-prometheus",
		"",
		"MLFLOW_EXPOSE_PROMETHEUS",
		"",
		"accepted for compatibility with MLflow; /metrics needs neither the option nor its folder",
		text(func(c *Config) *string { return &c.ExposePrometheus }),
	},
	{
		"profile-address", "", "MILLRACE_PROFILE_ADDRESS", "",
		"loopback address, such as 127.0.0.1:6060, that serves CPU and memory profiles (default none)",
		profileAddress,
	},
	{
		"shutdown-delay", "", "MILLRACE_SHUTDOWN_DELAY", "0s",
		"how long the server continues to accept requests after SIGTERM, while /readyz returns 503",
		duration(func(c *Config) *time.Duration { return &c.ShutdownDelay }, time.Hour),
	},
	{
		"audit-log-retention", "", "MILLRACE_AUDIT_LOG_RETENTION", "8760h",
		"how long a server with users keeps the entries of its audit log; 0s keeps them forever",
		duration(func(c *Config) *time.Duration { return &c.AuditLogRetention }, 100*365*24*time.Hour),
	},
	{
		"workers", "w", "MLFLOW_WORKERS", "", "accepted for compatibility with MLflow; one process uses all cores",
		text(func(c *Config) *string { return &c.Workers }),
	},
	{
		"gunicorn-opts",
		"",
		"MLFLOW_GUNICORN_OPTS",
		"",
		"accepted for compatibility with MLflow if the options only tune processes or logs",
		pythonOptions,
	},
	{
		"uvicorn-opts",
		"",
		"MLFLOW_UVICORN_OPTS",
		"",
		"accepted for compatibility with MLflow if the options tune processes or logs, or are those of TLS and proxies",
		pythonOptions,
	},
}

// switches lists the boolean options.
var switches = []struct {
	flag, env string
	value     bool
	help      string
	set       func(c *Config, on bool)
}{
	{
		"truncate-long-values", "MLFLOW_TRUNCATE_LONG_VALUES", true,
		"truncate params and run tags that are too long; false rejects them",
		func(c *Config, on bool) { c.TruncateLongValues = on },
	},
	{
		"webhook-allow-private-ips", "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS", false,
		"allow webhooks in every network; --webhook-allowed-networks allows some",
		func(c *Config, on bool) { c.Webhooks.AllowPrivate = on },
	},
	{
		"disable-security-middleware", "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE", false,
		"accept requests for any host from any origin; for tests only",
		func(c *Config, on bool) { c.DisableSecurity = on },
	},
}

// Flags adds the flags of the server to fs. Call Load after fs has been parsed.
func Flags(fs *pflag.FlagSet) {
	for _, o := range options {
		fs.StringP(o.flag, o.short, o.value, o.help+" ["+o.env+"]")
	}
	for _, s := range switches {
		fs.Bool(s.flag, s.value, s.help+" ["+s.env+"]")
	}
	fs.Bool(serveArtifacts.Flag, true, serveArtifacts.Help+" ["+serveArtifacts.Env+"]")
	fs.Bool(noServeArtifacts.Flag, false, noServeArtifacts.Help)
	refusedFlags(fs)
}

// Load returns the configuration from parsed flags and the environment. Flags take
// precedence.
func Load(fs *pflag.FlagSet, getenv func(string) string) (*Config, error) {
	if err := checkRefused(fs, getenv); err != nil {
		return nil, err
	}
	c := &Config{}
	for _, o := range options {
		value, from := fs.Lookup(o.flag).Value.String(), "--"+o.flag
		if env := getenv(o.env); env != "" && !fs.Changed(o.flag) {
			value, from = env, o.env
		}
		if err := o.set(c, value); err != nil {
			return nil, fmt.Errorf("%s %q: %w", from, value, err)
		}
	}
	for _, s := range switches {
		on, err := readSwitch(fs, s.flag, s.env, getenv)
		if err != nil {
			return nil, err
		}
		s.set(c, on)
	}
	if err := c.loadServeArtifacts(fs, getenv); err != nil {
		return nil, err
	}
	if c.Users != nil {
		var err error
		if c.Users, err = LoadUsers(getenv); err != nil {
			return nil, err
		}
	}
	if err := c.loadSSO(fs, getenv); err != nil {
		return nil, err
	}
	if err := c.loadWebhookKey(getenv); err != nil {
		return nil, err
	}
	return c, c.check(fs)
}

func readSwitch(fs *pflag.FlagSet, flag, env string, getenv func(string) string) (bool, error) {
	on := fs.Lookup(flag).Value.String() == "true"
	if v := getenv(env); v != "" && !fs.Changed(flag) {
		parsed, err := strconv.ParseBool(v)
		if err != nil {
			return false, fmt.Errorf("%s %q: must be true or false", env, v)
		}
		on = parsed
	}
	return on, nil
}

func (c *Config) loadServeArtifacts(fs *pflag.FlagSet, getenv func(string) string) (err error) {
	no := fs.Lookup("no-serve-artifacts").Value.String() == "true"
	if no && fs.Changed("serve-artifacts") {
		return errors.New("--serve-artifacts and --no-serve-artifacts contradict each other; give one")
	}
	c.ServeArtifacts, err = readSwitch(fs, "serve-artifacts", "MLFLOW_SERVE_ARTIFACTS", getenv)
	c.ServeArtifacts = c.ServeArtifacts && !no
	return err
}

func (c *Config) check(fs *pflag.FlagSet) error {
	if c.RegistryStoreURI != "" && c.RegistryStoreURI != c.BackendStoreURI {
		return errors.New(
			"--registry-store-uri: a registry apart from the backend store is not there yet; leave the option out",
		)
	}
	if !c.ServeArtifacts && fs.Changed("artifacts-destination") {
		return errors.New("--artifacts-destination has no meaning with --no-serve-artifacts; give one of the two")
	}
	if (c.SSLCertFile == "") != (c.SSLKeyFile == "") {
		return errors.New("--ssl-certfile and --ssl-keyfile need each other; one file may be both")
	}
	if c.ExposePrometheus != "" && c.Metrics == MetricsOff {
		return errors.New("--expose-prometheus contradicts --metrics off; give one of the two")
	}
	if c.DefaultArtifactRoot == "" {
		c.DefaultArtifactRoot = "mlflow-artifacts:/"
		if !c.ServeArtifacts {
			c.DefaultArtifactRoot = "mlruns"
		}
	}
	root, err := artifact.Absolute(c.DefaultArtifactRoot) // Clients may have another working directory.
	if err != nil {
		return err
	}
	c.DefaultArtifactRoot = root
	if !c.ServeArtifacts && strings.HasPrefix(c.DefaultArtifactRoot, "mlflow-artifacts:") {
		return errors.New(
			"--default-artifact-root " + c.DefaultArtifactRoot + " needs the server to keep artifacts; " +
				"leave --no-serve-artifacts out or choose another root",
		)
	}
	return nil
}

// DatabaseURI returns the backend store of a command without flags.
func DatabaseURI(getenv func(string) string) string {
	i := slices.IndexFunc(options, func(o option) bool { return o.flag == "backend-store-uri" })
	return cmp.Or(getenv(options[i].env), options[i].value)
}
