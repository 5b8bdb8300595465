// Package store keeps experiments, runs and models in the database that MLflow
// itself uses, at alembic revision dc11669786a5. Public methods open a
// transaction; the lower-case helpers on tx compose inside it.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	_ "modernc.org/sqlite" // The embedded database.

	"github.com/millrace-ml/millrace/internal/search"
)

// Options says where the store is and how it behaves.
type Options struct {
	// URI is MLflow's --backend-store-uri: sqlite:///relative.db or
	// sqlite:////absolute.db.
	URI string
	// ArtifactRoot is the URI under which new experiments keep their files.
	ArtifactRoot string
	// Synchronous is SQLite's setting of that name: "full" (the default)
	// survives a power cut, "normal" only a crash of the program.
	Synchronous string
	Log         *slog.Logger
}

// Store is an open MLflow database.
type Store struct {
	db           *sql.DB
	writer       *writer
	readers      chan *conn
	dialect      search.Dialect
	artifactRoot string
	log          *slog.Logger

	closing  sync.Once
	closeErr error
}

// Open opens the database, making the file and its tables when there is none.
// A database at another schema revision is refused.
func Open(ctx context.Context, o Options) (*Store, error) {
	path, err := sqlitePath(o.URI)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("making the database's folder: %w", err)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Synchronous == "" {
		o.Synchronous = "full"
	}
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?_txlock=immediate" +
		"&_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)&_pragma=case_sensitive_like(1)" +
		"&_pragma=journal_mode(WAL)&_pragma=temp_store(memory)&_pragma=cache_size(-32000)&_pragma=synchronous(" + url.QueryEscape(o.Synchronous) + ")"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	s := &Store{db: db, dialect: search.SQLite, artifactRoot: o.ArtifactRoot, log: o.Log}
	if err := s.start(ctx, path); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

func (s *Store) start(ctx context.Context, path string) error {
	w, err := s.newConn(ctx)
	if err != nil {
		return fmt.Errorf("opening the database %s: %w", path, err)
	}
	if err := prepareSchema(ctx, w, s.artifactRoot); err != nil {
		return fmt.Errorf("opening the database %s: %w", path, err)
	}
	n := max(4, 2*runtime.GOMAXPROCS(0))
	s.readers = make(chan *conn, n)
	for range n {
		c, err := s.newConn(ctx)
		if err != nil {
			return fmt.Errorf("opening the database %s: %w", path, err)
		}
		if _, err := c.raw.ExecContext(ctx, "PRAGMA query_only = 1"); err != nil {
			return err
		}
		s.readers <- c
	}
	s.writer = startWriter(w, s.log) //nolint:contextcheck // The writer outlives the call that starts it.
	return nil
}

// Close waits for the reads and writes under way and closes the database, whose
// log SQLite then folds into the file.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.writer.stop()
		s.closeErr = s.writer.c.close()
		for range cap(s.readers) {
			c := <-s.readers
			s.closeErr = errors.Join(s.closeErr, c.close())
		}
		s.closeErr = errors.Join(s.closeErr, s.db.Close())
	})
	return s.closeErr
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	return s.read(ctx, func(t tx) error {
		var one int
		return t.queryRow("SELECT 1").Scan(&one)
	})
}

// sqlitePath returns the file that an MLflow database URI names.
func sqlitePath(uri string) (string, error) {
	rest, ok := strings.CutPrefix(uri, "sqlite:///")
	if !ok {
		scheme, _, _ := strings.Cut(uri, ":")
		return "", fmt.Errorf("the backend store %q cannot be opened: only sqlite:///path is supported, not %q", redact(uri), scheme)
	}
	if path, query, found := strings.Cut(rest, "?"); found {
		return "", fmt.Errorf("the backend store sqlite:///%s has options (%s), which Millrace does not take", path, query)
	}
	if rest == "" || rest == ":memory:" {
		return "", errors.New("the backend store must be a file, such as sqlite:///mlflow.db; a database in memory would lose what it acknowledged")
	}
	return filepath.Abs(rest)
}

// redact hides the password of a database URI.
func redact(uri string) string {
	if u, err := url.Parse(uri); err == nil {
		return u.Redacted()
	}
	return "(unreadable)"
}

func nowMS() int64 { return time.Now().UnixMilli() }
