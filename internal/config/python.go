package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/forwarded"
)

// tuning lists options of gunicorn and uvicorn for processes and logs. They have no
// effect here. Other options, such as those for TLS, are errors, because users rely on
// them.
var tuning = strings.Fields(
	"--log-level --timeout -t --graceful-timeout --keep-alive --timeout-keep-alive --workers -w --threads " +
		"--worker-class -k " +
		"--worker-connections --proxy-headers --max-requests " +
		"--max-requests-jitter --backlog --preload --reload --access-logfile " +
		"--error-logfile --access-log --no-access-log --loop --http",
)

// pythonOptions checks options of gunicorn and uvicorn. It reads --forwarded-allow-ips
// and --no-proxy-headers, because Millrace has trusted proxies as well.
func pythonOptions(c *Config, v string) error {
	words := strings.Fields(v)
	for i, word := range words {
		name, value, given := strings.Cut(word, "=")
		if name == "--no-proxy-headers" {
			c.TrustedProxies = forwarded.Proxies{}
			continue
		}
		if name == "--forwarded-allow-ips" {
			if !given {
				if i+1 == len(words) {
					return errors.New("--forwarded-allow-ips needs a value")
				}
				value = words[i+1]
			}
			if err := trustedProxies(c, strings.Trim(value, `'"`)); err != nil {
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

func trustedProxies(c *Config, v string) (err error) {
	c.TrustedProxies, err = forwarded.Parse(v)
	return err
}
