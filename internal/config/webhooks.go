package config

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/forwarded"
	"github.com/millrace-ml/millrace/internal/webhook/fernet"
)

// Webhooks configures the requests to webhooks.
type Webhooks struct {
	// Schemes are those of URLs: https, http or both.
	Schemes []string
	// AllowPrivate allows addresses of private networks, and AllowedNetworks those of some.
	AllowPrivate    bool
	AllowedNetworks []netip.Prefix
	// Timeout is the time that a request may take, Retries how often one is repeated, Workers how
	// many are sent at once.
	Timeout time.Duration
	Retries int
	Workers int
	// LogRetention is how long the log keeps deliveries.
	LogRetention time.Duration
	// Key encrypts secrets. Without one, there are no secrets.
	Key fernet.Key
}

// webhookKeyEnv is the environment variable of the key, which MLflow has, too, and
// webhookKeyFileEnv that of the file with the key.
const (
	webhookKeyEnv     = "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY"
	webhookKeyFileEnv = "MILLRACE_WEBHOOK_SECRET_ENCRYPTION_KEY_FILE"
)

var webhookOptions = []option{
	{
		"webhook-allowed-schemes", "", "MLFLOW_WEBHOOK_ALLOWED_SCHEMES", "https",
		"comma-separated schemes of the URLs of webhooks: https, http; the key that encrypts their secrets is in " +
			webhookKeyEnv + " or the file that " + webhookKeyFileEnv + " names",
		func(c *Config, v string) error {
			for part := range strings.SplitSeq(v, ",") {
				scheme := strings.ToLower(strings.TrimSpace(part))
				if err := oneOf(scheme, "https", "http"); err != nil {
					return err
				}
				if !slices.Contains(c.Webhooks.Schemes, scheme) {
					c.Webhooks.Schemes = append(c.Webhooks.Schemes, scheme)
				}
			}
			return nil
		},
	},
	{
		"webhook-allowed-networks", "", "MILLRACE_WEBHOOK_ALLOWED_NETWORKS", "",
		"comma-separated networks, such as 10.2.0.0/16, that webhooks may be in although they are not public (default none)",
		func(c *Config, v string) error {
			for part := range strings.SplitSeq(v, ",") {
				if part = strings.TrimSpace(part); part == "" {
					continue
				}
				network, err := forwarded.ParseNetwork(part)
				if err != nil {
					return err
				}
				c.Webhooks.AllowedNetworks = append(c.Webhooks.AllowedNetworks, network)
			}
			return nil
		},
	},
	{
		"webhook-timeout", "", "MLFLOW_WEBHOOK_REQUEST_TIMEOUT", "30",
		"seconds that a request to a webhook may take",
		func(c *Config, v string) error {
			n, err := numberIn(v, 1, 600)
			c.Webhooks.Timeout = time.Duration(n) * time.Second
			return err
		},
	},
	{
		"webhook-max-retries", "", "MLFLOW_WEBHOOK_REQUEST_MAX_RETRIES", "10",
		"how often a request to a webhook is repeated, after 1, 3, 9, ... seconds and at most an hour",
		func(c *Config, v string) (err error) {
			c.Webhooks.Retries, err = numberIn(v, 0, 100)
			return err
		},
	},
	{
		"webhook-workers", "", "MLFLOW_WEBHOOK_DELIVERY_MAX_WORKERS", "10",
		"number of requests to webhooks at once",
		func(c *Config, v string) (err error) {
			c.Webhooks.Workers, err = numberIn(v, 1, 100)
			return err
		},
	},
	{
		"webhook-log-retention", "", "MILLRACE_WEBHOOK_LOG_RETENTION", "336h",
		"how long the log of webhooks keeps deliveries",
		duration(func(c *Config) *time.Duration { return &c.Webhooks.LogRetention }, 10*365*24*time.Hour),
	},
}

// loadWebhookKey reads the key of the secrets of webhooks.
func (c *Config) loadWebhookKey(getenv func(string) string) error {
	text, err := secretOf(getenv, webhookKeyEnv, webhookKeyFileEnv)
	if err != nil {
		return err
	}
	c.Webhooks.Key, err = fernet.ParseKey(text)
	if err != nil {
		return errors.New(webhookKeyEnv + ": " + err.Error())
	}
	return nil
}
