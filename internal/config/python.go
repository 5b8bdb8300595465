package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/forwarded"
)

// tuning lists options of gunicorn and uvicorn for processes and logs. They have no
// effect here. Other options are errors, unless they are in pythonNames, because users
// rely on them.
var tuning = strings.Fields(
	"--log-level --timeout -t --graceful-timeout --keep-alive --timeout-keep-alive --workers -w --threads " +
		"--worker-class -k " +
		"--worker-connections --proxy-headers --max-requests " +
		"--max-requests-jitter --backlog --preload --reload --access-logfile " +
		"--error-logfile --access-log --no-access-log --loop --http",
)

// pythonNames lists options of gunicorn and uvicorn that Millrace has as well.
var pythonNames = map[string]func(c *Config, value string) error{
	"--forwarded-allow-ips": trustedProxies,
	"--ssl-certfile":        onlyOne("--ssl-certfile", func(c *Config) *string { return &c.SSLCertFile }),
	"--certfile":            onlyOne("--ssl-certfile", func(c *Config) *string { return &c.SSLCertFile }),
	"--ssl-keyfile":         onlyOne("--ssl-keyfile", func(c *Config) *string { return &c.SSLKeyFile }),
	"--keyfile":             onlyOne("--ssl-keyfile", func(c *Config) *string { return &c.SSLKeyFile }),
}

// pythonOptions checks options of gunicorn and uvicorn, and sets those that Millrace has
// as well.
func pythonOptions(c *Config, v string) error {
	words := strings.Fields(v)
	for i, word := range words {
		name, value, given := strings.Cut(word, "=")
		if name == "--no-proxy-headers" {
			c.TrustedProxies = forwarded.Proxies{}
			continue
		}
		if set := pythonNames[name]; set != nil {
			if !given {
				if i+1 == len(words) {
					return fmt.Errorf("%s needs a value", name)
				}
				value = words[i+1]
			}
			if err := set(c, strings.Trim(value, `'"`)); err != nil {
				return err
			}
			continue
		}
		if strings.HasPrefix(word, "-") && !slices.Contains(tuning, name) {
			return fmt.Errorf("there is no Python server to pass %s to; leave it out", name)
		}
	}
	return nil
}

// onlyOne sets an option that may also have been set by its flag.
func onlyOne(flag string, field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error {
		if old := *field(c); old != "" && old != v {
			return fmt.Errorf("%s contradicts %s %q", v, flag, old)
		}
		*field(c) = v
		return nil
	}
}

func trustedProxies(c *Config, v string) (err error) {
	c.TrustedProxies, err = forwarded.Parse(v)
	return err
}
