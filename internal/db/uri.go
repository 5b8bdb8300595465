package db

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
)

// sqlitePragmas are the options of every connection that may write to SQLite.
const sqlitePragmas = "?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)" +
	"&_pragma=case_sensitive_like(1)&_pragma=journal_mode(WAL)&_pragma=temp_store(memory)&_pragma=cache_size(-16000)"

// target is the database that a URI names.
type target struct {
	flavor Flavor
	path   string // of the file of a SQLite database
	db     *sql.DB
	// connector opens the connections of db; nil for SQLite.
	connector driver.Connector
}

// OpenSQL opens the database that one of MLflow's URIs names, and does not check
// its contents: sqlite:///path.db, postgresql://user:password@host/db or
// mysql://user:password@host/db. It accepts the driver names of SQLAlchemy and the
// usual options. It returns an error for options that it does not know.
func OpenSQL(ctx context.Context, uri string) (*sql.DB, Flavor, error) {
	t, err := openTarget(ctx, uri, "full")
	if err != nil {
		return nil, 0, err
	}
	return t.db, t.flavor, nil
}

// OpenSQLReadOnly is OpenSQL for a database that is only read. It does not create
// the file of a SQLite database, and does not change its journal mode.
func OpenSQLReadOnly(ctx context.Context, uri string) (*sql.DB, Flavor, error) {
	if !isSQLite(uri) {
		return OpenSQL(ctx, uri)
	}
	path, err := SQLitePath(uri)
	if err != nil {
		return nil, 0, err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, 0, fmt.Errorf("there is no database: %w", err)
	}
	// Open with mode=rw, since SQLite may have to roll back a transaction that a
	// crash interrupted.
	db, err := sql.Open("sqlite", sqliteFile(path)+
		"?mode=rw&_pragma=busy_timeout(10000)&_pragma=query_only(1)&_pragma=cache_size(-32000)")
	return db, SQLite, err
}

func openTarget(ctx context.Context, uri, synchronous string) (target, error) {
	scheme, _, _ := strings.Cut(uri, ":")
	name, _, _ := strings.Cut(scheme, "+")
	switch {
	case isSQLite(uri):
		path, err := SQLitePath(uri)
		if err != nil {
			return target{}, err
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return target{}, fmt.Errorf("making the database's folder: %w", err)
		}
		db, err := sql.Open("sqlite", sqliteFile(path)+sqlitePragmas+"&_pragma=synchronous("+url.QueryEscape(synchronous)+")")
		return target{flavor: SQLite, path: path, db: db}, err
	case name == "postgresql" || name == "postgres":
		config, err := postgresConfig(uri)
		if err != nil {
			return target{}, err
		}
		pgx := stdlib.GetConnector(*config, stdlib.OptionAfterConnect(checkClientConnection))
		connector := newDetachedConnector(pgx)
		return target{flavor: PostgreSQL, db: sql.OpenDB(connector), connector: connector}, nil
	case name == "mysql" || name == "mariadb":
		config, err := mysqlConfig(uri)
		if err != nil {
			return target{}, err
		}
		return openMySQL(ctx, config)
	}
	return target{}, fmt.Errorf("the backend store %q cannot be opened: Millrace knows sqlite:///path.db, "+
		"postgresql:// and mysql://, not %q", RedactURI(uri), scheme)
}

// isSQLite reports whether a URI names a SQLite database and, if it names a
// driver, the one that SQLAlchemy uses for files.
func isSQLite(uri string) bool {
	scheme, _, _ := strings.Cut(uri, ":")
	return scheme == "sqlite" || scheme == "sqlite+" || scheme == "sqlite+pysqlite"
}

// sqliteFile returns the URI by which SQLite's driver opens a file.
func sqliteFile(path string) string { return "file:" + (&url.URL{Path: path}).EscapedPath() }

// SQLitePath returns the file that the URI of a SQLite database names.
func SQLitePath(uri string) (string, error) {
	scheme, rest, _ := strings.Cut(uri, ":")
	if name, _, _ := strings.Cut(scheme, "+"); name != "sqlite" || !strings.HasPrefix(rest, "///") {
		return "", errors.New("the backend store of SQLite is written sqlite:///relative/path.db " +
			"or sqlite:////absolute/path.db")
	}
	rest = rest[len("///"):]
	if path, query, found := strings.Cut(rest, "?"); found {
		return "", fmt.Errorf("the backend store sqlite:///%s has options (%s), which Millrace does not take", path, query)
	}
	if rest == "" || rest == ":memory:" {
		return "", errors.New("the backend store must be a file, such as sqlite:///mlflow.db; " +
			"a database in memory would lose what it acknowledged")
	}
	return filepath.Abs(rest)
}

// parseServer parses the URI of a database server. Its errors do not contain the
// password.
func parseServer(uri string) (*url.URL, url.Values, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return nil, nil, errors.New("the backend store's URI cannot be read; special characters in the user name and " +
			"password must be written as %XX (@ as %40, / as %2F, # as %23)")
	}
	options, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, nil, fmt.Errorf("the options of the backend store %s cannot be read", RedactURI(uri))
	}
	if name := strings.TrimPrefix(u.Path, "/"); (name == "" || strings.Contains(name, "/")) && !options.Has("dbname") {
		return nil, nil, fmt.Errorf("the backend store %s must name one database: %s://user:password@host/database",
			RedactURI(uri), u.Scheme)
	}
	return u, options, nil
}

// postgresOptions are the options of libpq that pgx accepts, and pgx's own options.
var postgresOptions = []string{
	"host", "hostaddr", "port", "dbname", "user", "password", "passfile", "service", "servicefile",
	"connect_timeout", "target_session_attrs",
	"sslmode", "sslcert", "sslkey", "sslrootcert", "sslpassword", "sslsni", "sslnegotiation",
	"channel_binding", "krbspn", "krbsrvname",
	"application_name", "options", "search_path", "timezone",
	"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout",
	"default_query_exec_mode", "statement_cache_capacity", "description_cache_capacity",
}

// postgresNoOps are options of libpq that have no effect here: TCP keep-alive is
// always on, text is always UTF-8 and GSS encryption is never used.
var postgresNoOps = []string{
	"keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout",
	"client_encoding", "gssencmode",
}

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
			return nil, fmt.Errorf("the backend store %s has the option %q, which Millrace does not know; it takes %s",
				RedactURI(uri), name, strings.Join(postgresOptions, ", "))
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

// checkClientConnection makes the server end a statement whose connection is
// closed, for example because the client of the request has disconnected. The
// setting exists since PostgreSQL 14.
func checkClientConnection(ctx context.Context, c *pgx.Conn) error {
	_, err := c.Exec(ctx, "SELECT set_config(name, '1s', false) FROM pg_settings "+
		"WHERE name = 'client_connection_check_interval'")
	return err
}

// withoutURI returns the cause of an error of pgx, whose own message contains the
// connection string.
func withoutURI(err error) string {
	if inner := errors.Unwrap(err); inner != nil {
		return inner.Error()
	}
	return "its options are not understood"
}

// RedactURI returns the URI of a database without its passwords.
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
