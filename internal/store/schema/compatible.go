package schema

import (
	"context"
	_ "embed"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/db"
)

// written are the tables that Millrace writes to. An unknown column, key or rule of
// these tables can make its statements fail.
var written = []string{
	"experiments", "experiment_tags", "runs", "tags", "params", "metrics", "latest_metrics", "datasets", "inputs",
	"input_tags",
	"logged_models", "logged_model_metrics", "logged_model_params", "logged_model_tags",
	"registered_models", "registered_model_tags", "registered_model_aliases", "model_versions", "model_version_tags",
	"trace_info", "trace_tags", "trace_request_metadata", "spans", "assessments", "entity_associations",
	"evaluation_datasets", "evaluation_dataset_tags", "evaluation_dataset_records",
	"scorers", "scorer_versions", "label_schemas", "webhooks", "webhook_events",
	"sql_trace_rollup_rebuild_queue",
}

// looked are the tables that Millrace reads or deletes from, but does not insert
// into.
var looked = []string{
	"review_queue_items", "online_scoring_configs",
	"sql_assessment_daily_rollups", "sql_span_cost_daily_rollups", "sql_trace_metric_daily_rollups",
}

// recorded describes these tables at the newest release on each database, so that a
// server can compare without the permission to create tables. A test writes it.
//
//go:embed used.txt
var recorded string

// guard describes what can reject or change a row, except for columns and keys.
type guard struct {
	// Checks are the conditions of CHECK constraints, Triggers the names of triggers.
	Checks, Triggers []string
}

// used describes a table that Millrace uses.
type used struct {
	*Table
	guard
}

// Compatible compares the tables that Millrace uses, in a database at an unknown
// revision, with those of the newest of [Releases]. It returns a sentence that says
// what was compared, or an error with the differences.
func Compatible(ctx context.Context, q db.Querier, f db.Flavor, revision string) (sentence string, err error) {
	have, err := inspectUsed(ctx, q, f)
	if err != nil {
		return "", fmt.Errorf("comparing its tables: %w", err)
	}
	if found := unusable(have, readUsed(f)); len(found) > 0 {
		const shown = 3
		more := ""
		if len(found) > shown {
			more = fmt.Sprintf("; and %d more", len(found)-shown)
		}
		return "", fmt.Errorf(
			"%w. Its tables were compared with those of %s: %s%s",
			WrongRevision(revision), Newest(),
			strings.Join(found[:min(len(found), shown)], "; "),
			more,
		)
	}
	return fmt.Sprintf(
		"The database's schema is at revision %s, which this release of Millrace does not know. The %d tables that "+
			"Millrace uses were compared with those of %s: "+
			"their columns, types, keys, conditions and triggers are as expected, so the database is opened. A newer "+
			"Millrace may know the revision.",
		revision,
		len(written)+len(looked),
		Newest(),
	), nil
}

// inspectUsed describes those of the tables that Millrace uses that exist.
func inspectUsed(ctx context.Context, q db.Querier, f db.Flavor) (map[string]used, error) {
	tables, err := Inspect(ctx, q, f)
	if err != nil {
		return nil, err
	}
	guards, err := inspectGuards(ctx, q, f, tables)
	if err != nil {
		return nil, err
	}
	all := map[string]used{}
	for _, name := range slices.Concat(written, looked) {
		if tables[name] != nil {
			all[name] = used{tables[name], guards[name]}
		}
	}
	return all, nil
}

// readUsed parses the recorded tables of a database.
func readUsed(f db.Flavor) map[string]used {
	all := map[string]used{}
	for line := range strings.Lines(recorded) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 4)
		if parts[0] != family(f) {
			continue
		}
		u, known := all[parts[1]]
		if !known {
			u = used{Table: &Table{Name: parts[1], Indexes: map[string]string{}}}
		}
		switch parts[2] {
		case "column":
			name, definition, _ := strings.Cut(parts[3], " ")
			u.Columns = append(u.Columns, Column{name, definition})
		case "constraint":
			u.Constraints = append(u.Constraints, parts[3])
		case "unique index":
			u.Indexes[parts[3]] = parts[3]
		case "foreign key":
			u.ForeignKeys = append(u.ForeignKeys, ForeignKey{"", parts[3]})
		case "check":
			u.Checks = append(u.Checks, parts[3])
		}
		all[parts[1]] = u
	}
	return all
}

// family returns the name under which the tables of a database are recorded.
func family(f db.Flavor) string {
	if f.IsMySQL() {
		f = db.MySQL
	}
	return strings.ToLower(f.String())
}

// record formats tables for readUsed.
func record(f db.Flavor, all map[string]used) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		line := func(kind, text string) { fmt.Fprintf(&b, "%s\t%s\t%s\t%s\n", family(f), name, kind, text) }
		for _, c := range all[name].Columns {
			line("column", c.Name+" "+c.Definition)
		}
		for _, c := range all[name].Constraints {
			if !strings.HasPrefix(c, "CHECK ") { // They are in Checks.
				line("constraint", c)
			}
		}
		for _, index := range all[name].uniqueIndexes() {
			line("unique index", index)
		}
		for _, k := range all[name].ForeignKeys {
			line("foreign key", k.Definition)
		}
		for _, c := range all[name].Checks {
			line("check", c)
		}
	}
	return b.String()
}

// unusable returns the differences from head that prevent Millrace from using the
// tables.
func unusable(have, head map[string]used) (list []string) {
	for _, name := range slices.Concat(written, looked) {
		t, found := have[name]
		if !found {
			list = append(list, "the table "+name+" is missing")
			continue
		}
		list = append(list, t.lacks(head[name])...)
		if slices.Contains(written, name) {
			list = append(list, t.refuses(head[name])...)
		}
	}
	return list
}

// lacks returns the columns and keys of head that the table does not have.
func (t used) lacks(head used) (list []string) {
	for _, c := range head.Columns {
		if definition, found := t.column(c.Name); !found {
			list = append(list, fmt.Sprintf("%s lacks the column %s", t.Name, c.Name))
		} else if !sameColumn(definition, c.Definition) {
			list = append(list, fmt.Sprintf("%s.%s is %q, not %q", t.Name, c.Name, definition, c.Definition))
		}
	}
	for _, constraint := range head.Constraints {
		if !slices.Contains(t.Constraints, constraint) {
			list = append(list, fmt.Sprintf("%s lacks %s", t.Name, constraint))
		}
	}
	for _, index := range head.uniqueIndexes() { // A statement may depend on it.
		if !slices.Contains(t.uniqueIndexes(), index) {
			list = append(list, fmt.Sprintf("%s lacks %s", t.Name, index))
		}
	}
	for _, key := range head.ForeignKeys {
		if !hasForeignKey(t.ForeignKeys, key.Definition) {
			list = append(list, fmt.Sprintf("%s lacks %s", t.Name, key.Definition))
		}
	}
	return list
}

// uniqueIndexes returns the statements of the unique indexes that are no constraints.
func (t used) uniqueIndexes() (list []string) {
	if t.Table == nil {
		return nil
	}
	for _, index := range slices.Sorted(maps.Values(t.Indexes)) {
		if strings.HasPrefix(strings.ToUpper(index), "CREATE UNIQUE") {
			list = append(list, index)
		}
	}
	return list
}

func hasForeignKey(keys []ForeignKey, definition string) bool {
	return slices.ContainsFunc(keys, func(k ForeignKey) bool { return k.Definition == definition })
}

// refuses returns what the table has in addition to head that can make a statement
// of Millrace fail, or change the rows that it writes.
func (t used) refuses(head used) (list []string) {
	add := func(format string, args ...any) { list = append(list, t.Name+" has "+fmt.Sprintf(format, args...)) }
	for _, c := range t.Columns {
		if _, known := head.column(c.Name); !known && mustBeGiven(c.Definition) {
			add("the column %s (%s), which has no default and which Millrace does not fill", c.Name, c.Definition)
		}
	}
	uniques := slices.DeleteFunc(
		slices.Clone(t.Constraints),
		func(c string) bool { return strings.HasPrefix(c, "CHECK ") },
	)
	known := slices.Concat(head.Constraints, head.uniqueIndexes())
	for _, unique := range append(uniques, t.uniqueIndexes()...) {
		if !slices.Contains(known, unique) && !t.neverRefuses(head, unique) {
			add("%s, by which rows of Millrace may be refused", unique)
		}
	}
	for _, key := range t.ForeignKeys {
		if !hasForeignKey(head.ForeignKeys, key.Definition) && !t.leavesEmpty(head, listed(key.Definition)) {
			add("%s, by which rows of Millrace may be refused", key.Definition)
		}
	}
	for _, c := range t.Checks {
		mentions := func(column Column) bool { return slices.Contains(words.FindAllString(c, -1), column.Name) }
		if !slices.Contains(head.Checks, c) && slices.ContainsFunc(head.Columns, mentions) {
			add("CHECK %s, by which rows of Millrace may be refused", c)
		}
	}
	for _, trigger := range t.Triggers {
		add("the trigger %s, which may change what Millrace writes", trigger)
	}
	return list
}

var (
	words = regexp.MustCompile(`\w+`)
	// keyColumns finds the columns of a key or a plain index, and nothing in one with
	// expressions or a condition.
	keyColumns = regexp.MustCompile(
		`^(?:UNIQUE|FOREIGN KEY|(?i:CREATE UNIQUE INDEX) .*?) ?\(([\w, ]+)\)(?: REFERENCES .*)?$`,
	)
)

func listed(key string) []string {
	if m := keyColumns.FindStringSubmatch(key); m != nil {
		return strings.Split(m[1], ", ")
	}
	return nil
}

// mustBeGiven reports whether an INSERT has to name a column.
func mustBeGiven(definition string) bool {
	filled := slices.ContainsFunc(
		[]string{" DEFAULT", "IDENTITY", "GENERATED", "auto_increment"},
		func(s string) bool { return strings.Contains(definition, s) },
	)
	return strings.Contains(definition, "NOT NULL") && !filled
}

// neverRefuses reports whether a unique key cannot reject rows of Millrace, since it
// includes the columns of a key of head, or a column that is always NULL.
func (t used) neverRefuses(head used, unique string) bool {
	columns := listed(unique)
	for _, key := range head.Constraints {
		_, names, _ := strings.Cut(strings.TrimSuffix(key, ")"), "(")
		if columns != nil &&
			!slices.ContainsFunc(strings.Split(names, ", "), func(name string) bool { return !slices.Contains(columns, name) }) {
			return true
		}
	}
	return t.leavesEmpty(head, columns)
}

// leavesEmpty reports whether one of the columns is new and NULL by default.
func (t used) leavesEmpty(head used, columns []string) bool {
	return slices.ContainsFunc(columns, func(name string) bool {
		_, known := head.column(name)
		definition, there := t.column(name)
		return there && !known && !strings.Contains(definition, "NOT NULL") && !strings.Contains(definition, " DEFAULT") &&
			!strings.Contains(definition, "GENERATED")
	})
}

// inspectGuards describes the CHECK constraints and triggers of the tables that
// exist.
func inspectGuards(ctx context.Context, q db.Querier, f db.Flavor, tables map[string]*Table) (map[string]guard, error) {
	all := map[string]guard{}
	addCheck := func(v []string) {
		g := all[v[0]]
		g.Checks = append(g.Checks, conditions(v[1])...)
		slices.Sort(g.Checks)
		all[v[0]] = g
	}
	addTrigger := func(v []string) {
		g := all[v[0]]
		g.Triggers = append(g.Triggers, v[1])
		slices.Sort(g.Triggers)
		all[v[0]] = g
	}
	var checks, triggers string
	switch f {
	case db.SQLite:
		checks = `SELECT name, sql FROM sqlite_master WHERE type = 'table'`
		triggers = `SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'`
	case db.PostgreSQL:
		checks = `SELECT c.relname, pg_get_constraintdef(k.oid) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
			WHERE k.contype = 'c' AND c.relnamespace = current_schema()::regnamespace`
		triggers = `SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
			WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace`
	default:
		triggers = `SELECT event_object_table, trigger_name FROM information_schema.triggers
			WHERE trigger_schema = database()`
		for _, name := range slices.Concat(written, looked) { // MariaDB's list of all checks opens every table of the server.
			if tables[name] == nil {
				continue
			}
			if err := eachRow(ctx, q, "SHOW CREATE TABLE "+name, 2, addCheck); err != nil {
				return nil, err
			}
		}
	}
	if checks != "" {
		if err := eachRow(ctx, q, checks, 2, addCheck); err != nil {
			return nil, err
		}
	}
	return all, eachRow(ctx, q, triggers, 2, addTrigger)
}

// conditions returns the normalized condition of each CHECK of a statement.
func conditions(statement string) (list []string) {
	for _, at := range checkWord.FindAllStringIndex(statement, -1) {
		rest, depth, end := statement[at[1]:], 1, 0
		var quote byte
		for ; end < len(rest) && depth > 0; end++ {
			switch c := rest[end]; {
			case quote != 0:
				if c == quote {
					quote = 0
				}
			case c == '\'' || c == '"' || c == '`':
				quote = c
			case c == '(':
				depth++
			case c == ')':
				depth--
			}
		}
		condition := introducers.ReplaceAllString(withoutCasts(rest[:max(0, end-1)]), "'")
		condition = commas.ReplaceAllString(spaces.ReplaceAllString(unquoted.Replace(condition), " "), ",")
		list = append(list, strings.ToLower(strings.TrimSpace(condition)))
	}
	return list
}

var (
	checkWord   = regexp.MustCompile(`(?i)\bCHECK\s*\(`)
	commas      = regexp.MustCompile(` ?, ?`)
	introducers = regexp.MustCompile(`_utf8(?:mb[34])?\\?'|\\'`)
	unquoted    = strings.NewReplacer("(", " ", ")", " ", "[", " ", "]", " ", "`", "", `"`, "")
)
