package base

import (
	"context"
	"database/sql"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/search"
)

// TagIsPrompt is the tag of registered models that are prompts.
const TagIsPrompt = "mlflow.prompt.is_prompt"

// Nothing is a condition that no row meets.
const Nothing = `1 = 0`

// VisibleExperiments returns the condition that the user of a request may read the
// experiment whose id is in a column, and child, a type of its parts, unless it is "".
// The condition is empty if the user may read all.
func VisibleExperiments(ctx context.Context, s *Store, column string, child access.Type) search.Fragment {
	set := access.FromContext(ctx).Readable(access.Experiment, child)
	if !set.NeedsNames() {
		return s.Dialect.inExperiments(set, column, "")
	}
	inner := s.Dialect.inExperiments(set, "ve.experiment_id", "ve.name")
	if inner.SQL == Nothing {
		return inner
	}
	return search.Fragment{
		SQL: column + ` IN (SELECT ve.experiment_id FROM experiments ve WHERE ` + inner.SQL + `)`, Args: inner.Args,
	}
}

// ReadableExperiments returns those of some experiments that the user of a request may
// read, with child as for VisibleExperiments.
func ReadableExperiments(ctx context.Context, s *Store, ids []int64, child access.Type) ([]int64, error) {
	set := access.FromContext(ctx).Readable(access.Experiment, child)
	if set.Everything() || len(ids) == 0 {
		return ids, nil
	}
	if !set.NeedsNames() {
		return readable(set, ids), nil
	}
	condition := s.Dialect.inExperiments(set, "e.experiment_id", "e.name")
	var list []int64
	err := s.Replica.Read(ctx, func(t db.Tx) (err error) {
		list, err = db.CollectUncached(
			t, `SELECT e.experiment_id FROM experiments e WHERE `+And(`e.experiment_id IN (?...)`, condition.SQL),
			Concat([]any{ids}, condition.Args), func(rows *sql.Rows, id *int64) error { return rows.Scan(id) },
		)
		return err
	})
	return list, err
}

// readable returns the ids that are in a set without names.
func readable(set access.Set, ids []int64) []int64 {
	in := func(texts []string) map[string]bool {
		all := make(map[string]bool, len(texts))
		for _, text := range texts {
			all[text] = true
		}
		return all
	}
	some, not, within := in(set.IDs), in(set.NotIDs), in(set.Within)
	list := make([]int64, 0, len(ids))
	for _, id := range ids {
		text := strconv.FormatInt(id, 10)
		if (set.All || some[text]) && !not[text] && (set.Within == nil || within[text]) {
			list = append(list, id)
		}
	}
	return list
}

// VisibleModels returns the condition that the user of a request may read the registered
// model or prompt whose name is in a column. versions says that versions are read, whose
// grants decide first.
func VisibleModels(ctx context.Context, s *Store, column string, versions bool) search.Fragment {
	grants := access.FromContext(ctx)
	var ofModels, ofPrompts access.Type
	if versions {
		ofModels, ofPrompts = access.RegisteredModelVersion, access.PromptVersion
	}
	models := grants.Readable(access.RegisteredModel, ofModels)
	prompts := grants.Readable(access.Prompt, ofPrompts)
	if models.Equal(prompts) {
		return s.Dialect.inModels(models, column)
	}
	isPrompt := "EXISTS (SELECT 1 FROM registered_model_tags pt WHERE pt." + InDefault + " AND pt.name = " + column +
		" AND pt.`key` = '" + TagIsPrompt + "' AND lower(pt.value) = 'true')"
	var either []string
	var args []any
	for _, part := range []struct {
		is  string
		set access.Set
	}{{"NOT " + isPrompt, models}, {isPrompt, prompts}} {
		condition := s.Dialect.inModels(part.set, column)
		if condition.SQL == Nothing {
			continue
		}
		either = append(either, "("+And(part.is, condition.SQL)+")")
		args = append(args, condition.Args...)
	}
	if len(either) == 0 {
		return search.Fragment{SQL: Nothing}
	}
	return search.Fragment{SQL: "(" + strings.Join(either, " OR ") + ")", Args: args}
}

// inExperiments returns the condition that an experiment is in a set.
func (d *Dialect) inExperiments(set access.Set, id, name string) search.Fragment {
	return d.inSet(set, name, func(texts []string, not bool) search.Fragment {
		ids := make([]int64, 0, len(texts))
		for _, text := range texts {
			if n, err := strconv.ParseInt(text, 10, 64); err == nil { // A grant may name anything.
				ids = append(ids, n)
			}
		}
		return OneOfMany(d, id, ids, not)
	})
}

// inModels returns the condition that a model is in a set of names.
func (d *Dialect) inModels(set access.Set, name string) search.Fragment {
	return d.inSet(set, name, func(names []string, not bool) search.Fragment {
		return OneOfMany(d, d.Exactly+name, names, not)
	})
}

// manyValues is the number of values from which on dialect.list is used.
const manyValues = 1000

// OneOfMany returns the condition that a column has one of some values or, with not, none
// of them.
func OneOfMany[T int64 | string](d *Dialect, column string, values []T, not bool) search.Fragment {
	var in search.Fragment
	switch {
	case len(values) == 0 && not:
		return in
	case len(values) == 0:
		return search.Fragment{SQL: Nothing}
	case d.list == "" || len(values) < manyValues:
		in = search.Fragment{SQL: column + ` IN (?...)`, Args: []any{values}}
	default:
		text, _ := json.Marshal(values) // Numbers and strings always marshal.
		in = search.Fragment{SQL: column + ` IN (` + d.list + `)`, Args: []any{string(text)}}
	}
	if not {
		in.SQL = `NOT (` + in.SQL + `)`
	}
	return in
}

// inSet returns the condition that a resource is in a set. in returns the condition that
// its id is one of some or, with not, none of them.
func (d *Dialect) inSet(
	set access.Set, name string, in func(ids []string, not bool) search.Fragment,
) (all search.Fragment) {
	if set.Nothing() {
		return search.Fragment{SQL: Nothing}
	}
	if !set.All {
		var either []search.Fragment
		if len(set.IDs) > 0 {
			either = append(either, in(set.IDs, false))
		}
		for _, prefix := range set.Prefixes {
			either = append(either, d.begins(name, prefix))
		}
		all = AnyOf(either)
	}
	if len(set.NotIDs) > 0 {
		all = Both(all, in(set.NotIDs, true))
	}
	for _, prefix := range set.NotPrefixes {
		condition := d.begins(name, prefix)
		all = Both(all, search.Fragment{SQL: `NOT (` + condition.SQL + `)`, Args: condition.Args})
	}
	if set.Within != nil {
		all = Both(all, in(set.Within, false))
	}
	return all
}

// begins returns the condition that a column begins with a text.
func (d *Dialect) begins(column, prefix string) search.Fragment {
	n := strconv.Itoa(utf8.RuneCountInString(prefix))
	return search.Fragment{SQL: d.Exactly + `substr(` + column + `, 1, ` + n + `) = ?`, Args: []any{prefix}}
}

// AnyOf returns the disjunction of conditions.
func AnyOf(list []search.Fragment) search.Fragment {
	texts := make([]string, len(list))
	var args []any
	for i, f := range list {
		texts[i] = f.SQL
		args = append(args, f.Args...)
	}
	return search.Fragment{SQL: `(` + strings.Join(texts, ` OR `) + `)`, Args: args}
}

// Both returns the conjunction of two conditions.
func Both(a, b search.Fragment) search.Fragment {
	if a.SQL == "" || b.SQL == "" {
		return search.Fragment{SQL: a.SQL + b.SQL, Args: Concat(a.Args, b.Args)}
	}
	return search.Fragment{SQL: And(a.SQL, b.SQL), Args: Concat(a.Args, b.Args)}
}
