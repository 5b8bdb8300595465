package experiments

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

const msPerDay = 24 * 60 * 60 * 1000

// DailyRuns counts the active runs of those of some experiments that the user may read, by
// the day of their start: from a time on, for a number of days. The index
// millrace_runs_newest has all that the query reads. The remainder in place of a quotient
// is an integer in every dialect. The result must not be changed, because equal requests share
// it.
func (s Experiments) DailyRuns(
	ctx context.Context, ids []int64, from int64, days int,
) (list []mlflow.DailyRuns, err error) {
	if ids, err = base.ReadableExperiments(ctx, s.Store, ids, access.Run); err != nil || len(ids) == 0 {
		return nil, err
	}
	// Every open list of experiments asks for this again and again.
	key := fmt.Sprint(ids, from, days)
	list, _, err = s.daily.Do(ctx, key, func() ([]mlflow.DailyRuns, error) { return s.dailyRuns(ctx, ids, from, days) })
	return list, err
}

func (s Experiments) dailyRuns(
	ctx context.Context, ids []int64, from int64, days int,
) (list []mlflow.DailyRuns, err error) {
	err = s.ViewReplica(ctx, func(t Tx) error {
		list = nil
		return t.EachUncached(
			`SELECT experiment_id, day_start, count(*) FROM (
				SELECT experiment_id, start_time - ? - (start_time - ?) % ? AS day_start FROM runs
				WHERE experiment_id IN (?...) AND lifecycle_stage = 'active' AND start_time >= ? AND start_time < ?
			) started GROUP BY experiment_id, day_start ORDER BY experiment_id`,
			[]any{from, from, msPerDay, ids, from, from + int64(days)*msPerDay},
			func(rows *sql.Rows) error {
				var experiment, start, count int64
				if err := rows.Scan(&experiment, &start, &count); err != nil {
					return err
				}
				id := strconv.FormatInt(experiment, 10)
				if len(list) == 0 || list[len(list)-1].ExperimentID != id {
					list = append(list, mlflow.DailyRuns{ExperimentID: id, Runs: make([]int64, days)})
				}
				list[len(list)-1].Runs[start/msPerDay] = count
				return nil
			},
		)
	})
	return list, err
}
