package evaluation

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/genai"
)

// datasetColumns are the columns of evaluation_datasets under the alias ed that scanDataset
// reads.
const datasetColumns = "ed.dataset_id, ed.name, coalesce(ed.`schema`, ''), coalesce(ed.profile, ''), " +
	"coalesce(ed.digest, ''), coalesce(ed.created_time, 0), coalesce(ed.last_update_time, 0), " +
	"coalesce(ed.created_by, ''), coalesce(ed.last_updated_by, '')"

// datasetSize is the approximate size of a dataset without its texts.
const datasetSize = 400

func scanDataset(row base.Scanner) (*genai.Dataset, error) {
	var d genai.Dataset
	err := row.Scan(
		&d.DatasetID, &d.Name, &d.Schema, &d.Profile, &d.Digest, &d.CreatedTime, &d.LastUpdateTime, &d.CreatedBy,
		&d.LastUpdatedBy,
	)
	return &d, err
}

// digestOf returns the digest of a dataset after a change at a time, in Unix milliseconds.
func digestOf(name string, ms int64) string {
	sum := sha256.Sum256([]byte(name + ":" + strconv.FormatInt(ms, 10)))
	return hex.EncodeToString(sum[:])[:8]
}

// NoDataset returns the error for a dataset that does not exist.
func NoDataset(id string) error {
	return mlflow.Errorf(mlflow.ResourceDoesNotExist, "Evaluation dataset with id '%s' not found", id)
}

// CreateDataset creates a dataset in some experiments, which must exist.
func (s Evaluations) CreateDataset(
	ctx context.Context, name string, tags []mlflow.Tag, experimentIDs []int64,
) (d *genai.Dataset, err error) {
	err = s.Update(ctx, func(t Tx) error {
		id, now, user := "d-"+base.NewID(), base.NowMS(), userOf(tags)
		_, err := t.Exec(`INSERT INTO evaluation_datasets (dataset_id, name, digest, created_time, last_update_time,
			created_by, last_updated_by, workspace) VALUES (?, ?, ?, ?, ?, ?, ?, 'default')`,
			id, name, digestOf(name, now), now, now, user, user)
		if err != nil {
			return err
		}
		if err := t.putTags(id, tags); err != nil {
			return err
		}
		if err := t.addExperiments(id, experimentIDs); err != nil {
			return err
		}
		d, err = t.dataset(id)
		if err == nil {
			for _, experiment := range experimentIDs {
				d.ExperimentIDs = append(d.ExperimentIDs, strconv.FormatInt(experiment, 10))
			}
		}
		return err
	})
	return d, err
}

// userOf returns the value of the tag with the user, or nil.
func userOf(tags []mlflow.Tag) *string {
	for _, tag := range tags {
		if tag.Key == genai.TagUser {
			return &tag.Value
		}
	}
	return nil
}

// EvaluationDataset returns a dataset without its experiments.
func (s Evaluations) EvaluationDataset(ctx context.Context, id string) (d *genai.Dataset, err error) {
	err = s.View(ctx, func(t Tx) error {
		d, err = t.dataset(id)
		return err
	})
	return d, err
}

func (t Tx) dataset(id string) (*genai.Dataset, error) {
	d, err := scanDataset(t.QueryRow(`SELECT `+datasetColumns+` FROM evaluation_datasets ed
		WHERE ed.dataset_id = ? AND ed.`+base.InDefault, id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, NoDataset(id)
	}
	if err != nil {
		return nil, err
	}
	list := []genai.Dataset{*d}
	err = t.loadTags(list, base.Unlimited())
	return &list[0], err
}

// loadTags fills in the tags of datasets.
func (t Tx) loadTags(list []genai.Dataset, b *base.Budget) error {
	ids := make([]string, len(list))
	tags := make(map[string]*python.Dict, len(list))
	for i := range list {
		ids[i], tags[list[i].DatasetID] = list[i].DatasetID, python.NewDict()
		if err := b.Charge(datasetSize, list[i].Schema); err != nil {
			return err
		}
	}
	add := func(id, key, value string) error {
		tags[id].Set(key, value)
		return b.Charge(base.PairSize, key, value)
	}
	err := t.Each("SELECT dataset_id, `key`, coalesce(value, '') FROM evaluation_dataset_tags"+
		" WHERE dataset_id IN (?...) ORDER BY dataset_id, `key`", []any{ids}, base.ScanPair(add))
	for i := range list {
		list[i].Tags = python.Dumps(tags[list[i].DatasetID])
	}
	return err
}

// DeleteDataset deletes a dataset with its records for good. One that does not exist is
// deleted already.
func (s Evaluations) DeleteDataset(ctx context.Context, id string) error {
	return s.Update(ctx, func(t Tx) error {
		// MLflow's foreign keys delete the tags and the records.
		_, err := t.Exec(`DELETE FROM entity_associations WHERE source_type = '`+base.EndDataset+`' AND source_id = ?`, id)
		if err == nil {
			_, err = t.Exec(`DELETE FROM entity_associations
				WHERE destination_type = '`+base.EndDataset+`' AND destination_id = ?`, id)
		}
		if err == nil {
			_, err = t.Exec(`DELETE FROM evaluation_datasets WHERE dataset_id = ?`, id)
		}
		return err
	})
}

// change notes a change of a dataset, of which other transactions wait for the end.
func (t Tx) change(id string, missing error) (now int64, err error) {
	now = base.NowMS()
	n, err := t.Exec(`UPDATE evaluation_datasets SET last_update_time = ? WHERE dataset_id = ? AND `+base.InDefault,
		now, id)
	if err == nil && n == 0 {
		err = missing
	}
	return now, err
}

// check returns an error if a dataset does not exist.
func (t Tx) check(id string, missing error) error {
	var found bool
	err := t.QueryRow(`SELECT EXISTS (SELECT 1 FROM evaluation_datasets WHERE dataset_id = ? AND `+base.InDefault+`)`, id).
		Scan(&found)
	if err == nil && !found {
		err = missing
	}
	return err
}

// SetDatasetTags sets tags of a dataset.
func (s Evaluations) SetDatasetTags(ctx context.Context, id string, tags []mlflow.Tag) error {
	return s.Update(ctx, func(t Tx) error {
		missing := mlflow.Errorf(mlflow.ResourceDoesNotExist, "Could not find evaluation dataset with ID %s", id)
		if err := t.check(id, missing); err != nil {
			return err
		}
		return t.putTags(id, tags)
	})
}

func (t Tx) putTags(id string, tags []mlflow.Tag) error {
	_, err := t.InsertRows("INSERT INTO evaluation_dataset_tags (dataset_id, `key`, value)",
		" ON CONFLICT (dataset_id, `key`) DO UPDATE SET value = excluded.value", 3, len(tags),
		func(args []any, i int) []any { return append(args, id, tags[i].Key, tags[i].Value) })
	return err
}

// DeleteDatasetTag removes a tag of a dataset, if there is one.
func (s Evaluations) DeleteDatasetTag(ctx context.Context, id, key string) error {
	return s.Update(ctx, func(t Tx) error {
		_, err := t.Exec("DELETE FROM evaluation_dataset_tags WHERE dataset_id = ? AND `key` = ?", id, key)
		return err
	})
}

// DatasetSearch is a search of datasets. Limit is the most datasets on a page. Without
// experiments, it returns those of all experiments that the user may read.
type DatasetSearch struct {
	ExperimentIDs []int64
	Filter        string
	OrderBy       []string
	PageToken     string
	Limit         int
}

// SearchDatasets returns a page of datasets without their experiments, and the token of the
// next page, which is "" on the last page.
func (s Evaluations) SearchDatasets(
	ctx context.Context, in *DatasetSearch,
) (list []genai.Dataset, next string, err error) {
	q, err := search.Datasets(s.Dialect.Search, in.Filter, in.OrderBy)
	if err != nil {
		return nil, "", err
	}
	offset, err := search.DecodeOffset(in.PageToken)
	if err != nil {
		return nil, "", err
	}
	scope := base.Both(s.inExperiments(in.ExperimentIDs), s.visible(ctx))
	query := `SELECT ` + datasetColumns + ` FROM evaluation_datasets ed WHERE ` +
		base.And(`ed.`+base.InDefault, scope.SQL, q.Where.SQL) + ` ORDER BY ` + q.OrderBy.SQL + ` LIMIT ? OFFSET ?`
	args := base.Concat(scope.Args, q.Where.Args, []any{in.Limit + 1, offset})
	err = s.ViewReplica(ctx, func(t Tx) error {
		if list, err = db.CollectUncached(t.Tx, query, args, base.Scanned(scanDataset)); err != nil {
			return err
		}
		list, next = base.CutPage(list, in.Limit, offset)
		list, next, err = base.FillPage(list, offset, next, t.loadTags)
		return err
	})
	return list, next, err
}

// validExperiments returns an error unless all experiments exist.
func (t Tx) validExperiments(ids []int64) error {
	found, err := db.Collect(t.Tx, `SELECT experiment_id FROM experiments WHERE experiment_id IN (?...)`, []any{ids},
		base.ScanOne[int64])
	if err != nil {
		return err
	}
	for _, id := range ids {
		if !slices.Contains(found, id) {
			return mlflow.Errorf(mlflow.ResourceDoesNotExist, "No Experiment with id=%d", id)
		}
	}
	return nil
}
