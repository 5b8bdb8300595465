package traces

import (
	"context"
	"database/sql"
	"math"

	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// Correlation counts the traces of some experiments that meet two filters, and computes how much
// more often than by chance they meet both.
func (s Traces) Correlation(
	ctx context.Context, experiments []int64, in *tracing.CorrelationRequest,
) (c *tracing.CorrelationResponse, err error) {
	var filters [3]search.Fragment
	for i, text := range []string{in.FilterString1, in.FilterString2, in.BaseFilter} {
		q, err := search.Traces(s.Dialect.Search, experiments, text, nil)
		if err != nil {
			return nil, err
		}
		filters[i] = q.Where
		if q.Where.SQL == "" {
			filters[i].SQL = "1 = 1"
		}
	}
	c = &tracing.CorrelationResponse{}
	if len(experiments) == 0 {
		return c, nil
	}
	scope := inExperiments(experiments)
	// The conditions are evaluated once for each trace.
	query := `SELECT COUNT(*), coalesce(SUM(f1), 0), coalesce(SUM(f2), 0), coalesce(SUM(f1 * f2), 0) FROM (SELECT ` +
		`CASE WHEN ` + filters[0].SQL + ` THEN 1 ELSE 0 END AS f1, CASE WHEN ` + filters[1].SQL + ` THEN 1 ELSE 0 END AS f2` +
		` FROM trace_info ti WHERE ` + base.And(scope.SQL, filters[2].SQL) + `) met`
	args := base.Concat(filters[0].Args, filters[1].Args, scope.Args, filters[2].Args)
	err = s.ScanReplica(ctx, func(t Tx) error {
		return t.EachUncached(query, args, func(rows *sql.Rows) error {
			return rows.Scan(&c.TotalCount, &c.Filter1Count, &c.Filter2Count, &c.JointCount)
		})
	})
	if err == nil && c.Filter1Count > 0 && c.Filter2Count > 0 {
		plain, smoothed := npmi(c, 0), npmi(c, 0.5)
		c.NPMI, c.NPMISmoothed = &plain, &smoothed
	}
	return c, err
}

// npmi returns the normalized pointwise mutual information of two filters, from -1 if no trace
// meets both to 1 if all traces do. plus is added to the number of traces that meet both, either
// and none, so that small numbers say less.
func npmi(c *tracing.CorrelationResponse, plus float64) float64 {
	joint, total := float64(c.JointCount)+plus, float64(c.TotalCount)+4*plus
	switch {
	case c.JointCount == c.TotalCount:
		return 1
	case joint == 0:
		return -1
	}
	first, second := float64(c.Filter1Count)+2*plus, float64(c.Filter2Count)+2*plus
	return max(-1, min(1, math.Log(joint*total/(first*second))/-math.Log(joint/total)))
}
