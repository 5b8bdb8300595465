// Package dbcopy copies whole databases: Copy into another database of any kind,
// Backup into a file.
package dbcopy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store/schema"
)

// Options configure Copy.
type Options struct {
	// DryRun lists what would be copied and changes nothing.
	DryRun bool
	// Restart deletes the rows of an interrupted copy from the target.
	Restart bool
	// BatchRows is the maximum of rows in a batch. 0 is 5,000.
	BatchRows int
	// Progress is called during the copy by one goroutine at a time. It may be nil.
	Progress func(Progress)
}

// Progress is the progress of a copy.
type Progress struct {
	// Verifying is whether the rows are being compared, after they were copied.
	Verifying bool
	Table     string
	// Done and Total count rows of all tables.
	Done, Total int64
}

// Report describes a copy.
type Report struct {
	Tables []Table
	// LeftOut are the tables of the source that are not copied, since the target does
	// not have them.
	LeftOut []string
	// Resumed is whether the copy continued an interrupted one.
	Resumed bool
	// Note is a hint on programs that write to the source, or "".
	Note string
}

// Table is a table and its number of rows in the source.
type Table struct {
	Name string
	Rows int64
}

// Rows returns the number of rows in all tables.
func (r *Report) Rows() (n int64) {
	for _, t := range r.Tables {
		n += t.Rows
	}
	return n
}

const (
	defaultBatchRows = 5000
	progressRows     = 5000
)

// Copy copies one of MLflow's databases into a new database of any kind, and
// compares the two. It reads one snapshot of the source, which may be in use. Copy
// continues a copy that was interrupted.
func Copy(ctx context.Context, from, to string, o Options) (*Report, error) {
	o.BatchRows = cmp.Or(o.BatchRows, defaultBatchRows)
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	source, err := openSource(ctx, from)
	if err != nil {
		return nil, err
	}
	r, err := copyFrom(ctx, source, to, o)
	return r, errors.Join(err, source.close())
}

func copyFrom(ctx context.Context, source *sourceDB, to string, o Options) (*Report, error) {
	if sameDatabase(source, databaseName(to)) {
		return nil, fmt.Errorf("the source and the target are both %s; name two databases", source.name)
	}
	if o.DryRun {
		return dryRun(ctx, source)
	}
	target, err := openTarget(ctx, to, source, o.Restart)
	if err != nil {
		return nil, err
	}
	c := &copying{source: source, target: target, o: o, report: &Report{Resumed: len(target.at) > 0}}
	if err := errors.Join(c.run(ctx), target.close()); err != nil {
		return nil, err
	}
	return c.report, nil
}

func sameDatabase(s *sourceDB, to string) bool {
	const sqlite = "sqlite:///"
	if s.flavor != db.SQLite || len(to) <= len(sqlite) {
		return s.name == to
	}
	a, errA := os.Stat(strings.TrimPrefix(s.name, sqlite))
	b, errB := os.Stat(to[len(sqlite):])
	return errA == nil && errB == nil && os.SameFile(a, b)
}

// copying is the state of one call of Copy.
type copying struct {
	source      *sourceDB
	target      *targetDB
	o           Options
	plan        []*tablePlan
	report      *Report
	done, total int64
}

func (c *copying) run(ctx context.Context) error {
	if err := c.prepare(ctx); err != nil {
		return err
	}
	sums := map[string]*checksum{}
	for _, t := range c.plan {
		sum, err := c.copyTable(ctx, t)
		if err != nil {
			return fmt.Errorf("copying stopped: %w", err)
		}
		sums[t.name] = sum
	}
	if err := c.verify(ctx, sums); err != nil {
		return err
	}
	if err := c.target.finish(ctx, c.plan); err != nil {
		return fmt.Errorf("everything is copied and compared, but the target %s could not be closed off: %w",
			c.target.name, err)
	}
	return nil
}

func (c *copying) prepare(ctx context.Context) (err error) {
	if c.report.Note, err = c.source.note(ctx); err != nil {
		return err
	}
	here, err := readCatalog(ctx, c.source.tx, c.source.flavor)
	if err != nil {
		return fmt.Errorf("reading the source's tables: %w", err)
	}
	there, err := readCatalog(ctx, c.target.conn, c.target.flavor)
	if err != nil {
		return fmt.Errorf("reading the target's tables: %w", err)
	}
	if c.plan, c.report.LeftOut, err = planTables(here, there); err != nil {
		return err
	}
	for _, t := range c.plan {
		t.flavorOfTarget = c.target.flavor
		n, err := c.source.count(ctx, t.name)
		if err != nil {
			return fmt.Errorf("counting the rows of the table %s: %w", t.name, err)
		}
		c.report.Tables = append(c.report.Tables, Table{t.name, n})
		c.total += n
		c.done += min(c.target.at[t.name].rows, n)
	}
	return nil
}

// copyTable copies the rows that the target does not have. It reads one batch while
// it writes another. It returns the checksum of the rows of the source if it has
// read all of them.
func (c *copying) copyTable(ctx context.Context, t *tablePlan) (*checksum, error) {
	after := c.target.at[t.name].key
	var sum checksum
	batches := make(chan batch, 1)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(batches)
		return c.source.read(ctx, t, after, c.o.BatchRows, func(b batch) error {
			for _, row := range b.rows {
				sum.add(t, row)
			}
			select {
			case batches <- b:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	})
	g.Go(func() error {
		for b := range batches {
			if err := c.target.write(ctx, t, b); err != nil {
				return err
			}
			c.done += int64(len(b.rows))
			c.o.Progress(Progress{Table: t.name, Done: c.done, Total: c.total})
		}
		return nil
	})
	if err := g.Wait(); err != nil || after != nil {
		return nil, err
	}
	return &sum, nil
}

func (c *copying) verify(ctx context.Context, sums map[string]*checksum) error {
	c.done = 0
	for i, t := range c.plan {
		seen := func(rows int64) {
			c.o.Progress(Progress{Verifying: true, Table: t.name, Done: c.done + rows, Total: c.total})
		}
		if err := verify(ctx, c.source, c.target, t, sums[t.name], seen); err != nil {
			if ctx.Err() == nil && c.report.Resumed {
				err = fmt.Errorf("%w. If the source was written to since the copy began, copy it anew with --restart", err)
			}
			return fmt.Errorf("the copy is not the same as the source: %w", err)
		}
		c.done += c.report.Tables[i].Rows
		seen(0)
	}
	return nil
}

// dryRun returns the report of a copy without opening the target.
func dryRun(ctx context.Context, s *sourceDB) (*Report, error) {
	r := &Report{}
	var err error
	if r.Note, err = s.note(ctx); err != nil {
		return nil, err
	}
	tables, err := schema.Tables(ctx, s.tx, s.flavor)
	if err != nil {
		return nil, err
	}
	known := s.tables.names()
	slices.Sort(known)
	for _, name := range known {
		if !tables[name] || isVersion(name) {
			continue
		}
		n, err := s.count(ctx, name)
		if err != nil {
			return nil, err
		}
		r.Tables = append(r.Tables, Table{name, n})
	}
	for name := range tables {
		if !slices.Contains(known, name) && name != schema.CopyProgressTable {
			r.LeftOut = append(r.LeftOut, name)
		}
	}
	slices.Sort(r.LeftOut)
	return r, nil
}
