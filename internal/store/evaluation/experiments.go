package evaluation

import (
	"context"
	"strconv"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/genai"
)

// ofDataset is the condition that an association x leads from a dataset to an experiment.
const ofDataset = `x.source_type = '` + base.EndDataset + `' AND x.destination_type = '` + base.EndExperiment + `'`

// ExperimentsOfDataset returns the experiments of a dataset. It returns an error if the
// dataset does not exist.
func (s Evaluations) ExperimentsOfDataset(ctx context.Context, id string) (ids []string, err error) {
	err = s.View(ctx, func(t Tx) error {
		if err := t.check(id, NoDataset(id)); err != nil {
			return err
		}
		ids, err = db.Collect(t.Tx, `SELECT x.destination_id FROM entity_associations x
			WHERE x.source_id = ? AND `+ofDataset+` ORDER BY x.created_time, x.destination_id`, []any{id}, base.ScanOne[string])
		return err
	})
	return ids, err
}

// AddToExperiments adds a dataset to experiments, which must exist.
func (s Evaluations) AddToExperiments(ctx context.Context, id string, experimentIDs []int64) (*genai.Dataset, error) {
	return s.changeExperiments(ctx, id, func(t Tx) error { return t.addExperiments(id, experimentIDs) })
}

// RemoveFromExperiments removes a dataset from experiments. It may be in none of them.
func (s Evaluations) RemoveFromExperiments(
	ctx context.Context, id string, experimentIDs []int64,
) (*genai.Dataset, error) {
	return s.changeExperiments(ctx, id, func(t Tx) error {
		_, err := t.Exec(`DELETE FROM entity_associations WHERE source_type = '`+base.EndDataset+`' AND source_id = ?
			AND destination_type = '`+base.EndExperiment+`' AND destination_id IN (?...)`, id, texts(experimentIDs))
		return err
	})
}

// changeExperiments changes the experiments of a dataset and returns it.
func (s Evaluations) changeExperiments(
	ctx context.Context, id string, change func(t Tx) error,
) (d *genai.Dataset, err error) {
	err = s.Update(ctx, func(t Tx) error {
		missing := mlflow.Errorf(mlflow.ResourceDoesNotExist, "Dataset '%s' not found", id)
		if _, err := t.change(id, missing); err != nil {
			return err
		}
		if err := change(t); err != nil {
			return err
		}
		d, err = t.dataset(id)
		return err
	})
	return d, err
}

func (t Tx) addExperiments(id string, experimentIDs []int64) error {
	if len(experimentIDs) == 0 {
		return nil
	}
	if err := t.validExperiments(experimentIDs); err != nil {
		return err
	}
	list := texts(experimentIDs)
	return t.Associate(len(list), func(i int) base.Association {
		return base.Association{
			ID: "a-" + base.NewID(), SourceType: base.EndDataset, Source: id, DestinationType: base.EndExperiment, To: list[i],
		}
	})
}

// texts returns the ids as associations have them.
func texts(ids []int64) []string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = strconv.FormatInt(id, 10)
	}
	return list
}

// inExperiments returns the condition that a dataset ed is in one of some experiments. Without
// experiments it is empty.
func (s Evaluations) inExperiments(ids []int64) search.Fragment {
	if len(ids) == 0 {
		return search.Fragment{}
	}
	in := base.OneOfMany(s.Dialect, "x.destination_id", texts(ids), false)
	return search.Fragment{
		SQL:  `ed.dataset_id IN (SELECT x.source_id FROM entity_associations x WHERE ` + ofDataset + ` AND ` + in.SQL + `)`,
		Args: in.Args,
	}
}

// visible returns the condition that the user of a request may read a dataset ed: it is in an
// experiment, and the user may read all of its experiments. It is empty if the user may do
// everything.
func (s Evaluations) visible(ctx context.Context) search.Fragment {
	if access.FromContext(ctx).Unlimited() {
		return search.Fragment{}
	}
	from := `(SELECT 1 FROM entity_associations x WHERE ` + ofDataset + ` AND x.source_id = ed.dataset_id`
	readable := base.VisibleExperiments(ctx, s.Store, "e.experiment_id", "")
	if readable.SQL == "" {
		return search.Fragment{SQL: `EXISTS ` + from + `)`}
	}
	return search.Fragment{
		SQL: `EXISTS ` + from + `) AND NOT EXISTS ` + from + ` AND NOT EXISTS (SELECT 1 FROM experiments e
			WHERE ` + s.Dialect.Text("e.experiment_id") + ` = x.destination_id AND ` + readable.SQL + `))`,
		Args: readable.Args,
	}
}
