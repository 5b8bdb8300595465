package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"time"
)

// Values of --metrics: who may read /metrics.
const (
	MetricsForUsers = "users" // whoever may use the API
	MetricsForAll   = "all"   // everybody who reaches the server
	MetricsOff      = "off"
)

// Log configures the server's log.
type Log struct {
	Level slog.Level
	JSON  bool
	// SlowRequest is the duration from which a request is logged.
	SlowRequest time.Duration
	// SlowStatement is the duration from which a database statement is logged, 0 for
	// never.
	SlowStatement time.Duration
}

// LogOf returns the log configuration of a command without flags.
func LogOf(getenv func(string) string) (Log, error) {
	c := &Config{}
	for _, name := range []string{"log-level", "log-format"} {
		o := options[slices.IndexFunc(options, func(o option) bool { return o.flag == name })]
		value := o.value
		if v := getenv(o.env); v != "" {
			value = v
		}
		if err := o.set(c, value); err != nil {
			return c.Log, fmt.Errorf("%s %q: %w", o.env, value, err)
		}
	}
	return c.Log, nil
}

func logLevel(c *Config, v string) error {
	if err := oneOf(v, "debug", "info", "warn", "error"); err != nil {
		return err
	}
	return c.Log.Level.UnmarshalText([]byte(v))
}

// duration parses a duration such as 500ms, 2s or 0.
func duration(field func(*Config) *time.Duration, most time.Duration) func(*Config, string) error {
	return func(c *Config, v string) error {
		d, err := time.ParseDuration(v)
		if err != nil || d < 0 || d > most {
			return fmt.Errorf("must be a time from 0 to %s, such as 500ms or 2s", most)
		}
		*field(c) = d
		return nil
	}
}

// profileAddress accepts loopback addresses only, because profiles contain the contents
// of memory and cost time.
func profileAddress(c *Config, v string) error {
	c.ProfileAddress = v
	if v == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(v)
	if err != nil {
		return errors.New("must be an address with a port, such as 127.0.0.1:6060")
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return errors.New("must have a port from 0 to 65535, such as 127.0.0.1:6060")
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return errors.New(
			"must be an address of this machine alone, such as 127.0.0.1:6060; reach it from elsewhere through ssh or " +
				"kubectl port-forward",
		)
	}
	return nil
}
