package traces

import (
	"context"
	"database/sql"

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
	err = s.ViewReplica(ctx, func(t Tx) error {
		list, next, err = t.searchPage(q, in, offset)
		return err
	})
	return list, next, err
}

// searchPage reads a page of traces.
func (t Tx) searchPage(q *search.Query, in *Search, offset int) (list []tracing.TraceInfo, next string, err error) {
	ids, err := t.searchIDs(q, in.ExperimentIDs, in.Limit+1, offset)
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

// searchIDs returns the ids of the traces of a page.
func (t Tx) searchIDs(q *search.Query, experiments []int64, limit, offset int) ([]string, error) {
	scope := inExperiments(experiments)
	return db.CollectUncached(
		t.Tx, `SELECT ti.request_id FROM trace_info ti `+q.Joins.SQL+` WHERE `+base.And(scope.SQL, q.Where.SQL)+
			` ORDER BY `+q.OrderBy.SQL+` LIMIT ? OFFSET ?`,
		base.Concat(q.Joins.Args, scope.Args, q.Where.Args, q.OrderBy.Args, []any{limit, offset}), base.ScanOne[string],
	)
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
