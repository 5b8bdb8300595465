package schema

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/db"
)

// Step is one step of an upgrade.
type Step struct {
	// Text describes the step.
	Text string
	// Run makes the change.
	Run func(ctx context.Context, q db.Querier) error
}

// NewStep returns a step that executes statements.
func NewStep(text string, statements ...string) Step {
	return Step{text, func(ctx context.Context, q db.Querier) error {
		for _, statement := range statements {
			if _, err := q.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	}}
}

// oldTable is the prefix of a table that is being recreated.
const oldTable = "millrace_old_"

// planner plans the steps from the existing tables to those of head. A table that
// differs in more than indexes and foreign keys is recreated and filled from the old
// one. The large tables (metrics, params, tags, runs) do not differ.
type planner struct {
	f          db.Flavor
	revision   string
	to         *Release
	have, head map[string]*Table
	collation  string // of the tables on MySQL
	steps      []Step
}

func (p *planner) add(text string, statements ...string) {
	p.steps = append(p.steps, NewStep(text, statements...))
}

func (p *planner) addFunc(text string, run func(ctx context.Context, q db.Querier) error) {
	p.steps = append(p.steps, Step{text, run})
}

func (p *planner) plan() []Step {
	order, made := p.to.Tables(), creations(p.to.Tables(), p.to.Create(p.f))
	changed := map[string]bool{}
	for _, name := range order {
		changed[name] = p.have[name] != nil && p.differs(name) || p.have[oldTable+name] != nil
	}
	p.checkVersions()
	kept := p.dropForeignKeys(order, changed)
	for _, name := range order {
		create, indexes := made[name].create, made[name].indexes
		if p.f.IsMySQL() {
			create = strings.Replace(create, p.f.Collation(), p.collation, 1)
		}
		switch {
		case changed[name]:
			p.renew(name, create, indexes)
		case p.have[name] == nil:
			p.add("make the table "+name, append([]string{create}, sorted(indexes)...)...)
		default:
			p.fixIndexes(name, indexes)
		}
	}
	p.addForeignKeys(order, changed, kept)
	p.moveData()
	p.add("set the revision to "+p.to.Revision, "UPDATE alembic_version SET version_num = '"+p.to.Revision+"'")
	return p.steps
}

func sorted(indexes map[string]string) (statements []string) {
	for _, name := range slices.Sorted(maps.Keys(indexes)) {
		statements = append(statements, indexes[name])
	}
	return statements
}

// differs reports whether a table must be recreated.
func (p *planner) differs(name string) bool {
	have, head := p.have[name], p.head[name]
	byName := func(a, b Column) int { return strings.Compare(a.Name, b.Name) }
	same := func(a, b Column) bool { return a.Name == b.Name && sameColumn(a.Definition, b.Definition) }
	if !slices.EqualFunc(
		slices.SortedFunc(slices.Values(have.Columns), byName),
		slices.SortedFunc(slices.Values(head.Columns), byName),
		same,
	) ||
		!slices.Equal(have.Constraints, head.Constraints) {
		return true
	}
	return p.f == db.SQLite && !sameForeignKeys(have, head)
}

// sameColumn reports whether a column has the definition of the release. If the
// release specifies no collation, every collation is accepted.
func sameColumn(have, head string) bool {
	return have == head || strings.TrimSuffix(have, " COLLATE "+casedCollation) == head
}

func sameForeignKeys(a, b *Table) bool {
	return slices.EqualFunc(
		a.ForeignKeys, b.ForeignKeys,
		func(x, y ForeignKey) bool { return x.Definition == y.Definition },
	)
}

// dropForeignKeys drops the foreign keys that are not in head, and those to tables
// that are recreated. It returns the others. On SQLite, foreign keys are part of
// their table.
func (p *planner) dropForeignKeys(order []string, changed map[string]bool) (kept map[string][]ForeignKey) {
	kept = map[string][]ForeignKey{}
	if p.f == db.SQLite {
		return kept
	}
	drop := "CONSTRAINT "
	if p.f.IsMySQL() {
		drop = "FOREIGN KEY "
	}
	for _, name := range order {
		if p.have[name] == nil {
			continue
		}
		for _, key := range p.have[name].ForeignKeys {
			_, to, _ := strings.Cut(key.Definition, "REFERENCES ")
			to, _, _ = strings.Cut(to, "(")
			inHead := slices.ContainsFunc(
				p.head[name].ForeignKeys,
				func(k ForeignKey) bool { return k.Definition == key.Definition },
			)
			if inHead && !changed[name] && !changed[to] {
				kept[name] = append(kept[name], key)
				continue
			}
			p.add(fmt.Sprintf("drop the foreign key %s of %s", key.Name, name), "ALTER TABLE "+name+" DROP "+drop+key.Name)
		}
	}
	return kept
}

func (p *planner) addForeignKeys(order []string, changed map[string]bool, kept map[string][]ForeignKey) {
	if p.f == db.SQLite {
		return
	}
	for _, name := range order {
		if p.have[name] == nil || changed[name] {
			continue // The foreign keys were created with the table.
		}
		for _, key := range p.head[name].ForeignKeys {
			if !slices.ContainsFunc(kept[name], func(k ForeignKey) bool { return k.Definition == key.Definition }) {
				p.add(
					fmt.Sprintf("add the foreign key %s to %s", key.Name, name),
					"ALTER TABLE "+name+" ADD CONSTRAINT "+key.Name+" "+key.Definition,
				)
			}
		}
	}
}

func (p *planner) fixIndexes(name string, indexes map[string]string) {
	have, head := p.have[name].Indexes, p.head[name].Indexes
	for _, index := range slices.Sorted(maps.Keys(have)) {
		if head[index] != have[index] && !strings.HasPrefix(index, "millrace_") {
			statement := "DROP INDEX " + index
			if p.f.IsMySQL() {
				statement += " ON " + name
			}
			p.add("drop the index "+index+" of "+name, statement)
		}
	}
	for _, index := range slices.Sorted(maps.Keys(head)) {
		if head[index] != have[index] && indexes[index] != "" {
			p.add("make the index "+index+" on "+name, indexes[index])
		}
	}
}

// renew recreates a table. On MySQL, which cannot roll this back, it continues after
// an interruption: as long as the old table exists, it has all rows.
func (p *planner) renew(name, create string, indexes map[string]string) {
	old := p.have[name]
	var away []string
	if p.have[oldTable+name] != nil {
		old = p.have[oldTable+name]
		away = append(away, "DROP TABLE IF EXISTS "+name)
	} else {
		away = p.setAside(name)
	}
	from := oldTable + name
	if p.f == db.PostgreSQL {
		from = oldTable + "schema." + name
	}
	var into, values []string
	for _, c := range p.head[name].Columns {
		if strings.Contains(c.Definition, "GENERATED") && !strings.Contains(c.Definition, "IDENTITY") {
			continue
		}
		source := cmp.Or(renamed[name+"."+c.Name], c.Name)
		if _, found := old.column(c.Name); found {
			source = c.Name // After an interruption, the column may have the new name.
		}
		if computed := computedColumn(p.f, name+"."+c.Name, old); computed != "" {
			into, values = append(into, QuoteColumn(p.f, c.Name)), append(values, computed)
		} else if _, found := old.column(source); found {
			into, values = append(into, QuoteColumn(p.f, c.Name)), append(values, QuoteColumn(p.f, source))
		}
	}
	fill := fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s",
		name, strings.Join(into, ", "), strings.Join(values, ", "), from)
	statements := slices.Concat(away, []string{create, fill})
	statements = append(statements, p.numberFrom(name)...)
	statements = append(statements, sorted(indexes)...)
	if p.f != db.PostgreSQL { // On PostgreSQL, the schema of the old tables is dropped at the end.
		statements = append(statements, "DROP TABLE "+from)
	}
	p.add("make the table "+name+" anew", statements...)
}

// renamed maps columns to their earlier names.
var renamed = map[string]string{"jobs.job_name": "function_fullname"}

// setAside renames a table that is recreated.
func (p *planner) setAside(name string) (statements []string) {
	switch p.f {
	case db.PostgreSQL:
		return []string{
			"CREATE SCHEMA IF NOT EXISTS " + oldTable + "schema",
			"ALTER TABLE " + name + " SET SCHEMA " + oldTable + "schema",
		}
	case db.SQLite:
		for _, index := range slices.Sorted(maps.Keys(p.have[name].Indexes)) {
			statements = append(statements, "DROP INDEX "+index)
		}
	}
	return append(statements, "ALTER TABLE "+name+" RENAME TO "+oldTable+name)
}

// numberFrom sets the sequence of a table after its existing ids.
func (p *planner) numberFrom(name string) []string {
	if p.f != db.PostgreSQL || !slices.Contains(numbered, name) {
		return nil
	}
	id := "id"
	if name == "experiments" {
		id = "experiment_id"
	}
	return []string{
		fmt.Sprintf(
			"SELECT setval(pg_get_serial_sequence('%s', '%s'), greatest((SELECT max(%s) FROM %s), 1))",
			name, id, id, name,
		),
	}
}
