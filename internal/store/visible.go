package store

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/search"
)

// nothing is a condition that no row meets.
const nothing = `1 = 0`

// visibleExperiments returns the condition that the user of a request may read the
// experiment whose id is in a column, and child, a type of its parts, unless it is "".
// The condition is empty if the user may read all.
func visibleExperiments(ctx context.Context, column string, child access.Type) search.Fragment {
	set := access.FromContext(ctx).Readable(access.Experiment, child)
	var ids []int64
	for _, text := range set.IDs {
		if id, err := strconv.ParseInt(text, 10, 64); err == nil { // A grant may name anything.
			ids = append(ids, id)
		}
	}
	switch {
	case set.Except && len(ids) == 0:
		return search.Fragment{}
	case set.Except:
		return search.Fragment{SQL: column + ` NOT IN (?...)`, Args: []any{ids}}
	case len(ids) == 0:
		return search.Fragment{SQL: nothing}
	}
	return search.Fragment{SQL: column + ` IN (?...)`, Args: []any{ids}}
}

// readableExperiments returns those of some experiments that the user of a request may
// read, with child as for visibleExperiments.
func readableExperiments(ctx context.Context, ids []int64, child access.Type) []int64 {
	set := access.FromContext(ctx).Readable(access.Experiment, child)
	if set.All() {
		return ids
	}
	named := make(map[string]bool, len(set.IDs))
	for _, id := range set.IDs {
		named[id] = true
	}
	readable := make([]int64, 0, len(ids))
	for _, id := range ids {
		if named[strconv.FormatInt(id, 10)] != set.Except {
			readable = append(readable, id)
		}
	}
	return readable
}

// visibleModels returns the condition that the user of a request may read the registered
// model or prompt whose name is in a column. versions says that versions are read, whose
// grants decide first.
func visibleModels(ctx context.Context, column string, versions bool) search.Fragment {
	grants := access.FromContext(ctx)
	var ofModels, ofPrompts access.Type
	if versions {
		ofModels, ofPrompts = access.RegisteredModelVersion, access.PromptVersion
	}
	models := grants.Readable(access.RegisteredModel, ofModels)
	prompts := grants.Readable(access.Prompt, ofPrompts)
	if models.Except == prompts.Except && slices.Equal(models.IDs, prompts.IDs) {
		return named(column, models)
	}
	isPrompt := "EXISTS (SELECT 1 FROM registered_model_tags pt WHERE pt." + inDefault + " AND pt.name = " + column +
		" AND pt.`key` = '" + tagIsPrompt + "' AND lower(pt.value) = 'true')"
	both := []string{}
	var args []any
	for _, part := range []struct {
		is  string
		set access.Set
	}{{"NOT " + isPrompt, models}, {isPrompt, prompts}} {
		condition := named(column, part.set)
		if condition.SQL == nothing {
			continue
		}
		both = append(both, "("+and(part.is, condition.SQL)+")")
		args = append(args, condition.Args...)
	}
	return search.Fragment{SQL: "(" + strings.Join(both, " OR ") + ")", Args: args}
}

// named returns the condition that a column has one of the names of a set.
func named(column string, set access.Set) search.Fragment {
	switch {
	case set.All():
		return search.Fragment{}
	case set.None():
		return search.Fragment{SQL: nothing}
	case set.Except:
		return search.Fragment{SQL: column + ` NOT IN (?...)`, Args: []any{set.IDs}}
	}
	return search.Fragment{SQL: column + ` IN (?...)`, Args: []any{set.IDs}}
}

// both returns the conjunction of two conditions.
func both(a, b search.Fragment) search.Fragment {
	if a.SQL == "" || b.SQL == "" {
		return search.Fragment{SQL: a.SQL + b.SQL, Args: concat(a.Args, b.Args)}
	}
	return search.Fragment{SQL: and(a.SQL, b.SQL), Args: concat(a.Args, b.Args)}
}
