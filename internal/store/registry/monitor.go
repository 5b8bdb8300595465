package registry

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// LoggedModelIn matches the id of a logged model in the source or location of a
// version, since the table has no column for it.
var LoggedModelIn = regexp.MustCompile(`(?:^models:/|/models/)(m-[0-9a-f]{32})(?:/|$)`)

// MonitorModel returns a registered model and one page of its versions, newest first,
// with their runs and metrics. It executes one query of each kind for every 500
// versions. The token of the next page contains the lowest version, so that new
// versions do not shift the pages.
func (s Registry) MonitorModel(
	ctx context.Context,
	name string,
	limit int,
	token string,
) (out *mlflow.MonitorModelResponse, err error) {
	below, err := search.DecodeOffset(token)
	if err != nil {
		return nil, err
	}
	err = s.ViewReplica(ctx, func(t tx) error {
		m, err := t.registeredModel(name)
		if err != nil {
			return err
		}
		out = &mlflow.MonitorModelResponse{RegisteredModel: m}
		if out.Versions, err = t.monitoredVersions(name, below, limit+1); err != nil {
			return err
		}
		if len(out.Versions) > limit {
			out.Versions = out.Versions[:limit]
			last, err := strconv.Atoi(out.Versions[limit-1].Version)
			if err != nil {
				return err
			}
			out.NextPageToken = search.EncodeOffset(last)
		}
		w := monitor{
			t: t, name: name, versions: out.Versions, byNumber: map[string]*mlflow.MonitoredVersion{},
			visibleRuns:   base.VisibleExperiments(ctx, s.Store, `experiment_id`, access.Run),
			visibleModels: base.VisibleExperiments(ctx, s.Store, `experiment_id`, access.LoggedModel),
		}
		for i := range w.versions {
			w.byNumber[w.versions[i].Version] = &w.versions[i]
		}
		return w.load(m.Aliases)
	})
	return out, err
}

func (t tx) monitoredVersions(name string, below, limit int) ([]mlflow.MonitoredVersion, error) {
	return db.Collect(t.Tx, `SELECT `+modelVersionColumns+`, coalesce(mv.storage_location, '') FROM model_versions mv
		WHERE mv.`+base.InDefault+` AND mv.name = ? AND mv.current_stage <> ? AND mv.version < ?
		ORDER BY mv.version DESC LIMIT ?`, []any{name, StageDeleted, base.OrMost(below), limit},
		func(rows *sql.Rows, v *mlflow.MonitoredVersion) error {
			var location string
			if err := rows.Scan(append(versionFields(&v.ModelVersion), &location)...); err != nil {
				return err
			}
			for _, uri := range []string{v.Source, location} {
				if m := LoggedModelIn.FindStringSubmatch(uri); m != nil && v.ModelID == "" {
					v.ModelID = m[1]
				}
			}
			return nil
		})
}

// monitor loads the data of versions of a model.
type monitor struct {
	t        tx
	name     string
	versions []mlflow.MonitoredVersion
	byNumber map[string]*mlflow.MonitoredVersion
	// visibleRuns and visibleModels are the conditions that the user may read the
	// experiment of a run or logged model.
	visibleRuns, visibleModels search.Fragment
}

func (w *monitor) load(aliases []mlflow.ModelAlias) error {
	for _, a := range aliases {
		if v := w.byNumber[a.Version]; v != nil {
			v.Aliases = append(v.Aliases, a.Alias)
		}
	}
	if err := w.loadOwn(); err != nil {
		return err
	}
	ofModel := w.by(func(v *mlflow.MonitoredVersion) string { return v.ModelID })
	err := w.keepVisible(ofModel, `SELECT model_id FROM logged_models WHERE model_id IN (?...)`, w.visibleModels)
	if err != nil {
		return err
	}
	if err := inChunks(ofModel, func(ids []string) error { return w.loadModelMetrics(ids, ofModel) }); err != nil {
		return err
	}
	ofRun := w.by(func(v *mlflow.MonitoredVersion) string { return v.RunID })
	if err := w.keepVisible(ofRun, `SELECT run_uuid FROM runs WHERE run_uuid IN (?...)`, w.visibleRuns); err != nil {
		return err
	}
	if err := inChunks(ofRun, func(ids []string) error { return w.loadRuns(ids, ofRun) }); err != nil {
		return err
	}
	early := w.early(ofRun)
	if err := inChunks(early, func(ids []string) error { return w.followRuns(ids, early) }); err != nil {
		return err
	}
	unmeasured := w.by(func(v *mlflow.MonitoredVersion) string {
		if len(v.Metrics) > 0 || ofRun[v.RunID] == nil {
			return ""
		}
		return v.RunID
	})
	return inChunks(unmeasured, func(ids []string) error { return w.loadRunMetrics(ids, unmeasured) })
}

// versionsBy maps the id of a run or a logged model to the versions created from it.
type versionsBy map[string][]*mlflow.MonitoredVersion

func (w *monitor) by(key func(*mlflow.MonitoredVersion) string) versionsBy {
	out := versionsBy{}
	for i := range w.versions {
		if k := key(&w.versions[i]); k != "" {
			out[k] = append(out[k], &w.versions[i])
		}
	}
	return out
}

// keepVisible removes the runs or logged models that the user may not read. query
// selects the ids of those that meet the condition visible.
func (w *monitor) keepVisible(of versionsBy, query string, visible search.Fragment) error {
	if visible.SQL == "" {
		return nil
	}
	kept := map[string]bool{}
	err := inChunks(of, func(ids []string) error {
		list, err := db.CollectUncached(
			w.t.Tx, query+` AND `+visible.SQL, base.Concat([]any{ids}, visible.Args), base.ScanOne[string],
		)
		for _, id := range list {
			kept[id] = true
		}
		return err
	})
	maps.DeleteFunc(of, func(id string, _ []*mlflow.MonitoredVersion) bool { return !kept[id] })
	return err
}

func inChunks(all versionsBy, load func(ids []string) error) error {
	ids := make([]string, 0, len(all))
	for id := range all {
		ids = append(ids, id)
	}
	for len(ids) > 0 {
		n := min(base.LoadChunk, len(ids))
		if err := load(ids[:n]); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// loadOwn loads the data of the registry: the tags, and the user who created a
// version.
func (w *monitor) loadOwn() error {
	plain := make([]mlflow.ModelVersion, len(w.versions))
	for i := range w.versions {
		plain[i] = w.versions[i].ModelVersion
	}
	if err := w.t.loadVersionTags(plain); err != nil {
		return err
	}
	for i := range plain {
		w.versions[i].Tags = plain[i].Tags
	}
	return w.t.Each(
		`SELECT version, user_email FROM millrace_registry_log WHERE model = ? AND kind = ? AND to_value = 'created'
			ORDER BY id`,
		[]any{w.name, mlflow.ChangeVersion},
		func(rows *sql.Rows) error {
			var version, user string
			err := rows.Scan(&version, &user)
			if v := w.byNumber[version]; v != nil {
				v.CreatedBy = user
			}
			return err
		},
	)
}

// loadModelMetrics loads the last value of each metric and dataset of logged models.
// The metrics have no model id, since the version has it.
func (w *monitor) loadModelMetrics(ids []string, of versionsBy) error {
	metrics := map[string][]mlflow.Metric{}
	err := w.t.Each(
		`SELECT model_id, metric_name, metric_value, metric_timestamp_ms, metric_step, coalesce(dataset_name, ''),
			coalesce(dataset_digest, '')
		FROM logged_model_metrics WHERE model_id IN (?...)`,
		[]any{ids},
		func(rows *sql.Rows) error {
			var id string
			var m mlflow.Metric
			var value sql.NullFloat64
			if err := rows.Scan(&id, &m.Key, &value, &m.Timestamp, &m.Step, &m.DatasetName, &m.DatasetDigest); err != nil {
				return err
			}
			m.Value = base.FromColumn(value.Float64, !value.Valid)
			metrics[id] = append(metrics[id], m)
			return nil
		},
	)
	for id, list := range metrics {
		list = lastOfEach(list)
		for _, v := range of[id] {
			v.Metrics = list
		}
	}
	return err
}

// lastOfEach sorts metrics by name and dataset, and keeps the last value of each pair.
func lastOfEach(list []mlflow.Metric) []mlflow.Metric {
	series := func(a, b mlflow.Metric) int {
		return cmp.Or(
			strings.Compare(a.Key, b.Key), strings.Compare(a.DatasetName, b.DatasetName),
			strings.Compare(a.DatasetDigest, b.DatasetDigest),
		)
	}
	slices.SortFunc(list, func(a, b mlflow.Metric) int {
		return cmp.Or(series(a, b), cmp.Compare(b.Step, a.Step), cmp.Compare(b.Timestamp, a.Timestamp))
	})
	return slices.CompactFunc(list, func(a, b mlflow.Metric) bool { return series(a, b) == 0 })
}

// early returns the versions, by run, whose logged models have metrics of step 0. MLflow
// copies the values that a run has at the step of log_model, which is 0 unless the program
// sets it: the beginning of a curve, and not the model's quality.
func (w *monitor) early(ofRun versionsBy) versionsBy {
	return w.by(func(v *mlflow.MonitoredVersion) string {
		if ofRun[v.RunID] == nil || !slices.ContainsFunc(v.Metrics, isEarly) {
			return ""
		}
		return v.RunID
	})
}

func isEarly(m mlflow.Metric) bool { return m.Step == 0 && m.DatasetName == "" }

// followRuns replaces metrics of step 0 by the last values of the runs, with their steps.
// The models of a run that logs checkpoints at steps keep their own.
func (w *monitor) followRuns(ids []string, of versionsBy) error {
	checkpoints := map[string]bool{}
	err := w.t.Each(
		`SELECT source_id, max(step) FROM inputs WHERE source_type = 'RUN_OUTPUT' AND source_id IN (?...)
			AND destination_type = 'MODEL_OUTPUT' GROUP BY source_id`,
		[]any{ids},
		func(rows *sql.Rows) error {
			var id string
			var step int64
			err := rows.Scan(&id, &step)
			checkpoints[id] = step > 0
			return err
		},
	)
	if err != nil {
		return err
	}
	return w.latestMetrics(ids, func(id string, last mlflow.Metric) {
		if last.Step == 0 || checkpoints[id] {
			return
		}
		for _, v := range of[id] {
			// Versions of one model have one list.
			v.Metrics = slices.Clone(v.Metrics)
			for i, m := range v.Metrics {
				if m.Key == last.Key && isEarly(m) {
					v.Metrics[i] = last
				}
			}
		}
	})
}

// loadRunMetrics loads the last value of each metric of runs.
func (w *monitor) loadRunMetrics(ids []string, of versionsBy) error {
	metrics := map[string][]mlflow.Metric{}
	err := w.latestMetrics(ids, func(id string, m mlflow.Metric) { metrics[id] = append(metrics[id], m) })
	for id, list := range metrics {
		list = lastOfEach(list)
		for _, v := range of[id] {
			v.Metrics = list
		}
	}
	return err
}

// latestMetrics calls add with the last value of each metric of runs.
func (w *monitor) latestMetrics(ids []string, add func(runID string, m mlflow.Metric)) error {
	return w.t.Each(
		"SELECT run_uuid, `key`, value, coalesce(timestamp, 0), step, is_nan FROM latest_metrics WHERE run_uuid IN (?...)",
		[]any{ids},
		func(rows *sql.Rows) error {
			var id string
			var m mlflow.Metric
			var nan bool
			if err := rows.Scan(&id, &m.Key, &m.Value, &m.Timestamp, &m.Step, &nan); err != nil {
				return err
			}
			m.Value = base.FromColumn(m.Value, nan)
			add(id, m)
			return nil
		},
	)
}

// loadRuns loads the names and datasets of runs.
func (w *monitor) loadRuns(ids []string, of versionsBy) error {
	err := w.t.Each(`SELECT r.run_uuid, coalesce(r.name, ''), coalesce(r.user_id, ''), r.experiment_id, e.name
		FROM runs r JOIN experiments e ON e.experiment_id = r.experiment_id
		WHERE r.run_uuid IN (?...)`, []any{ids}, func(rows *sql.Rows) error {
		var id, name, user, experiment string
		var experimentID int64
		err := rows.Scan(&id, &name, &user, &experimentID, &experiment)
		for _, v := range of[id] {
			v.RunName, v.RunUser, v.ExperimentName, v.ExperimentID = name, user, experiment, strconv.FormatInt(experimentID, 10)
		}
		return err
	})
	if err != nil {
		return err
	}
	return w.t.Each(`SELECT i.destination_id, d.experiment_id, d.name, d.digest, coalesce(it.value, '')
		FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id
		LEFT JOIN input_tags it ON it.input_uuid = i.input_uuid AND it.name = 'mlflow.data.context'
		WHERE i.destination_type = 'RUN' AND i.source_type = 'DATASET' AND i.destination_id IN (?...)
		ORDER BY d.name, d.digest`, []any{ids}, func(rows *sql.Rows) error {
		var id string
		var d mlflow.DatasetSummary
		err := rows.Scan(&id, &d.ExperimentID, &d.Name, &d.Digest, &d.Context)
		for _, v := range of[id] {
			v.Datasets = append(v.Datasets, d)
		}
		return err
	})
}
