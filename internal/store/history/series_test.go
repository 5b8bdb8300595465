package history_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/db/dbtest"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/history"
	"github.com/millrace-ml/millrace/internal/store/storetest"
	"github.com/millrace-ml/millrace/mlflow"
)

// TestSeriesPlans checks that each query of MetricSeries reads the index of the metrics
// of a run, and that none of them sorts. PostgreSQL reads those in a short time by the
// primary key, which begins with the key and the time.
func TestSeriesPlans(t *testing.T) {
	t.Parallel()
	check := func(t *testing.T, s *store.Store, analyze func()) {
		var run string
		for range 10 {
			run = storetest.NewRun(t, s)
			var batch []mlflow.Metric
			for i := range int64(1000) {
				key := strconv.FormatInt(i%50, 10)
				batch = append(batch, mlflow.Metric{Key: key, Step: i, Timestamp: i})
			}
			if err := s.LogBatch(t.Context(), run, batch, nil, nil); err != nil {
				t.Fatal(err)
			}
		}
		analyze()
		plans, err := history.SeriesPlans(t.Context(), s.Histories, run)
		if err != nil {
			t.Fatal(err)
		}
		if len(plans) != 8 {
			t.Errorf("%d plans", len(plans))
		}
		for query, plan := range plans {
			t.Logf("%s\n%s", query, plan)
			indexed := strings.Contains(plan, "index_metrics_run_uuid_key_step") || strings.Contains(plan, "metric_pk")
			if !indexed || strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "filesort") ||
				strings.Contains(plan, "TEMP B-TREE") {
				t.Errorf("%s\n%s", query, plan)
			}
		}
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		check(t, storetest.New(t), func() {})
	})
	dbtest.OnServers(t, func(t *testing.T, uri string) {
		s := storetest.Open(t, uri)
		check(t, s, func() {
			admin, flavor, err := db.OpenSQL(t.Context(), uri)
			if err != nil {
				t.Fatal(err)
			}
			defer admin.Close()
			analyze := "ANALYZE metrics"
			if flavor != db.PostgreSQL {
				analyze = "ANALYZE TABLE metrics"
			}
			if _, err := admin.ExecContext(t.Context(), analyze); err != nil {
				t.Fatal(err)
			}
		})
	})
}
