package config

import (
	"net"
	"strconv"
)

// LocalURL returns the base URL, for programs on the same machine, of a server that listens
// on host and port. A server that listens on all addresses is reached at the loopback address.
func (c *Config) LocalURL(host string, port int) string {
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	scheme := "http://"
	if c.SSLCertFile != "" {
		scheme = "https://"
	}
	return scheme + net.JoinHostPort(host, strconv.Itoa(port)) + c.StaticPrefix
}
