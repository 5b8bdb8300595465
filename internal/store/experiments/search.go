package experiments

import (
	"context"
	"strconv"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// SearchExperiments returns one page of experiments and the token of the next page,
// which is "" on the last page.
func (s Experiments) SearchExperiments(
	ctx context.Context,
	in *mlflow.SearchExperimentsRequest,
) (list []mlflow.Experiment, next string, err error) {
	q, err := search.Experiments(s.Dialect.Search, in.Filter, in.OrderBy)
	if err != nil {
		return nil, "", err
	}
	offset, err := search.DecodeOffset(in.PageToken)
	if err != nil {
		return nil, "", err
	}
	visible := base.VisibleExperiments(ctx, s.Store, `e.experiment_id`, "")
	query := `SELECT ` + experimentColumns + ` FROM experiments e ` + q.Joins.SQL +
		` WHERE ` + base.And(
		`e.workspace = 'default'`, `e.lifecycle_stage IN (`+base.StagesOf(in.ViewType)+`)`, q.Where.SQL, visible.SQL,
	) +
		` ORDER BY ` + q.OrderBy.SQL + ` LIMIT ? OFFSET ?`
	args := base.Concat(q.Joins.Args, q.Where.Args, visible.Args, q.OrderBy.Args, []any{in.MaxResults + 1, offset})
	err = s.ViewReplica(ctx, func(t Tx) error {
		if list, err = db.CollectUncached(t.Tx, query, args, base.Scanned(scanExperiment)); err != nil {
			return err
		}
		list, next = base.CutPage(list, int(in.MaxResults), offset)
		list, next, err = base.FillPage(list, offset, next, func(part []mlflow.Experiment, b *base.Budget) error {
			return t.loadExperimentTags(part, b, func(i int, tags []mlflow.Tag) { part[i].Tags = tags })
		})
		return err
	})
	return list, next, err
}

// ExperimentActivity counts the active runs of those of some experiments that the user
// may read.
func (s Experiments) ExperimentActivity(
	ctx context.Context, ids []int64,
) (list []mlflow.ExperimentActivity, err error) {
	if ids, err = base.ReadableExperiments(ctx, s.Store, ids, access.Run); err != nil {
		return nil, err
	}
	err = s.ViewReplica(ctx, func(t Tx) error {
		list = nil
		for _, id := range ids {
			a := mlflow.ExperimentActivity{ExperimentID: strconv.FormatInt(id, 10)}
			err := t.QueryRow(
				`SELECT count(*), count(CASE WHEN status = 'RUNNING' THEN 1 END),
					coalesce(max(CASE WHEN end_time > start_time THEN end_time ELSE start_time END), 0)
				FROM runs WHERE experiment_id = ? AND lifecycle_stage = 'active'`,
				id,
			).Scan(
				&a.Runs, &a.Running, &a.LastActivity,
			)
			if err != nil {
				return err
			}
			list = append(list, a)
		}
		return nil
	})
	return list, err
}
