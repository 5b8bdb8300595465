package lineage

import (
	"database/sql"
	"encoding/json"
	"strconv"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/internal/store/registry"
	"github.com/millrace-ml/millrace/mlflow"
)

// sources returns the edges to nodes from what they were made of.
func (g *lineage) sources(front []lineageKey) ([]link, error) {
	runs, models := idsOfKind(front, mlflow.LineageRun), idsOfKind(front, mlflow.LineageLoggedModel)
	return collect(
		func() ([]link, error) { return g.versionSources(front) },
		func() ([]link, error) {
			return g.links(models, `SELECT lm.source_run_id, lm.model_id, '', coalesce(i.step, 0) FROM logged_models lm
				LEFT JOIN inputs i ON i.source_type = 'RUN_OUTPUT' AND i.source_id = lm.source_run_id
					AND i.destination_type = 'MODEL_OUTPUT' AND i.destination_id = lm.model_id
				WHERE lm.model_id IN (?...) AND coalesce(lm.source_run_id, '') <> '' ORDER BY lm.model_id LIMIT ?`,
				mlflow.LineageRun, mlflow.LineageLoggedModel)
		},
		func() ([]link, error) {
			return g.links(runs, `SELECT i.destination_id, i.source_id, '', 0 FROM inputs i WHERE i.source_type = 'RUN_INPUT'
				AND i.source_id IN (?...) AND i.destination_type = 'MODEL_INPUT' ORDER BY i.destination_id LIMIT ?`,
				mlflow.LineageLoggedModel, mlflow.LineageRun)
		},
		func() ([]link, error) {
			return g.links(runs, `SELECT i.source_id, i.destination_id, coalesce(it.value, ''), 0 FROM inputs i
				LEFT JOIN input_tags it ON it.input_uuid = i.input_uuid AND it.name = 'mlflow.data.context'
				WHERE i.destination_type = 'RUN' AND i.destination_id IN (?...) AND i.source_type = 'DATASET'
				ORDER BY i.source_id LIMIT ?`,
				mlflow.LineageDataset, mlflow.LineageRun)
		},
	)
}

// products returns the edges from nodes to what was made of them.
func (g *lineage) products(front []lineageKey) ([]link, error) {
	runs, models := idsOfKind(front, mlflow.LineageRun), idsOfKind(front, mlflow.LineageLoggedModel)
	return collect(
		func() ([]link, error) {
			return g.links(runs, `SELECT i.source_id, i.destination_id, '', i.step FROM inputs i
				WHERE i.source_type = 'RUN_OUTPUT' AND i.source_id IN (?...) AND i.destination_type = 'MODEL_OUTPUT'
				ORDER BY i.step, i.destination_id LIMIT ?`,
				mlflow.LineageRun, mlflow.LineageLoggedModel)
		},
		func() ([]link, error) {
			return g.links(models, `SELECT i.destination_id, i.source_id, '', 0 FROM inputs i WHERE i.source_type = 'RUN_INPUT'
				AND i.destination_id IN (?...) AND i.destination_type = 'MODEL_INPUT' ORDER BY i.source_id LIMIT ?`,
				mlflow.LineageLoggedModel, mlflow.LineageRun)
		},
		func() ([]link, error) { return g.versionsOfRuns(runs) },
		func() ([]link, error) { return g.versionsOfModels(models) },
	)
}

// links executes a query for the edges of some nodes, whose columns are those of a [link].
func (g *lineage) links(ids []string, query, from, to string) ([]link, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return db.CollectUncached(g.t.Tx, query, []any{ids, maxLineage + 1}, func(rows *sql.Rows, l *link) error {
		l.from.kind, l.to.kind = from, to
		return rows.Scan(&l.from.id, &l.to.id, &l.label, &l.step)
	})
}

// madeOf is a version with what it was made of.
type madeOf struct {
	version    lineageKey
	run, model string
}

// source returns the logged model that a version was made of, or its run.
func (m madeOf) source() (lineageKey, bool) {
	if m.model != "" {
		return lineageKey{kind: mlflow.LineageLoggedModel, id: m.model}, true
	}
	return lineageKey{kind: mlflow.LineageRun, id: m.run}, m.run != ""
}

// versions returns the versions that meet a condition and that the user may read.
func (g *lineage) versions(condition search.Fragment) ([]madeOf, error) {
	all := base.Both(condition, g.visibleVersions)
	return db.CollectUncached(
		g.t.Tx, `SELECT mv.name, mv.version, coalesce(mv.run_id, ''), coalesce(mv.source, ''),
			coalesce(mv.storage_location, '') FROM model_versions mv
			WHERE `+base.And(`mv.`+base.InDefault, `mv.current_stage <> ?`, all.SQL)+
			` ORDER BY mv.name, mv.version LIMIT ?`,
		base.Concat([]any{registry.StageDeleted}, all.Args, []any{maxLineage + 1}),
		func(rows *sql.Rows, m *madeOf) error {
			var number int64
			var uris [2]string
			if err := rows.Scan(&m.version.name, &number, &m.run, &uris[0], &uris[1]); err != nil {
				return err
			}
			m.version.kind, m.version.id = mlflow.LineageVersion, strconv.FormatInt(number, 10)
			m.model = loggedModelOf(uris[:]...)
			return nil
		},
	)
}

// loggedModelOf returns the id of the logged model that one of some URIs leads to.
func loggedModelOf(uris ...string) string {
	for _, uri := range uris {
		if m := registry.LoggedModelIn.FindStringSubmatch(uri); m != nil {
			return m[1]
		}
	}
	return ""
}

// numbered returns the condition that a version is one of some.
func numbered(keys []lineageKey) search.Fragment {
	var list []search.Fragment
	for _, key := range keys {
		if n, err := registry.ParseVersion(key.id); key.kind == mlflow.LineageVersion && err == nil {
			list = append(list, search.Fragment{SQL: `(mv.name = ? AND mv.version = ?)`, Args: []any{key.name, n}})
		}
	}
	if len(list) == 0 {
		return search.Fragment{SQL: base.Nothing}
	}
	return base.AnyOf(list)
}

func (g *lineage) versionSources(front []lineageKey) (list []link, err error) {
	condition := numbered(front)
	if condition.SQL == base.Nothing {
		return nil, nil
	}
	found, err := g.versions(condition)
	for _, m := range found {
		if source, made := m.source(); made {
			list = append(list, link{from: source, to: m.version})
		}
	}
	return list, err
}

// versionsOfRuns returns the versions of runs, without those of their logged models.
func (g *lineage) versionsOfRuns(runs []string) (list []link, err error) {
	if len(runs) == 0 {
		return nil, nil
	}
	found, err := g.versions(search.Fragment{SQL: `mv.run_id IN (?...)`, Args: []any{runs}})
	for _, m := range found {
		if m.model == "" {
			list = append(list, link{from: lineageKey{kind: mlflow.LineageRun, id: m.run}, to: m.version})
		}
	}
	return list, err
}

// versionsOfModels returns the versions that were made of logged models. No index leads
// from a model to them, but the registry notes them in a tag of the model, and most of them
// name the run of the model. The tag has the old names of models that were renamed.
func (g *lineage) versionsOfModels(models []string) (list []link, err error) {
	if len(models) == 0 {
		return nil, nil
	}
	var noted []lineageKey
	err = g.t.Each(
		`SELECT model_id, tag_key, tag_value FROM logged_model_tags WHERE model_id IN (?...) AND tag_key = ?`,
		[]any{models, registry.TagModelVersions},
		base.ScanPair(func(_, _, text string) error {
			noted = append(noted, notedVersions(text)...)
			return nil
		}),
	)
	if err != nil {
		return nil, err
	}
	if len(noted) > maxLineage {
		noted, g.out.Bounded = noted[:maxLineage], true
	}
	of := base.SetOf(models)
	for _, condition := range []search.Fragment{
		numbered(noted),
		{
			SQL:  `mv.run_id IN (SELECT lm.source_run_id FROM logged_models lm WHERE lm.model_id IN (?...))`,
			Args: []any{models},
		},
	} {
		if condition.SQL == base.Nothing {
			continue
		}
		found, err := g.versions(condition)
		if err != nil {
			return nil, err
		}
		for _, m := range found {
			if source, _ := m.source(); of[m.model] {
				list = append(list, link{from: source, to: m.version})
			}
		}
	}
	return list, nil
}

// notedVersions reads the tag of a logged model that lists its versions. Clients can set
// the tag to any text.
func notedVersions(text string) (keys []lineageKey) {
	var list []struct {
		Name    string          `json:"name"`
		Version json.RawMessage `json:"version"`
	}
	if json.Unmarshal([]byte(text), &list) != nil {
		return nil
	}
	for _, v := range list {
		number := string(v.Version)
		if unquoted, err := strconv.Unquote(number); err == nil {
			number = unquoted
		}
		keys = append(keys, lineageKey{kind: mlflow.LineageVersion, id: number, name: v.Name})
	}
	return keys
}
