// Package relocate changes the locations of artifacts in a database after the artifacts were copied to another store.
package relocate

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/location"
	"github.com/millrace-ml/millrace/internal/db"
)

// Move is a change of the store of artifacts.
type Move struct {
	from    location.Location
	folders []string
	to      string
}

// NewMove returns the change that replaces the store from by the store to. Locations are written in the spelling of to.
// If folders is not empty, only locations in these folders of the store are changed.
func NewMove(from, to string, folders []string) (*Move, error) {
	at, ok := location.Parse(from)
	if !ok {
		return nil, fmt.Errorf("'%s' is not a location of artifacts", artifact.Redact(from))
	}
	return &Move{at, folders, to}, nil
}

// moved returns the new location of a recorded one. It reports false for a location that stays as it is.
func (m *Move) moved(recorded string) (string, bool) {
	if artifact.Scheme(recorded) == "file" && !strings.ContainsAny(recorded, `/\`) {
		return "", false // It is a word such as the source of a prompt, "dummy-source".
	}
	at, ok := location.Parse(recorded)
	if !ok {
		return "", false
	}
	path, ok := at.Below(m.from)
	if !ok || !m.includes(path) {
		return "", false
	}
	return location.Append(m.to, path), true
}

func (m *Move) includes(path string) bool {
	for _, folder := range m.folders {
		if folder == "" || path == folder || strings.HasPrefix(path, folder+"/") {
			return true
		}
	}
	return len(m.folders) == 0
}

// Report has the numbers of locations of a database.
type Report struct {
	// Changed has the number of changed locations of each column, such as runs.artifact_uri.
	Changed map[string]int64 `json:"changed"`
	// Proxied is the number of experiments behind the proxy of the server. Their locations stay valid in another store,
	// which becomes the artifact destination of the server.
	Proxied int64 `json:"proxied_experiments"`
}

// Total returns the number of changed locations.
func (r *Report) Total() (n int64) {
	for _, changed := range r.Changed {
		n += changed
	}
	return n
}

// Check returns what Apply would change. It returns an error if a new location is too long for its column.
func (m *Move) Check(ctx context.Context, d *db.DB) (r *Report, err error) {
	err = d.Scan(ctx, func(t db.Tx) error {
		r, err = m.run(t, false)
		return err
	})
	return r, err
}

// Apply changes the locations in one transaction.
func (m *Move) Apply(ctx context.Context, d *db.DB) (r *Report, err error) {
	err = d.Write(ctx, func(t db.Tx) error {
		r, err = m.run(t, true)
		return err
	})
	return r, err
}

func (m *Move) run(t db.Tx, write bool) (*Report, error) {
	r := &Report{Changed: map[string]int64{}}
	for _, c := range columns {
		n, err := m.column(t, &c, write)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", c.table, c.name, err)
		}
		if n > 0 {
			r.Changed[c.table+"."+c.name] = n
		}
	}
	err := t.Each(`SELECT artifact_location FROM experiments WHERE artifact_location IS NOT NULL`, nil,
		func(rows *sql.Rows) error {
			var recorded string
			err := rows.Scan(&recorded)
			if at, ok := location.Parse(recorded); ok && at.Store == location.Proxied {
				r.Proxied++
			}
			return err
		})
	return r, err
}

// pageSize is the number of rows that are in memory.
const pageSize = 1000

// row is a row with a location.
type row struct {
	key   []any
	value string
}

// column changes the locations of a column.
func (m *Move) column(t db.Tx, c *column, write bool) (changed int64, err error) {
	first, next, update := c.queries()
	page, err := c.page(t, first, nil)
	for err == nil && len(page) > 0 {
		for _, r := range page {
			value, ok := m.value(c, r.value)
			if !ok || value == r.value {
				continue
			}
			if c.length > 0 && utf8.RuneCountInString(value) > c.length {
				return 0, fmt.Errorf("the new location has more than %d characters: %s", c.length, artifact.Redact(value))
			}
			changed++
			if !write {
				continue
			}
			if _, err := t.Exec(update, append([]any{value}, r.key...)...); err != nil {
				return 0, err
			}
		}
		if len(page) < pageSize {
			break
		}
		page, err = c.page(t, next, after(page[len(page)-1].key))
	}
	return changed, err
}

// value returns the new value of a column.
func (m *Move) value(c *column, value string) (string, bool) {
	if c.tag && !strings.HasPrefix(value, "/") && !strings.Contains(value, ":/") {
		return "", false
	}
	if !c.json {
		return m.moved(value)
	}
	var source struct {
		URI json.RawMessage `json:"uri"`
	}
	var uri string
	if json.Unmarshal([]byte(value), &source) != nil || json.Unmarshal(source.URI, &uri) != nil {
		return "", false
	}
	to, ok := m.moved(uri)
	if !ok {
		return "", false
	}
	return strings.Replace(value, string(source.URI), quoteJSON(to), 1), true
}

// quoteJSON returns a JSON string with the characters that Python's json.dumps leaves as they are, for ASCII.
func quoteJSON(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return `""` // Strings can always be encoded.
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (c *column) page(t db.Tx, query string, args []any) ([]row, error) {
	return db.Collect(t, query, args, func(rows *sql.Rows, r *row) error {
		r.key = make([]any, len(c.key))
		into := []any{&r.value}
		for i := range r.key {
			into = append(into, &r.key[i])
		}
		err := rows.Scan(into...)
		for i, k := range r.key {
			if text, ok := k.([]byte); ok {
				r.key[i] = string(text)
			}
		}
		return err
	})
}

// queries returns the queries for the first page, for a next page, and for the change of a row. The columns are in the
// order of an index that begins with the column with the most values.
func (c *column) queries() (first, next, update string) {
	key := strings.Join(quoted(c.key), ", ")
	condition := c.name + " IS NOT NULL"
	if c.where != "" {
		condition += " AND " + c.where
	}
	query := "SELECT " + c.name + ", " + key + " FROM " + c.table + " WHERE " + condition
	order := fmt.Sprintf(" ORDER BY %s LIMIT %d", key, pageSize)
	k := quoted(c.key)
	behind := k[len(k)-1] + " > ?"
	for i := len(k) - 2; i >= 0; i-- {
		behind = fmt.Sprintf("%s >= ? AND (%s > ? OR (%s))", k[i], k[i], behind)
	}
	update = "UPDATE " + c.table + " SET " + c.name + " = ? WHERE " + strings.Join(k, " = ? AND ") + " = ?"
	return query + order, query + " AND " + behind + order, update
}

// after returns the arguments of the query for the page behind a key.
func after(key []any) (args []any) {
	for i, k := range key {
		if args = append(args, k); i < len(key)-1 {
			args = append(args, k)
		}
	}
	return args
}

func quoted(names []string) []string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = "`" + name + "`"
	}
	return list
}
