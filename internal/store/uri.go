package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // The embedded database.

	"github.com/millrace-ml/millrace/internal/store/schema"
)

// sqlitePragmas go with every connection to SQLite.
const sqlitePragmas = "?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)&_pragma=case_sensitive_like(1)" +
	"&_pragma=journal_mode(WAL)&_pragma=temp_store(memory)&_pragma=cache_size(-16000)"

// target is the database that a URI names.
type target struct {
	flavor schema.Flavor
	path   string // of SQLite's file
	db     *sql.DB
	// connector makes db's connections; nil for SQLite.
	connector driver.Connector
}

// OpenSQL opens the database that one of MLflow's URIs names, without a look at
// what is in it: sqlite:///path.db, postgresql://user:password@host/db or
// mysql://user:password@host/db, with SQLAlchemy's driver names and the usual
// options understood, and others refused by name.
func OpenSQL(ctx context.Context, uri string) (*sql.DB, schema.Flavor, error) {
	t, err := openTarget(ctx, uri, "full")
	if err != nil {
		return nil, 0, err
	}
	return t.db, t.flavor, nil
}

func openTarget(ctx context.Context, uri, synchronous string) (target, error) {
	scheme, _, _ := strings.Cut(uri, ":")
	name, library, _ := strings.Cut(scheme, "+")
	switch name {
	case "sqlite":
		if library != "" && library != "pysqlite" {
			break
		}
		path, err := sqlitePath("sqlite" + strings.TrimPrefix(uri, scheme))
		if err != nil {
			return target{}, err
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return target{}, fmt.Errorf("making the database's folder: %w", err)
		}
		db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+sqlitePragmas+"&_pragma=synchronous("+url.QueryEscape(synchronous)+")")
		return target{flavor: schema.SQLite, path: path, db: db}, err
	case "postgresql", "postgres":
		config, err := postgresConfig(uri)
		if err != nil {
			return target{}, err
		}
		connector := newPatientConnector(stdlib.GetConnector(*config, stdlib.OptionAfterConnect(noticeHangUps)))
		return target{flavor: schema.PostgreSQL, db: sql.OpenDB(connector), connector: connector}, nil
	case "mysql", "mariadb":
		config, err := mysqlConfig(uri)
		if err != nil {
			return target{}, err
		}
		return openMySQL(ctx, config)
	}
	return target{}, fmt.Errorf("the backend store %q cannot be opened: Millrace knows sqlite:///path.db, postgresql:// and mysql://, not %q", RedactURI(uri), scheme)
}

// sqlitePath returns the file that an MLflow database URI names.
func sqlitePath(uri string) (string, error) {
	rest, ok := strings.CutPrefix(uri, "sqlite:///")
	if !ok {
		return "", errors.New("the backend store of SQLite is written sqlite:///relative/path.db or sqlite:////absolute/path.db")
	}
	if path, query, found := strings.Cut(rest, "?"); found {
		return "", fmt.Errorf("the backend store sqlite:///%s has options (%s), which Millrace does not take", path, query)
	}
	if rest == "" || rest == ":memory:" {
		return "", errors.New("the backend store must be a file, such as sqlite:///mlflow.db; a database in memory would lose what it acknowledged")
	}
	return filepath.Abs(rest)
}

// parseServer reads the URI of a database server. Its errors hold no password.
func parseServer(uri string) (*url.URL, url.Values, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return nil, nil, errors.New("the backend store's URI cannot be read; special characters in the user name and password must be written as %XX (@ as %40, / as %2F, # as %23)")
	}
	options, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, nil, fmt.Errorf("the options of the backend store %s cannot be read", RedactURI(uri))
	}
	if name := strings.TrimPrefix(u.Path, "/"); (name == "" || strings.Contains(name, "/")) && !options.Has("dbname") {
		return nil, nil, fmt.Errorf("the backend store %s must name one database: %s://user:password@host/database", RedactURI(uri), u.Scheme)
	}
	return u, options, nil
}

// postgresOptions are those of libpq's options that pgx takes as they are, and
// pgx's own.
var postgresOptions = []string{
	"host", "hostaddr", "port", "dbname", "user", "password", "passfile", "service", "servicefile", "connect_timeout", "target_session_attrs",
	"sslmode", "sslcert", "sslkey", "sslrootcert", "sslpassword", "sslsni", "sslnegotiation", "channel_binding", "krbspn", "krbsrvname",
	"application_name", "options", "search_path", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "timezone",
	"default_query_exec_mode", "statement_cache_capacity", "description_cache_capacity",
}

// postgresNoOps are options of libpq that change nothing here: TCP keep-alive is
// always on, text is always UTF-8 and GSS encryption is never used.
var postgresNoOps = []string{"keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout", "client_encoding", "gssencmode"}

func postgresConfig(uri string) (*pgx.ConnConfig, error) {
	u, options, err := parseServer(uri)
	if err != nil {
		return nil, err
	}
	for name := range options {
		switch {
		case slices.Contains(postgresNoOps, name):
			options.Del(name)
		case !slices.Contains(postgresOptions, name):
			return nil, fmt.Errorf("the backend store %s has the option %q, which Millrace does not know; it takes %s", RedactURI(uri), name, strings.Join(postgresOptions, ", "))
		}
	}
	u.Scheme, u.RawQuery = "postgresql", options.Encode()
	config, err := pgx.ParseConfig(u.String())
	if err != nil {
		return nil, fmt.Errorf("the backend store %s cannot be used: %s", RedactURI(uri), withoutURI(err))
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 10 * time.Second
	}
	if _, ok := config.RuntimeParams["application_name"]; !ok {
		config.RuntimeParams["application_name"] = "millrace"
	}
	return config, nil
}

// noticeHangUps lets the server end a statement whose connection is gone, as it is
// after a client has hung up. Servers before PostgreSQL 14 have no such setting.
func noticeHangUps(ctx context.Context, c *pgx.Conn) error {
	_, err := c.Exec(ctx, "SELECT set_config(name, '1s', false) FROM pg_settings WHERE name = 'client_connection_check_interval'")
	return err
}

// withoutURI is what pgx found wrong, without the connection string it repeats.
func withoutURI(err error) string {
	if inner := errors.Unwrap(err); inner != nil {
		return inner.Error()
	}
	return "its options are not understood"
}

// RedactURI hides the password of a database URI.
func RedactURI(uri string) string {
	if u, err := url.Parse(uri); err == nil {
		for _, secret := range []string{"password", "sslpassword"} {
			if q := u.Query(); q.Has(secret) {
				q.Set(secret, "xxxxx")
				u.RawQuery = q.Encode()
			}
		}
		return u.Redacted()
	}
	scheme, _, _ := strings.Cut(uri, ":")
	return scheme + "://(unreadable)"
}
