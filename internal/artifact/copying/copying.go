// Package copying copies artifacts from one store to another and proves that the copies are equal.
//
// Every file that is copied is compared with its source: its SHA-256 sum is computed while the bytes of the source are
// sent, and the copy is read back, unless the store recorded a checksum that proves the same. A file that exists in the
// target with the same size is compared before it is copied, so that an interrupted copy continues where it stopped.
package copying

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/millrace-ml/millrace/internal/artifact"
)

// Options configure a copy.
type Options struct {
	// Folders are the folders to copy, with the same paths in both stores. None stands for the whole store.
	Folders []string
	// DryRun only counts the files. It compares sizes and not contents.
	DryRun bool
	// Settle lists both stores again after the copy, and adds files that were written in the meantime to the failures.
	Settle bool
	// Parallel is the number of files that are copied at the same time. Each file needs up to 15 MiB of memory.
	Parallel int
	// Progress is called after each file, from several goroutines. It may be nil.
	Progress func(Progress)
}

// Progress is a point in a copy.
type Progress struct {
	Path string
	// Bytes is the number of bytes that were copied or found equal, Files the number of these files.
	Bytes, Files int64
	// Total is the number of bytes of the source as far as they were counted, which happens during the copy.
	Total int64
}

// Report is the result of a copy. Files is the number of files of the source, which is the sum of the other three.
type Report struct {
	Files int64 `json:"files"`
	// Copied are the files that were copied and verified; in a dry run the files that are missing in the target or
	// have another size.
	Copied      int64 `json:"copied"`
	CopiedBytes int64 `json:"copied_bytes"`
	// Same are the files that the target had already.
	Same      int64 `json:"same"`
	SameBytes int64 `json:"same_bytes"`
	Failed    int64 `json:"failed"`
	// Failures are the first failures.
	Failures []Failure `json:"failures,omitempty"`
}

// Failure is a file that was not copied.
type Failure struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

const (
	// maxFailures is the number of failures in a report.
	maxFailures = 100
	// givenUp is the number of failures one after the other after which a copy ends.
	givenUp = 50
)

// Copy copies files and verifies them. Files of the target that the source does not have remain. The error is nil if
// some files failed; the report has their number.
func Copy(ctx context.Context, from, to artifact.Repo, o Options) (*Report, error) {
	source, ok1 := from.(artifact.Walker)
	target, ok2 := to.(artifact.Walker)
	if !ok1 || !ok2 {
		return nil, errors.New("one of the stores cannot list all of its files")
	}
	c := &copier{from: from, to: to, options: o, start: time.Now()}
	if o.Progress != nil {
		counting, stop := context.WithCancel(ctx)
		counted := make(chan struct{})
		go func() {
			defer close(counted)
			c.count(counting, source)
		}()
		defer func() { stop(); <-counted }()
	}
	for _, folder := range folders(o.Folders) {
		if err := c.folder(ctx, source, target, folder); err != nil {
			return &c.report, err
		}
	}
	if o.Settle && !o.DryRun && c.report.Failed == 0 {
		for _, folder := range folders(o.Folders) {
			if err := c.settle(ctx, source, target, folder); err != nil {
				return &c.report, err
			}
		}
	}
	return &c.report, nil
}

// folders returns the folders that are not below another one. The result has at least one element.
func folders(paths []string) []string {
	if len(paths) == 0 || slices.Contains(paths, "") {
		return []string{""}
	}
	sorted := slices.Compact(slices.Sorted(slices.Values(paths)))
	return slices.DeleteFunc(sorted, func(p string) bool {
		return slices.ContainsFunc(paths, func(above string) bool { return strings.HasPrefix(p, above+"/") })
	})
}

type copier struct {
	from, to artifact.Repo
	options  Options
	start    time.Time

	mu     sync.Mutex
	report Report
	row    int // number of failures since the last success

	total atomic.Int64 // bytes of the source that were counted
}

// count adds up the sizes of the files for the progress. It ends at the first error, which the copy meets as well.
func (c *copier) count(ctx context.Context, source artifact.Walker) {
	for _, folder := range folders(c.options.Folders) {
		for e, err := range source.Walk(ctx, folder) {
			if err != nil {
				return
			}
			c.total.Add(e.Size)
		}
	}
}

var errGivenUp = fmt.Errorf("%d files failed one after the other", givenUp)

func (c *copier) folder(ctx context.Context, source, target artifact.Walker, folder string) error {
	existing := newCursor(target.Walk(ctx, folder))
	defer existing.stop()
	group, working := errgroup.WithContext(ctx)
	group.SetLimit(max(1, c.options.Parallel))
	err := func() error {
		for e, err := range source.Walk(working, folder) {
			if err != nil {
				return fmt.Errorf("listing the source: %w", err)
			}
			if e.LeftOut != "" {
				if err := c.failed(e.Path, e.LeftOut); err != nil {
					return err
				}
				continue
			}
			size, err := existing.size(e.Path)
			if err != nil {
				return fmt.Errorf("listing the target: %w", err)
			}
			if c.options.DryRun {
				c.done(e, size == e.Size)
				continue
			}
			group.Go(func() error { return c.file(working, e, size == e.Size) })
		}
		return nil
	}()
	if failed := group.Wait(); failed != nil {
		return failed // The walk may have ended because of this error.
	}
	return err
}

// file copies a file and records the result. The error is not nil if the copy has to end.
func (c *copier) file(ctx context.Context, e artifact.Entry, exists bool) error {
	same, size, err := c.transfer(ctx, e.Path, exists)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return c.failed(e.Path, artifact.Message(err))
	}
	e.Size = size
	c.done(e, same)
	return nil
}

func (c *copier) done(e artifact.Entry, same bool) {
	c.mu.Lock()
	r := &c.report
	r.Files++
	if same {
		r.Same++
		r.SameBytes += e.Size
	} else {
		r.Copied++
		r.CopiedBytes += e.Size
	}
	c.row = 0
	at := Progress{Path: e.Path, Bytes: r.CopiedBytes + r.SameBytes, Files: r.Files}
	c.mu.Unlock()
	if c.options.Progress != nil {
		at.Total = max(at.Bytes, c.total.Load())
		c.options.Progress(at)
	}
}

func (c *copier) failed(path, reason string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.report.Files++
	c.report.Failed++
	if len(c.report.Failures) < maxFailures {
		c.report.Failures = append(c.report.Failures, Failure{path, reason})
	}
	if c.row++; c.row == givenUp {
		return fmt.Errorf("%w; the last one is '%s': %s", errGivenUp, path, reason)
	}
	return nil
}
