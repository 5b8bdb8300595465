package db

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// openMySQL finds out whether the server is MySQL or MariaDB, and the collation of
// the tables, which must also be that of the connections, so that literals compare
// like columns.
func openMySQL(ctx context.Context, c *mysql.Config) (target, error) {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return target{}, err
	}
	first := sql.OpenDB(connector)
	defer first.Close()
	var version string
	var collation sql.NullString
	err = first.QueryRowContext(ctx, `SELECT version(), (SELECT table_collation FROM information_schema.tables
		WHERE table_schema = database() AND table_name = 'experiments')`).Scan(&version, &collation)
	if err != nil {
		return target{}, fmt.Errorf("connecting to the backend store at %s: %w", c.Addr, err)
	}
	t := target{flavor: MySQL}
	isolation := "transaction_isolation"
	if strings.Contains(version, "MariaDB") {
		t.flavor, isolation = MariaDB, "tx_isolation"
	}
	c.Params[isolation] = "'READ-COMMITTED'"
	c.Collation = cmp.Or(collation.String, t.flavor.Collation())
	if !strings.HasPrefix(c.Collation, "utf8mb4_") {
		c.Collation = t.flavor.Collation()
	}
	if connector, err = mysql.NewConnector(c); err != nil {
		return target{}, err
	}
	t.connector = newDetachedConnector(connector)
	t.db = sql.OpenDB(t.connector)
	return t, nil
}

// mysqlConfig accepts the options of PyMySQL and mysqlclient, which URIs of MLflow
// may have.
func mysqlConfig(uri string) (*mysql.Config, error) {
	u, options, err := parseServer(uri)
	if err != nil {
		return nil, err
	}
	c := mysql.NewConfig()
	c.User = u.User.Username()
	c.Passwd, _ = u.User.Password()
	c.Net, c.Addr = "tcp", net.JoinHostPort(cmp.Or(u.Hostname(), "127.0.0.1"), cmp.Or(u.Port(), "3306"))
	c.DBName = strings.TrimPrefix(u.Path, "/")
	c.Timeout = 10 * time.Second
	c.Logger = &mysql.NopLogger{} // The driver also returns what it logs as an error.
	c.InterpolateParams = true    // A query takes one round trip, and works behind every proxy.
	c.ClientFoundRows = true      // UPDATE counts the rows that it matches, as the other databases do.
	c.Params = map[string]string{
		"sql_mode": "'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO," +
			"NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO'",
		"innodb_lock_wait_timeout": "10",
		"time_zone":                "'+00:00'",
	}
	if err := setMySQLOptions(c, options); err != nil {
		return nil, fmt.Errorf("the backend store %s: %w", RedactURI(uri), err)
	}
	return c, nil
}

func setMySQLOptions(c *mysql.Config, options url.Values) error {
	tlsConfig := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: strings.Split(c.Addr, ":")[0]}
	useTLS, verify := false, true
	for name, values := range options {
		v := values[len(values)-1]
		var err error
		switch name {
		case "charset":
			if v != "utf8mb4" {
				err = errors.New("only charset=utf8mb4 keeps all text")
			}
		case "unix_socket":
			c.Net, c.Addr = "unix", v
		case "connect_timeout":
			c.Timeout, err = seconds(v)
		case "read_timeout":
			c.ReadTimeout, err = seconds(v)
		case "write_timeout":
			c.WriteTimeout, err = seconds(v)
		case "ssl", "ssl_verify_cert", "ssl_verify_identity":
			useTLS = true
			if name != "ssl" {
				verify, err = strconv.ParseBool(v)
			}
		case "ssl_disabled":
			if on, parseErr := strconv.ParseBool(v); parseErr != nil || !on {
				err = errors.New("takes true")
			}
		case "ssl_ca":
			useTLS, tlsConfig.RootCAs = true, x509.NewCertPool()
			var pem []byte
			pem, err = os.ReadFile(v) //nolint:gosec // The administrator names the file.
			if err == nil && !tlsConfig.RootCAs.AppendCertsFromPEM(pem) {
				err = errors.New("the file holds no certificate")
			}
		case "ssl_cert", "ssl_key":
			useTLS = true
			if name == "ssl_cert" {
				var pair tls.Certificate
				pair, err = tls.LoadX509KeyPair(v, options.Get("ssl_key"))
				tlsConfig.Certificates = []tls.Certificate{pair}
			}
		default:
			err = errors.New("this option is not known; there are charset, unix_socket, connect_timeout, read_timeout, " +
				"write_timeout, ssl, ssl_ca, ssl_cert, ssl_key, ssl_verify_cert, ssl_verify_identity and ssl_disabled")
		}
		if err != nil {
			return fmt.Errorf("the option %s=%s: %w", name, v, err)
		}
	}
	if useTLS {
		tlsConfig.InsecureSkipVerify = !verify // The URI may disable the verification.
		c.TLS = tlsConfig
	}
	return nil
}

func seconds(v string) (time.Duration, error) {
	n, err := strconv.ParseFloat(v, 64)
	if err != nil || n <= 0 || n > 1e6 {
		return 0, errors.New("must be a number of seconds")
	}
	return time.Duration(n * float64(time.Second)), nil
}
