package lineage

import (
	"database/sql"
	"strconv"

	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/internal/store/registry"
	"github.com/millrace-ml/millrace/mlflow"
)

// describe loads what there is to say about the nodes from an index on. Nodes that do not
// exist or that the user may not read stay unavailable.
func (g *lineage) describe(from int) error {
	keys := g.keys[from:]
	return base.FirstError(
		func() error { return g.describeDatasets(idsOfKind(keys, mlflow.LineageDataset)) },
		func() error { return g.describeRuns(idsOfKind(keys, mlflow.LineageRun)) },
		func() error { return g.describeModels(idsOfKind(keys, mlflow.LineageLoggedModel)) },
		func() error { return g.describeVersions(keys) },
	)
}

// describeDatasets needs no condition: a dataset is a part of the run that leads to it.
func (g *lineage) describeDatasets(ids []string) error {
	return g.nodes(ids, `SELECT d.dataset_uuid, d.digest, d.name, d.experiment_id, e.name, '', 'active' FROM datasets d
		JOIN experiments e ON e.experiment_id = d.experiment_id WHERE d.dataset_uuid IN (?...)`,
		mlflow.LineageDataset, search.Fragment{})
}

func (g *lineage) describeRuns(ids []string) error {
	return g.nodes(ids, `SELECT r.run_uuid, r.run_uuid, coalesce(r.name, ''), r.experiment_id, e.name,
		coalesce(r.status, ''), r.lifecycle_stage FROM runs r JOIN experiments e ON e.experiment_id = r.experiment_id
		WHERE r.run_uuid IN (?...)`,
		mlflow.LineageRun, g.visibleRuns)
}

func (g *lineage) describeModels(ids []string) error {
	return g.nodes(ids, `SELECT lm.model_id, lm.model_id, lm.name, lm.experiment_id, e.name, '', lm.lifecycle_stage
		FROM logged_models lm JOIN experiments e ON e.experiment_id = lm.experiment_id WHERE lm.model_id IN (?...)`,
		mlflow.LineageLoggedModel, g.visibleModels)
}

// nodes describes nodes of a kind by a query with the id of the key and the fields of a
// node.
func (g *lineage) nodes(ids []string, query, kind string, visible search.Fragment) error {
	if len(ids) == 0 {
		return nil
	}
	if visible.SQL != "" {
		query += ` AND ` + visible.SQL
	}
	return g.t.EachUncached(query, base.Concat([]any{ids}, visible.Args), func(rows *sql.Rows) error {
		var n mlflow.LineageNode
		var id, stage string
		var experiment int64
		err := rows.Scan(&id, &n.ID, &n.Name, &experiment, &n.ExperimentName, &n.Status, &stage)
		n.ExperimentID, n.Deleted = strconv.FormatInt(experiment, 10), stage == "deleted"
		g.set(lineageKey{kind: kind, id: id}, n)
		return err
	})
}

func (g *lineage) describeVersions(keys []lineageKey) error {
	condition := numbered(keys)
	if condition.SQL == base.Nothing {
		return nil
	}
	aliases, err := g.aliases(keys)
	if err != nil {
		return err
	}
	all := base.Both(condition, g.visibleVersions)
	return g.t.EachUncached(
		`SELECT mv.name, mv.version, coalesce(mv.current_stage, ''), coalesce(mv.status, '') FROM model_versions mv
			WHERE `+base.And(`mv.`+base.InDefault, `mv.current_stage <> ?`, all.SQL),
		base.Concat([]any{registry.StageDeleted}, all.Args),
		func(rows *sql.Rows) error {
			var n mlflow.LineageNode
			var number int64
			err := rows.Scan(&n.Name, &number, &n.Stage, &n.Status)
			n.ID = strconv.FormatInt(number, 10)
			key := lineageKey{kind: mlflow.LineageVersion, id: n.ID, name: n.Name}
			n.Aliases = aliases[key]
			g.set(key, n)
			return err
		},
	)
}

// aliases returns the aliases of the versions of some models.
func (g *lineage) aliases(keys []lineageKey) (map[lineageKey][]string, error) {
	var names []string
	known := map[string]bool{}
	for _, key := range keys {
		if key.kind == mlflow.LineageVersion && !known[key.name] {
			known[key.name] = true
			names = append(names, key.name)
		}
	}
	found := map[lineageKey][]string{}
	err := g.t.EachUncached(
		`SELECT name, version, alias FROM registered_model_aliases
			WHERE `+base.InDefault+` AND name IN (?...) ORDER BY alias`,
		[]any{names},
		func(rows *sql.Rows) error {
			key := lineageKey{kind: mlflow.LineageVersion}
			var number int64
			var alias string
			err := rows.Scan(&key.name, &number, &alias)
			key.id = strconv.FormatInt(number, 10)
			found[key] = append(found[key], alias)
			return err
		},
	)
	return found, err
}
