package traces

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// Stored is a trace with the contents of its spans.
type Stored struct {
	Info *tracing.TraceInfo
	// Contents are the JSON texts of the spans, roots first and then by start.
	Contents []string
}

// maxContents is the approximate number of bytes of spans that one response can have.
const maxContents = 256 << 20

var errTooLarge = mlflow.Errorf(mlflow.InvalidParameterValue,
	"The spans of the traces have more than %d MiB together; ask for fewer traces.", maxContents>>20)

// texts returns the texts of a query with one column.
func (t Tx) texts(query string, args []any) ([]string, error) {
	return db.Collect(t.Tx, query, args, base.ScanOne[string])
}

// Trace returns a trace with its spans.
func (s Traces) Trace(ctx context.Context, id string) (trace *Stored, err error) {
	err = s.View(ctx, func(t Tx) error {
		info, err := t.info(id)
		if errors.Is(err, mlflow.ResourceDoesNotExist) {
			return noSpans(id)
		}
		if err != nil {
			return err
		}
		trace = &Stored{Info: info}
		return t.contents([]*Stored{trace})
	})
	return trace, err
}

// noSpans returns the error for the spans of a trace that does not exist.
func noSpans(id string) error {
	return mlflow.Errorf(mlflow.ResourceDoesNotExist, "Trace with ID %s is not found.", id)
}

// TracesByID returns the traces that exist, with their spans, in the order of ids. A trace
// that is named again has its last place.
func (s Traces) TracesByID(ctx context.Context, ids []string) (list []*Stored, err error) {
	err = s.View(ctx, func(t Tx) error {
		list = nil
		infos, err := t.infos(lastPlaces(ids))
		if err != nil {
			return err
		}
		for i := range infos {
			list = append(list, &Stored{Info: &infos[i]})
		}
		return t.contents(list)
	})
	return list, err
}

// TraceInfos returns the traces that exist, without their spans, in the order of ids. A trace
// that is named again has its last place.
func (s Traces) TraceInfos(ctx context.Context, ids []string) (list []tracing.TraceInfo, err error) {
	err = s.View(ctx, func(t Tx) error {
		list, err = t.infos(lastPlaces(ids))
		return err
	})
	return list, err
}

// RootNames returns the name of the earliest root span by the id of the trace. Traces without one are
// left out.
func (s Traces) RootNames(ctx context.Context, ids []string) (names map[string]string, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	err = s.ViewReplica(ctx, func(t Tx) error {
		names = map[string]string{}
		return t.Each(
			`SELECT trace_id, name FROM spans WHERE trace_id IN (?...) AND parent_span_id IS NULL AND name IS NOT NULL
				ORDER BY start_time_unix_nano DESC, span_id DESC`, []any{ids},
			func(rows *sql.Rows) error {
				var id, name string
				err := rows.Scan(&id, &name)
				names[id] = name
				return err
			},
		)
	})
	return names, err
}

// lastPlaces removes ids that are named again later.
func lastPlaces(ids []string) []string {
	last := make(map[string]int, len(ids))
	for i, id := range ids {
		last[id] = i
	}
	kept := make([]string, 0, len(last))
	for i, id := range ids {
		if last[id] == i {
			kept = append(kept, id)
		}
	}
	return kept
}

// infos returns the traces that exist in the order of ids, each once.
func (t Tx) infos(ids []string) ([]tracing.TraceInfo, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := db.CollectUncached(t.Tx, `SELECT `+infoColumns+` FROM trace_info ti WHERE ti.request_id IN (?...)`,
		[]any{ids}, base.Scanned(scanInfo))
	if err != nil {
		return nil, err
	}
	at := make(map[string]int, len(found))
	for i := range found {
		at[found[i].TraceID] = i
	}
	list := make([]tracing.TraceInfo, 0, len(found))
	for _, id := range ids {
		if i, exists := at[id]; exists {
			list = append(list, found[i])
			delete(at, id)
		}
	}
	for i := 0; i < len(list); i += base.LoadChunk {
		if err := t.loadInfos(list[i:min(i+base.LoadChunk, len(list))], base.Unlimited()); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// contents fills in the spans of traces.
func (t Tx) contents(list []*Stored) error {
	at := make(map[string]*Stored, len(list))
	ids := make([]string, len(list))
	for i, trace := range list {
		trace.Contents = nil
		at[trace.Info.TraceID], ids[i] = trace, trace.Info.TraceID
	}
	if len(ids) == 0 {
		return nil
	}
	// The rows are sorted here, since a database copies the contents when it sorts them.
	rows, left := map[string][]content{}, maxContents
	err := t.Each(`SELECT trace_id, content, parent_span_id IS NULL, start_time_unix_nano, span_id
		FROM spans WHERE trace_id IN (?...)`,
		[]any{ids}, func(r *sql.Rows) error {
			var id string
			var c content
			if err := r.Scan(&id, &c.text, &c.root, &c.start, &c.spanID); err != nil {
				return err
			}
			if left -= len(c.text); left < 0 {
				return errTooLarge
			}
			rows[id] = append(rows[id], c)
			return nil
		})
	for id, list := range rows {
		slices.SortFunc(list, compareContents)
		trace := at[id]
		trace.Contents = make([]string, len(list))
		for i := range list {
			trace.Contents[i] = list[i].text
		}
	}
	return err
}

// content is the content of a span and what gives it its place in a trace.
type content struct {
	text, spanID string
	root         bool
	start        int64
}

// compareContents puts roots first, and then the spans that begin first.
func compareContents(a, b content) int {
	if a.root != b.root {
		if a.root {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.spanID, b.spanID))
}
