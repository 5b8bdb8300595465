package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// runPage is a page of a search of runs.
type runPage struct {
	runs []mlflow.Run
	next string
}

// clone returns a copy that can be changed.
func (p runPage) clone() runPage {
	p.runs = slices.Clone(p.runs)
	for i := range p.runs {
		r := &p.runs[i]
		r.Data.Metrics, r.Data.Params = slices.Clone(r.Data.Metrics), slices.Clone(r.Data.Params)
		r.Data.Tags = slices.Clone(r.Data.Tags)
		r.Inputs = &mlflow.RunInputs{DatasetInputs: slices.Clone(r.Inputs.DatasetInputs)}
		for k := range r.Inputs.DatasetInputs {
			d := &r.Inputs.DatasetInputs[k]
			copied := *d.Dataset
			d.Tags, d.Dataset = slices.Clone(d.Tags), &copied
		}
		r.Outputs = &mlflow.RunOutputs{ModelOutputs: slices.Clone(r.Outputs.ModelOutputs)}
	}
	return p
}

// SearchRuns returns one page of runs of the experiments and the token of the next
// page, which is "" on the last page. The search returns ids only; all other data is
// loaded for the runs of the page. Equal searches at once are executed once: all who look
// at an experiment ask the same.
func (s *Store) SearchRuns(
	ctx context.Context,
	experimentIDs []int64,
	limit int,
	in *mlflow.SearchRunsRequest,
) (runs []mlflow.Run, next string, err error) {
	q, err := search.Runs(s.Dialect.Search, in.Filter, in.OrderBy)
	if err != nil {
		return nil, "", err
	}
	if experimentIDs, err = base.ReadableExperiments(ctx, s.Store, experimentIDs, access.Run); err != nil {
		return nil, "", err
	}
	offset, err := search.DecodeOffset(in.PageToken)
	if err != nil || len(experimentIDs) == 0 {
		return nil, "", err
	}
	key := fmt.Sprintf("%q %q %d %d %d %v", in.Filter, in.OrderBy, limit, offset, experimentIDs, in.RunViewType)
	page, shared, err := s.searches.Do(ctx, key, func() (page runPage, err error) {
		scope := base.RunScope(experimentIDs, in.RunViewType)
		err = s.ViewReplica(ctx, func(t tx) error {
			page, err = t.runPage(q, scope, limit, offset)
			return err
		})
		return page, err
	})
	if shared {
		page = page.clone()
	}
	return page.runs, page.next, err
}

// runPage returns a page with all data of its runs.
func (t tx) runPage(q *search.Query, scope search.Fragment, limit, offset int) (page runPage, err error) {
	if page.runs, err = t.searchRuns(q, scope, limit+1, offset); err != nil {
		return page, err
	}
	page.runs, page.next = base.CutPage(page.runs, limit, offset)
	loaded, err := t.loadRuns(page.runs)
	if loaded < len(page.runs) { // The memory for the page is exhausted.
		page.runs, page.next = page.runs[:loaded], search.EncodeOffset(offset+loaded)
	}
	return page, err
}

// searchRuns returns up to limit runs of a search, from an offset on, with only their ids.
func (t tx) searchRuns(q *search.Query, scope search.Fragment, limit, offset int) ([]mlflow.Run, error) {
	page := func(p base.RunPlan, limit, offset int) ([]mlflow.Run, error) {
		return db.CollectUncached(
			t.Tx, `SELECT r.run_uuid FROM `+p.From.SQL+` `+p.Joins.SQL+` WHERE `+p.Where.SQL+
				` ORDER BY `+p.OrderBy.SQL+` LIMIT ? OFFSET ?`,
			base.Concat(p.From.Args, p.Joins.Args, p.Where.Args, p.OrderBy.Args, []any{limit, offset}),
			func(rows *sql.Rows, r *mlflow.Run) error { return rows.Scan(&r.Info.RunID) },
		)
	}
	stop := limit + offset
	if !q.ByNewest {
		stop = base.AllRuns
	}
	plan, err := t.Plan(q, scope, stop)
	if err != nil {
		return nil, err
	}
	return base.PageOfRuns(t.Transaction, q, scope, plan, limit, offset, page)
}

// loadRuns fills in the data of runs with only an id, except for their model inputs,
// which MLflow returns for a single run only. It returns the number of runs that it
// filled in: as many as fit into a page, and at least one.
func (t tx) loadRuns(runs []mlflow.Run) (loaded int, err error) {
	return base.LoadPage(runs, base.RunsBytes, t.loadRunChunk)
}

func (t tx) loadRunChunk(runs []mlflow.Run, b *base.Budget) error {
	at := make(map[string]*mlflow.Run, len(runs))
	list := make([]string, len(runs))
	for i := range runs {
		runs[i].Data, runs[i].Inputs, runs[i].Outputs = mlflow.RunData{}, &mlflow.RunInputs{}, &mlflow.RunOutputs{}
		at[runs[i].Info.RunID], list[i] = &runs[i], runs[i].Info.RunID
	}
	ids := []any{list}
	var id string
	return base.FirstError(
		func() error {
			return t.Each(`SELECT `+base.RunColumns+` FROM runs r WHERE r.run_uuid IN (?...)`, ids, func(rows *sql.Rows) error {
				info, err := base.ScanRunInfo(rows)
				if err != nil {
					return err
				}
				at[info.RunID].Info = *info
				return b.Charge(base.RunSize)
			})
		},
		func() error {
			return t.Each(
				"SELECT run_uuid, `key`, value, timestamp, step, is_nan FROM latest_metrics WHERE run_uuid IN (?...)",
				ids,
				func(rows *sql.Rows) error {
					var m mlflow.Metric
					var isNaN bool
					if err := rows.Scan(&id, &m.Key, &m.Value, &m.Timestamp, &m.Step, &isNaN); err != nil {
						return err
					}
					m.Value = base.FromColumn(m.Value, isNaN)
					at[id].Data.Metrics = append(at[id].Data.Metrics, m)
					return b.Charge(base.MetricSize, m.Key)
				},
			)
		},
		func() error {
			return t.Each(
				"SELECT run_uuid, `key`, value FROM params WHERE run_uuid IN (?...)",
				ids,
				base.ScanPair(func(id, key, value string) error {
					at[id].Data.Params = append(at[id].Data.Params, mlflow.Param{Key: key, Value: value})
					return b.Charge(base.PairSize, key, value)
				}),
			)
		},
		func() error {
			return t.Each(
				"SELECT run_uuid, `key`, coalesce(value, '') FROM tags WHERE run_uuid IN (?...)",
				ids,
				base.ScanPair(func(id, key, value string) error {
					at[id].Data.Tags = append(at[id].Data.Tags, mlflow.Tag{Key: key, Value: value})
					return b.Charge(base.PairSize, key, value)
				}),
			)
		},
		func() error { return t.loadDatasetInputs(at, ids, b) },
		func() error {
			return t.Each(
				`SELECT source_id, destination_id, step FROM inputs WHERE source_type = 'RUN_OUTPUT' AND source_id IN (?...)
					AND destination_type = 'MODEL_OUTPUT'`,
				ids,
				func(rows *sql.Rows) error {
					var m mlflow.ModelOutput
					err := rows.Scan(&id, &m.ModelID, &m.Step)
					at[id].Outputs.ModelOutputs = append(at[id].Outputs.ModelOutputs, m)
					return err
				},
			)
		},
	)
}

func (t tx) loadDatasetInputs(at map[string]*mlflow.Run, ids []any, b *base.Budget) error {
	type place struct {
		run   *mlflow.Run
		index int
	}
	places := map[string]place{}
	var inputIDs []string
	err := t.Each(
		`SELECT i.destination_id, i.input_uuid, d.name, d.digest, d.dataset_source_type, d.dataset_source,
			coalesce(d.dataset_schema, ''), coalesce(d.dataset_profile, '')
		FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id
		WHERE i.destination_type = 'RUN' AND i.destination_id IN (?...) AND i.source_type = 'DATASET'
		ORDER BY `+t.Dialect.InputOrder,
		ids,
		func(rows *sql.Rows) error {
			var runID, inputID string
			var d mlflow.Dataset
			if err := rows.Scan(&runID, &inputID, &d.Name, &d.Digest, &d.SourceType,
				&d.Source, &d.Schema, &d.Profile); err != nil {
				return err
			}
			inputs := at[runID].Inputs
			places[inputID] = place{at[runID], len(inputs.DatasetInputs)}
			inputs.DatasetInputs = append(inputs.DatasetInputs, mlflow.DatasetInput{Dataset: &d})
			inputIDs = append(inputIDs, inputID)
			return b.Charge(base.RunSize, d.Source, d.Schema, d.Profile)
		},
	)
	if err != nil || len(inputIDs) == 0 {
		return err
	}
	return t.Each(
		`SELECT input_uuid, name, value FROM input_tags WHERE input_uuid IN (?...)`,
		[]any{inputIDs},
		func(rows *sql.Rows) error {
			var inputID string
			var tag mlflow.InputTag
			if err := rows.Scan(&inputID, &tag.Key, &tag.Value); err != nil {
				return err
			}
			p := places[inputID]
			d := &p.run.Inputs.DatasetInputs[p.index]
			d.Tags = append(d.Tags, tag)
			return nil
		},
	)
}
