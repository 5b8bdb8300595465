package traces

import (
	"context"
	"database/sql"
	"errors"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// Search is a search of traces in some experiments. Limit is the most traces on a page.
type Search struct {
	ExperimentIDs     []int64
	Filter, PageToken string
	OrderBy           []string
	Limit             int
}

// SearchTraces returns a page of traces and the token of the next page, which is "" on the last
// page. Traces of deleted experiments are found, too.
func (s Traces) SearchTraces(ctx context.Context, in *Search) (list []tracing.TraceInfo, next string, err error) {
	q, err := search.Traces(s.Dialect.Search, in.ExperimentIDs, in.Filter, in.OrderBy)
	if err != nil {
		return nil, "", err
	}
	offset, err := search.DecodeOffset(in.PageToken)
	if err != nil || len(in.ExperimentIDs) == 0 {
		return nil, "", err
	}
	page := func(scanned search.Fragment) error {
		return s.ViewReplica(ctx, func(t Tx) error {
			list, next, err = t.searchPage(q, in, offset, scanned)
			return err
		})
	}
	if err = page(search.Fragment{}); !errors.Is(err, errScan) {
		return list, next, err
	}
	scanned, err := s.scanSpans(ctx, q.SpanScan)
	if err != nil {
		return nil, "", err
	}
	err = page(scanned)
	return list, next, err
}

// errScan says that all spans must be read, which several connections do in less time.
var errScan = errors.New("a scan of all spans is needed")

// searchPage reads a page of traces. scanned is the query of the ids that a scan of all spans has
// found, or empty before there was one.
func (t Tx) searchPage(
	q *search.Query, in *Search, offset int, scanned search.Fragment,
) (list []tracing.TraceInfo, next string, err error) {
	ids, err := t.searchIDs(q, in, offset, scanned)
	if err != nil {
		return nil, "", err
	}
	ids, next = base.CutPage(ids, in.Limit, offset)
	list = make([]tracing.TraceInfo, len(ids))
	for i, id := range ids {
		list[i].TraceID = id
	}
	return base.FillPage(list, offset, next, t.loadPage)
}

// searchIDs returns the ids of the traces of a page, and one more if there is another page. If one of
// the conditions is met by few traces, the search begins with these, which an index finds.
func (t Tx) searchIDs(q *search.Query, in *Search, offset int, scanned search.Fragment) ([]string, error) {
	scope, limit := inExperiments(in.ExperimentIDs), in.Limit+1
	p := plan{q, search.Fragment{SQL: `trace_info ti`}, base.Both(scope, q.Where), limit, offset}
	if scanned.SQL != "" {
		return t.run(p.among(t, scanned))
	}
	scansSpans := q.SpanScan.SQL != "" && q.ByNewest
	if scansSpans {
		if ids, ok, err := t.searchNewest(p, scope); ok || err != nil {
			return ids, err
		}
	}
	stop := limit + offset // A search in the order of the newest traces stops when it has so many.
	if !q.ByNewest {
		stop = base.AllRuns
	}
	rows := search.Fragment{SQL: `SELECT 1 FROM trace_info ti WHERE ` + scope.SQL, Args: scope.Args}
	best, err := t.Rarest(q, rows, stop)
	switch {
	case err != nil:
		return nil, err
	case best >= 0:
		p = p.among(t, q.Narrowers[best].Fragment)
	case scansSpans && t.Dialect.RowNumbers && q.ScansTable:
		return nil, errScan
	case scansSpans: // Reading the table is faster than looking up the spans of one trace after the other.
		p = p.among(t, q.SpanScan)
	}
	return t.run(p)
}

// plan is how a page of ids is read.
type plan struct {
	q             *search.Query
	from, where   search.Fragment
	limit, offset int
}

// among returns the plan that tests only the traces whose ids a query returns.
func (p plan) among(t Tx, ids search.Fragment) plan {
	from, where := t.Dialect.Among(ids, `trace_info`, `ti`, `request_id`)
	p.from, p.where = from, base.Both(where, p.where)
	return p
}

func (t Tx) run(p plan) ([]string, error) {
	return db.CollectUncached(
		t.Tx, `SELECT ti.request_id FROM `+p.from.SQL+` `+p.q.Joins.SQL+` WHERE `+p.where.SQL+
			` ORDER BY `+p.q.OrderBy.SQL+` LIMIT ? OFFSET ?`,
		base.Concat(p.from.Args, p.q.Joins.Args, p.where.Args, p.q.OrderBy.Args, []any{p.limit, p.offset}),
		base.ScanOne[string],
	)
}

// newestTraces is the number of traces whose spans are searched first.
const newestTraces = 2000

// searchNewest searches the newest traces only. ok is whether these fill the page, or are all there
// are.
func (t Tx) searchNewest(p plan, scope search.Fragment) (ids []string, ok bool, err error) {
	bound, err := db.CollectUncached(
		t.Tx, `SELECT ti.timestamp_ms FROM trace_info ti WHERE `+scope.SQL+` ORDER BY ti.timestamp_ms DESC LIMIT 1 OFFSET ?`,
		base.Concat(scope.Args, []any{newestTraces}), base.ScanOne[int64],
	)
	if err != nil {
		return nil, false, err
	}
	if len(bound) > 0 {
		p.where = base.Both(search.Fragment{SQL: `ti.timestamp_ms >= ?`, Args: []any{bound[0]}}, p.where)
	}
	ids, err = t.run(p)
	return ids, len(bound) == 0 || len(ids) == p.limit, err
}

// inExperiments returns the condition that a trace ti is in one of some experiments.
func inExperiments(ids []int64) search.Fragment {
	if len(ids) == 1 { // The order of an index that begins with the column is that of the page.
		return search.Fragment{SQL: `ti.experiment_id = ?`, Args: []any{ids[0]}}
	}
	return search.Fragment{SQL: `ti.experiment_id IN (?...)`, Args: []any{ids}}
}

// loadPage fills in the traces of a part of a page, of which the ids are known.
func (t Tx) loadPage(part []tracing.TraceInfo, b *base.Budget) error {
	at := make(map[string]*tracing.TraceInfo, len(part))
	ids := make([]string, len(part))
	for i := range part {
		at[part[i].TraceID], ids[i] = &part[i], part[i].TraceID
	}
	err := t.Each(
		`SELECT `+infoColumns+` FROM trace_info ti WHERE ti.request_id IN (?...)`, []any{ids},
		func(rows *sql.Rows) error {
			info, err := scanInfo(rows)
			if err == nil {
				*at[info.TraceID] = *info
			}
			return err
		},
	)
	if err != nil {
		return err
	}
	return t.loadInfos(part, b)
}
