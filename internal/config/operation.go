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

// Who may read /metrics.
const (
	MetricsForUsers = "users" // whoever may use the API
	MetricsForAll   = "all"   // everybody who reaches the server
	MetricsOff      = "off"
)

// Log says what the server writes to its log, and how.
type Log struct {
	Level slog.Level
	JSON  bool
	// SlowRequest is from which duration on a request has a line of its own.
	SlowRequest time.Duration
	// SlowStatement is the same for a statement of the database; 0 for none.
	SlowStatement time.Duration
}

// LogOf returns the settings of the log for a command that has no flags for them.
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

// duration reads a time such as 500ms, 2s or 0.
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

// profileAddress takes an address of this machine alone: profiles show what is in
// memory, and taking one costs time.
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
			"must be an address of this machine alone, such as 127.0.0.1:6060; reach it from elsewhere through ssh or kubectl port-forward",
		)
	}
	return nil
}
