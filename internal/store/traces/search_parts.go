package traces

import (
	"context"
	"encoding/json"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/base"
)

const (
	// maxScanners is the most connections that read spans for one search.
	maxScanners = 4
	// spansInPart is the number of row numbers in a part of the table. Parts are so small that all
	// connections end at about the same time.
	spansInPart = 2000
)

// scanSpans returns a query of the ids that a scan of spans returns. Several connections of SQLite
// read a part of the table each, because one of them keeps one processor busy. A trace that is
// written meanwhile may be among the ids or not.
func (s Traces) scanSpans(ctx context.Context, scan search.Fragment) (search.Fragment, error) {
	var first, last int64
	err := s.ScanReplica(ctx, func(t Tx) error {
		return t.QueryRow(`SELECT coalesce((SELECT min(rowid) FROM spans), 0), coalesce((SELECT max(rowid) FROM spans), -1)`).
			Scan(&first, &last)
	})
	if err != nil {
		return search.Fragment{}, err
	}
	var mu sync.Mutex
	var found []string
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(min(runtime.GOMAXPROCS(0), maxScanners))
	for from := first; from <= last && ctx.Err() == nil; from += spansInPart {
		group.Go(func() error {
			var ids []string
			err := s.ScanReplica(ctx, func(t Tx) (err error) {
				ids, err = db.CollectUncached(t.Tx, scan.SQL+` AND s.rowid BETWEEN ? AND ?`,
					base.Concat(scan.Args, []any{from, from + spansInPart - 1}), base.ScanOne[string])
				return err
			})
			mu.Lock()
			defer mu.Unlock()
			found = append(found, ids...)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return search.Fragment{}, err
	}
	slices.Sort(found)
	list, err := json.Marshal(slices.Compact(found)) // It is `null` if there are none.
	ids := search.Fragment{SQL: `SELECT value AS id FROM json_each(?) WHERE value IS NOT NULL`, Args: []any{string(list)}}
	return ids, err
}
