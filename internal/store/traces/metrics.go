package traces

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// TraceMetrics aggregates a metric of the traces of some experiments, of their spans or of their
// assessments. Groups without values have no point.
func (s Traces) TraceMetrics(
	ctx context.Context, experiments []int64, in *tracing.TraceMetricsRequest,
) (points []tracing.DataPoint, err error) {
	m, err := search.TraceMetric(s.Dialect.Search, in, experiments)
	if err != nil || m.Limit == 0 {
		return nil, err
	}
	err = s.ScanReplica(ctx, func(t Tx) error {
		q := newMetricQuery(t, m)
		points, err = q.points(in.MetricName)
		return err
	})
	if err != nil && strings.Contains(err.Error(), db.ErrManyValues.Error()) { // SQLite returns its text alone.
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "Narrow the times or the filters: %s.", db.ErrManyValues)
	}
	return points, err
}

// metricQuery is the execution of a metric.
type metricQuery struct {
	t       Tx
	m       *search.Metric
	percent []float64
	// streams is whether percentiles are computed from the values, since the database has no
	// function for them.
	streams bool
}

func newMetricQuery(t Tx, m *search.Metric) *metricQuery {
	q := &metricQuery{t: t, m: m, streams: t.Flavor() == db.MySQL || t.Flavor() == db.MariaDB}
	for _, a := range m.Aggregates {
		if a.PercentileValue != nil {
			q.percent = append(q.percent, *a.PercentileValue)
		}
	}
	return q
}

// Columns of the aggregates, which follow those of the groups. $ is the value.
var aggregateColumns = map[tracing.AggregationType]string{
	tracing.AggregateCount: "COUNT($)",
	tracing.AggregateSum:   "SUM($ * 1.0)", // The sum of integers may be no integer of 64 bits.
	tracing.AggregateAvg:   "SUM($ * 1.0), COUNT($)",
	tracing.AggregateMin:   "MIN($)",
	tracing.AggregateMax:   "MAX($)",
}

// from returns the end of a query of the groups, and its arguments.
func (q *metricQuery) from() string {
	return " FROM " + q.m.From.SQL + " WHERE " + q.m.Where.SQL
}

// groupBy returns the list of the columns of the groups, which are the first ones of a query.
func (q *metricQuery) groupBy() string {
	list := make([]string, len(q.m.Groups))
	for i := range list {
		list[i] = strconv.Itoa(i + 1)
	}
	return strings.Join(list, ", ")
}

// points returns the points in the order of their groups.
func (q *metricQuery) points(name string) ([]tracing.DataPoint, error) {
	columns := slices.Clone(q.m.Groups)
	value := cmp.Or(q.m.Value, "*")
	if q.m.Distinct {
		value = "DISTINCT " + value
	}
	for _, a := range q.m.Aggregates {
		if column := aggregateColumns[a.AggregationType]; column != "" {
			columns = append(columns, strings.ReplaceAll(column, "$", value))
		}
	}
	columns = append(columns, q.percentiles()...)
	if len(columns) == len(q.m.Groups) { // Percentiles alone, which are computed from the values.
		columns = append(columns, "COUNT(*)")
	}
	query := "SELECT " + strings.Join(columns, ", ") + q.from()
	if groups := q.groupBy(); groups != "" {
		query += " GROUP BY " + groups + " ORDER BY " + groups
	}
	args := base.Concat(q.m.Where.Args, []any{q.m.Limit})
	rows, err := db.CollectUncached(q.t.Tx, query+" LIMIT ?", args, scanTexts)
	if err != nil {
		return nil, err
	}
	streamed, err := q.stream(rows)
	if err != nil {
		return nil, err
	}
	points := make([]tracing.DataPoint, 0, len(rows))
	for _, row := range rows {
		p := tracing.DataPoint{MetricName: name, Dimensions: q.dimensions(row), Values: map[string]float64{}}
		q.values(row[len(q.m.Groups):], streamed[q.key(row)], p.Values)
		if len(p.Values) > 0 {
			points = append(points, p)
		}
	}
	return points, nil
}

// percentiles returns the columns of the percentiles: one for each on PostgreSQL, one for all on
// SQLite.
func (q *metricQuery) percentiles() []string {
	if q.streams || q.percent == nil {
		return nil
	}
	texts := make([]string, len(q.percent))
	for i, p := range q.percent {
		if q.t.Flavor() == db.PostgreSQL {
			texts[i] = "percentile_cont(" + strconv.FormatFloat(p/100, 'f', -1, 64) +
				") WITHIN GROUP (ORDER BY CAST(" + q.m.Value + " AS double precision))"
			continue
		}
		texts[i] = strconv.FormatFloat(p, 'f', -1, 64)
	}
	if q.t.Flavor() == db.PostgreSQL {
		return texts
	}
	return []string{"millrace_percentiles(" + q.m.Value + ", '" + strings.Join(texts, " ") + "')"}
}

// stream reads the values of the groups of some rows, if their percentiles are computed from them.
func (q *metricQuery) stream(rows [][]sql.NullString) (map[string]*db.Percentiles, error) {
	if !q.streams || q.percent == nil {
		return nil, nil
	}
	all := make(map[string]*db.Percentiles, len(rows))
	for _, row := range rows {
		all[q.key(row)] = &db.Percentiles{}
	}
	columns := append(slices.Clone(q.m.Groups), q.m.Value)
	err := q.t.EachUncached("SELECT "+strings.Join(columns, ", ")+q.from(), q.m.Where.Args, func(rows *sql.Rows) error {
		var row []sql.NullString
		if err := scanTexts(rows, &row); err != nil {
			return err
		}
		p := all[q.key(row)]
		if p == nil {
			return nil
		}
		x, err := strconv.ParseFloat(row[len(row)-1].String, 64)
		if err != nil {
			return err
		}
		return p.Add(x)
	})
	return all, err
}

// key returns a text that differs between the groups of rows.
func (q *metricQuery) key(row []sql.NullString) string {
	parts := make([]string, len(q.m.Groups))
	for i := range parts {
		parts[i] = strconv.Quote(row[i].String)
	}
	return strings.Join(parts, " ")
}

// dimensions returns the values of the dimensions of a row, and the beginning of its interval.
func (q *metricQuery) dimensions(row []sql.NullString) map[string]string {
	if len(q.m.Groups) == 0 {
		return nil
	}
	of := make(map[string]string, len(q.m.Groups))
	if q.m.Interval != 0 {
		n, _ := strconv.ParseInt(row[0].String, 10, 64) // The column is an integer.
		of["time_bucket"] = time.UnixMilli(n / q.m.TimeUnit).UTC().Format("2006-01-02T15:04:05+00:00")
		row = row[1:]
	}
	for i, name := range q.m.Dimensions {
		of[name] = row[i].String
	}
	return of
}

// values sets the aggregates of a row, of which the columns of the groups are cut off.
func (q *metricQuery) values(row []sql.NullString, streamed *db.Percentiles, values map[string]float64) {
	next := func() (x float64, ok bool) {
		x, err := strconv.ParseFloat(row[0].String, 64)
		ok = row[0].Valid && err == nil
		row = row[1:]
		return x, ok
	}
	for _, a := range q.m.Aggregates {
		switch a.AggregationType {
		case tracing.AggregatePercentile:
		case tracing.AggregateAvg:
			sum, ok := next()
			if n, _ := next(); ok && n > 0 {
				values[string(a.AggregationType)] = sum / n
			}
		default:
			if x, ok := next(); ok {
				values[string(a.AggregationType)] = x
			}
		}
	}
	if !q.streams && q.percent != nil && q.t.Flavor() != db.PostgreSQL {
		row = splitTexts(row[0])
	}
	for _, p := range q.percent {
		label := "P" + python.ReprFloat(p)
		if streamed != nil {
			if x, ok := streamed.At(p); ok {
				values[label] = x
			}
		} else if len(row) > 0 && !q.streams {
			if x, ok := next(); ok {
				values[label] = x
			}
		}
	}
}

// splitTexts splits a text at its spaces.
func splitTexts(text sql.NullString) (list []sql.NullString) {
	for _, word := range strings.Fields(text.String) {
		list = append(list, sql.NullString{String: word, Valid: true})
	}
	return list
}

// scanTexts reads all columns of a row as texts.
func scanTexts(rows *sql.Rows, row *[]sql.NullString) error {
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	*row = make([]sql.NullString, len(columns))
	dest := make([]any, len(columns))
	for i := range dest {
		dest[i] = &(*row)[i]
	}
	return rows.Scan(dest...)
}
