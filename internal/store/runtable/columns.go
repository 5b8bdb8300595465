package runtable

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// Keys and values are listed of the newest runs: of up to maxJudged runs, and of fewer if
// they have more than maxJudgedValues values, as the newest judgedSample runs tell.
const (
	maxJudged       = 5000
	maxJudgedValues = 500_000
	judgedSample    = 50
)

// maxValueText is the number of characters of the longest value in a list.
const maxValueText = 250

// RunColumns lists the keys of the runs that a search finds, up to limit of each kind.
// Whether values differ is judged among the runs that are the parent of no other, and a
// run without a value does not differ from the others.
func (s Tables) RunColumns(
	ctx context.Context, experimentIDs []int64, limit int, in *mlflow.RunColumnsRequest,
) (out *mlflow.RunColumnsResponse, err error) {
	scope, err := s.judgedScope(ctx, experimentIDs, in.Filter, in.RunViewType)
	if err != nil || scope == nil {
		return &mlflow.RunColumnsResponse{}, err
	}
	err = s.ScanReplica(ctx, func(t tx) error {
		out = &mlflow.RunColumnsResponse{}
		runs, err := t.judgedRuns(*scope)
		if err != nil {
			return err
		}
		n, err := t.affordable(runs, s.Limits.Values)
		if err != nil {
			return err
		}
		if len(runs) > n {
			runs, out.Bounded = runs[:n], true
		}
		out.Runs = int64(len(runs))
		if len(runs) == 0 {
			return nil
		}
		j := judgedOf(runs)
		return base.FirstError(
			func() (err error) {
				keys, err := t.keysOf(j, "latest_metrics", nanOrValue)
				out.Metrics, out.MetricCount = cutKeys(keys, in.Text, limit)
				return err
			},
			func() (err error) {
				keys, err := t.keysOf(j, "params", t.Dialect.Fingerprint)
				out.Params, out.ParamCount = cutKeys(keys, in.Text, limit)
				return err
			},
			func() (err error) {
				keys, err := t.keysOf(j, "tags", t.Dialect.Fingerprint)
				out.Tags, out.TagCount = cutKeys(keys, in.Text, limit)
				if err == nil {
					out.Attributes, err = t.attributeKeys(j, runs, keys)
				}
				return err
			},
		)
	})
	return out, err
}

// nanOrValue is a value of latest_metrics that tells NaN from 0. It is greater than all
// numbers but the infinite ones.
const nanOrValue = "CASE WHEN is_nan THEN 1.7e308 ELSE value END"

// judged has the ids of runs, of those that are the parent of no other run among them,
// and of the parents.
type judged struct{ all, leaves, parents []string }

// judgedRun is a run with what the keys of attributes need.
type judgedRun struct{ id, parent, user, status string }

// judgedScope returns the condition of a search, or nil if the user may read none of the
// experiments.
func (s Tables) judgedScope(
	ctx context.Context, experimentIDs []int64, filter string, view mlflow.ViewType,
) (*search.Fragment, error) {
	q, err := search.Runs(s.Dialect.Search, filter, nil)
	if err != nil {
		return nil, err
	}
	experimentIDs, err = base.ReadableExperiments(ctx, s.Store, experimentIDs, access.Run)
	if err != nil || len(experimentIDs) == 0 {
		return nil, err
	}
	scope := base.Both(base.RunScope(experimentIDs, view), q.Where)
	return &scope, nil
}

// judgedRuns returns the newest runs that meet a condition, one more than maxJudged if
// there are more.
func (t tx) judgedRuns(scope search.Fragment) ([]judgedRun, error) {
	return db.CollectUncached(
		t.Tx, `SELECT r.run_uuid, coalesce(pt.value, ''), coalesce(r.user_id, ''), coalesce(r.status, '')
			FROM runs r `+withParent+`WHERE `+scope.SQL+` ORDER BY r.start_time DESC, r.run_uuid LIMIT ?`,
		base.Concat(scope.Args, []any{maxJudged + 1}),
		func(rows *sql.Rows, r *judgedRun) error { return rows.Scan(&r.id, &r.parent, &r.user, &r.status) },
	)
}

// affordable returns how many of the runs are judged, so that they have about maxValues
// values.
func (t tx) affordable(runs []judgedRun, maxValues int) (int, error) {
	sample := idsOf(runs[:min(len(runs), judgedSample)])
	if len(sample) == 0 {
		return 0, nil
	}
	values := 0
	for _, table := range []string{"latest_metrics", "params", "tags"} {
		var n int
		if err := t.QueryRow(`SELECT COUNT(*) FROM `+table+` WHERE run_uuid IN (?...)`, sample).Scan(&n); err != nil {
			return 0, err
		}
		values += n
	}
	perRun := values/len(sample) + 1
	return min(maxJudged, max(len(sample), maxValues/perRun)), nil
}

func idsOf(runs []judgedRun) []string {
	ids := make([]string, len(runs))
	for i, r := range runs {
		ids[i] = r.id
	}
	return ids
}

func judgedOf(runs []judgedRun) judged {
	j := judged{all: idsOf(runs)}
	isParent := map[string]bool{}
	for _, r := range runs {
		if r.parent != r.id {
			isParent[r.parent] = true
		}
	}
	for _, r := range runs {
		if isParent[r.id] {
			j.parents = append(j.parents, r.id)
		} else {
			j.leaves = append(j.leaves, r.id)
		}
	}
	return j
}

// judgedAtOnce is the number of runs whose values one query reads.
const judgedAtOnce = 900

// keyValues are the values of a key: least and most are those of some runs.
type keyValues struct {
	key         string
	runs        int64
	least, most string
	varies      bool
}

// keysOf returns the keys in a table of values of runs. value is an expression that
// differs if values do.
func (t tx) keysOf(j judged, table, value string) ([]mlflow.RunKey, error) {
	ofLeaves, err := t.valuesByKey(j.leaves, table, value)
	if err != nil {
		return nil, err
	}
	ofParents, err := t.valuesByKey(j.parents, table, value)
	if err != nil {
		return nil, err
	}
	keys := make([]mlflow.RunKey, 0, len(ofLeaves))
	for key, v := range ofLeaves {
		k := mlflow.RunKey{Key: key, Runs: v.runs, Varies: v.varies}
		if parents := ofParents[key]; parents != nil {
			k.Runs += parents.runs
			delete(ofParents, key)
		}
		keys = append(keys, k)
	}
	for key, v := range ofParents {
		keys = append(keys, mlflow.RunKey{Key: key, Runs: v.runs})
	}
	return keys, nil
}

// valuesByKey reads the values of runs, and merges what the queries return. They name the
// index, since MariaDB prefers to read the whole table.
func (t tx) valuesByKey(ids []string, table, value string) (map[string]*keyValues, error) {
	byKey := map[string]*keyValues{}
	query := "SELECT " + t.Dialect.Exactly + "`key`, COUNT(*), MIN(" + value + "), MAX(" + value + ") FROM " + table +
		" INDEXED BY index_" + table + "_run_uuid WHERE run_uuid IN (?...) GROUP BY 1"
	for part := range slices.Chunk(ids, judgedAtOnce) {
		err := t.EachUncached(query, []any{part}, func(rows *sql.Rows) error {
			var v keyValues
			var least, most sql.NullString
			if err := rows.Scan(&v.key, &v.runs, &least, &most); err != nil {
				return err
			}
			v.least, v.most = least.String, most.String
			known := byKey[v.key]
			if known == nil {
				v.varies = v.least != v.most
				byKey[v.key] = &v
				return nil
			}
			known.runs += v.runs
			known.varies = known.varies || v.least != known.least || v.most != known.most
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return byKey, nil
}

// cutKeys returns the keys that contain a text, in any case, up to limit, and how many
// there are.
func cutKeys(keys []mlflow.RunKey, text string, limit int) (cut []mlflow.RunKey, count int64) {
	text = strings.ToLower(text)
	cut = make([]mlflow.RunKey, 0, len(keys))
	for _, k := range keys {
		if strings.Contains(strings.ToLower(k.Key), text) {
			cut = append(cut, k)
		}
	}
	slices.SortFunc(cut, func(a, b mlflow.RunKey) int {
		return cmp.Or(cmp.Compare(b.Runs, a.Runs), cmp.Compare(a.Key, b.Key))
	})
	return slices.Clip(cut[:min(limit, len(cut))]), int64(len(cut))
}

// attributeKeys lists the attributes that not all runs have.
func (t tx) attributeKeys(j judged, runs []judgedRun, tags []mlflow.RunKey) ([]mlflow.RunKey, error) {
	status := mlflow.RunKey{Key: "status", Runs: int64(len(runs))}
	user := mlflow.RunKey{Key: "user_id"}
	source := mlflow.RunKey{Key: "source"}
	leaves := base.SetOf(j.leaves)
	var firstUser, firstStatus string
	for _, r := range runs {
		if r.user != "" {
			user.Runs++
		}
		if !leaves[r.id] {
			continue
		}
		firstUser, firstStatus = cmp.Or(firstUser, r.user), cmp.Or(firstStatus, r.status)
		user.Varies = user.Varies || r.user != "" && r.user != firstUser
		status.Varies = status.Varies || r.status != firstStatus
	}
	for _, k := range tags {
		if k.Key == search.TagSource {
			source.Runs, source.Varies = k.Runs, k.Varies
		}
	}
	dataset, err := t.datasetKey(j)
	return []mlflow.RunKey{status, user, source, dataset}, err
}

func (t tx) datasetKey(j judged) (mlflow.RunKey, error) {
	key := mlflow.RunKey{Key: "dataset"}
	in := base.OneOfMany(t.Dialect, "i.destination_id", j.all, false)
	names, err := db.CollectUncached(
		t.Tx, `SELECT d.name, COUNT(DISTINCT i.destination_id) FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id
			WHERE i.destination_type = 'RUN' AND i.source_type = 'DATASET' AND `+in.SQL+` GROUP BY d.name`,
		in.Args, func(rows *sql.Rows, v *mlflow.RunValue) error { return rows.Scan(&v.Value, &v.Runs) },
	)
	for _, name := range names {
		key.Runs = max(key.Runs, name.Runs)
	}
	key.Varies = len(names) > 1
	return key, err
}

// RunValues lists up to limit values of a column of the newest runs that a search finds.
// Values of more than 250 bytes are left out.
func (s Tables) RunValues(
	ctx context.Context, experimentIDs []int64, limit int, in *mlflow.RunValuesRequest,
) (list []mlflow.RunValue, err error) {
	from, err := valuesOf(in.Column)
	if err != nil {
		return nil, err
	}
	scope, err := s.judgedScope(ctx, experimentIDs, in.Filter, in.RunViewType)
	if err != nil || scope == nil {
		return nil, err
	}
	query := `SELECT v, COUNT(*) FROM (SELECT ` + s.Dialect.Exactly + from.value + ` AS v FROM ` + from.table + ` JOIN (
		SELECT r.run_uuid FROM runs r WHERE ` + scope.SQL + ` ORDER BY r.start_time DESC, r.run_uuid LIMIT ?) newest
		ON newest.run_uuid = ` + from.owner + from.where + `) found
		WHERE v <> '' AND length(v) <= ? GROUP BY v ORDER BY COUNT(*) DESC, v`
	text := strings.ToLower(in.Text)
	err = s.ScanReplica(ctx, func(t tx) error {
		list = nil
		return t.EachUncached(
			query, base.Concat(scope.Args, []any{maxJudged}, from.args, []any{maxValueText}),
			func(rows *sql.Rows) error {
				var v mlflow.RunValue
				err := rows.Scan(&v.Value, &v.Runs)
				if len(list) < limit && strings.Contains(strings.ToLower(v.Value), text) {
					list = append(list, v)
				}
				return err
			},
		)
	})
	return list, err
}

// columnValues says where the values of a column are.
type columnValues struct {
	value, table, owner, where string
	args                       []any
}

func valuesOf(c mlflow.RunColumn) (v columnValues, err error) {
	if err := search.CheckColumn(c); err != nil {
		return v, err
	}
	switch {
	case c == sourceColumn:
		c = mlflow.RunColumn{Kind: "tags", Key: search.TagSource}
		fallthrough
	case c.Kind == "params" || c.Kind == "tags":
		v = columnValues{"x.value", c.Kind + " x", "x.run_uuid", " WHERE x.`key` = ?", []any{c.Key}}
	case c.Key == "dataset" && c.Kind == "attributes":
		v = columnValues{
			"d.name", "inputs i JOIN datasets d ON d.dataset_uuid = i.source_id", "i.destination_id",
			" WHERE i.destination_type = 'RUN' AND i.source_type = 'DATASET'", nil,
		}
	case slices.Contains([]string{"user_id", "status"}, c.Key) && c.Kind == "attributes":
		v = columnValues{"x." + c.Key, "runs x", "x.run_uuid", "", nil}
	case c.Key == "run_name" && c.Kind == "attributes":
		v = columnValues{"x.name", "runs x", "x.run_uuid", "", nil}
	default:
		err = mlflow.Errorf(
			mlflow.InvalidParameterValue, "The values of the column '%s.%s' cannot be listed.", c.Kind, c.Key,
		)
	}
	return v, err
}
