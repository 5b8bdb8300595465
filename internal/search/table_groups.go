package search

import (
	"slices"

	"github.com/millrace-ml/millrace/mlflow"
)

// MaxGroupColumns is the most columns that runs are grouped by.
const MaxGroupColumns = 20

// groupAttributes are the attributes that runs can be grouped by.
var groupAttributes = []string{"user_id", "status", "source", "dataset"}

// CheckGroups returns an error for groups that no table has.
func CheckGroups(g *mlflow.RunGroups) error {
	switch {
	case g == nil:
		return nil
	case g.AllParams == (len(g.By) > 0):
		return invalid("groups needs either by or all_params.")
	case !g.AllParams && len(g.But) > 0:
		return invalid("groups.but is for groups with all_params.")
	case len(g.By) > MaxGroupColumns:
		return invalid("groups.by can have at most %d items. Got %d.", MaxGroupColumns, len(g.By))
	}
	for i, c := range g.By {
		if err := CheckColumn(c); err != nil {
			return err
		}
		if c.Kind == kindMetric || c.Kind == kindAttribute && !slices.Contains(groupAttributes, c.Key) {
			return invalid(
				"Runs cannot be grouped by '%s.%s'. They can be grouped by params, tags and the attributes %v.",
				c.Kind, c.Key, groupAttributes,
			)
		}
		if slices.Contains(g.By[:i], c) {
			return invalid("groups.by has the column '%s.%s' twice.", c.Kind, c.Key)
		}
	}
	return nil
}
