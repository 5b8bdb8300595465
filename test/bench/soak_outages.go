package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/test/proxy"
)

// outage makes the database unavailable for a while.
type outage struct {
	name       string
	begin, end func(ctx context.Context) error
}

// outageTime is the duration of an outage.
const outageTime = 5 * time.Second

// weakDatabase creates a database and the outages it can have: another program locks
// SQLite's file; a proxy refuses, stalls and cuts the connections of a server.
func (b *bench) weakDatabase(ctx context.Context) (uri string, outages []outage, drop func(), err error) {
	dir, err := os.MkdirTemp("", "millrace-soak-")
	if err != nil {
		return "", nil, nil, err
	}
	uri, dropDatabase, err := b.database(ctx, dir, "soak")
	if err != nil {
		return "", nil, nil, err
	}
	clean := func() {
		dropDatabase()
		_ = os.RemoveAll(dir)
	}
	if b.server == "" {
		return uri, []outage{lockFile(filepath.Join(dir, "mlflow.db"))}, clean, nil
	}
	u, err := url.Parse(uri)
	if err != nil {
		clean()
		return "", nil, nil, err
	}
	between, err := proxy.New(ctx, u.Host)
	if err != nil {
		clean()
		return "", nil, nil, err
	}
	u.Host = between.Address
	return u.String(), outagesOf(between), func() {
		between.Close()
		clean()
	}, nil
}

func outagesOf(p *proxy.Proxy) []outage {
	do := func(f func()) func(context.Context) error {
		return func(context.Context) error {
			f()
			return nil
		}
	}
	return []outage{
		{"refuse", do(p.Refuse), p.Accept},
		{"stall", do(p.Stall), do(p.Resume)},
		{"cut", do(p.Cut), do(func() {})},
	}
}

// lockFile returns an outage in which another program has the write lock of SQLite's
// file.
func lockFile(path string) outage {
	var sqlDB *sql.DB
	return outage{
		name: "locked file",
		begin: func(ctx context.Context) (err error) {
			if sqlDB, _, err = db.OpenSQL(ctx, "sqlite:///"+path); err != nil {
				return err
			}
			sqlDB.SetMaxOpenConns(1)
			_, err = sqlDB.ExecContext(ctx, "BEGIN IMMEDIATE")
			return err
		},
		end: func(context.Context) error { return sqlDB.Close() },
	}
}

// interrupt starts an outage every tenth of the time, alternating between the kinds.
func (s *soak) interrupt(ctx context.Context, d time.Duration, outages []outage) {
	for i := 0; ; i++ {
		select {
		case <-time.After(d/10 - outageTime):
		case <-ctx.Done():
			return
		}
		if deadline, _ := ctx.Deadline(); time.Until(deadline) < 2*outageTime {
			return // Leave time to recover.
		}
		o := outages[i%len(outages)]
		if err := o.begin(ctx); err != nil {
			fmt.Fprintf(os.Stdout, "  %s: %v\n", o.name, err)
			continue
		}
		s.outages.Add(1)
		select {
		case <-time.After(outageTime):
		case <-ctx.Done():
		}
		if err := o.end(context.WithoutCancel(ctx)); err != nil {
			fmt.Fprintf(os.Stdout, "  %s: %v\n", o.name, err)
		}
	}
}
