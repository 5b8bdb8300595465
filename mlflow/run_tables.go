package mlflow

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
)

// tagArtifacts lists the tables of a run, for the pages that show them.
const tagArtifacts = "mlflow.loggedArtifacts"

// Table has rows with a value for each named column. Values are written as JSON; NaN and
// infinities, which JSON does not have, become null.
type Table struct {
	Columns []string `json:"columns"`
	Rows    [][]any  `json:"data"`
}

// LogTable stores a table as the artifact name, which ends in .json. It appends the rows
// to an existing table, which must have the same columns.
func (r *ActiveRun) LogTable(ctx context.Context, t *Table, name string) error {
	for i, row := range t.Rows {
		if len(row) != len(t.Columns) {
			return Errorf(InvalidParameterValue,
				"row %d of the table has %d values for %d columns", i, len(row), len(t.Columns))
		}
	}
	if path.Ext(name) != ".json" {
		return Errorf(InvalidParameterValue, "a table is stored as .json, not %q", name)
	}
	r.tables.Lock()
	defer r.tables.Unlock()
	all, err := r.client.tableIn(ctx, r.store, name)
	switch {
	case errors.Is(err, ResourceDoesNotExist):
		all = &Table{Columns: t.Columns}
	case err != nil:
		return err
	case !slices.Equal(all.Columns, t.Columns):
		return Errorf(InvalidParameterValue,
			"%s has the columns %q, the rows to append have %q", name, all.Columns, t.Columns)
	}
	text, err := json.Marshal(Table{t.Columns, append(all.Rows, finite(t.Rows)...)})
	if err != nil {
		return Errorf(InvalidParameterValue, "the table cannot be written as JSON: %v", err)
	}
	if err := r.logBytes(ctx, text, name); err != nil {
		return err
	}
	return r.tagTable(ctx, name)
}

// finite returns the rows with nil in place of NaN and infinities.
func finite(rows [][]any) [][]any {
	out := make([][]any, len(rows))
	for i, row := range rows {
		out[i] = slices.Clone(row)
		for j, v := range row {
			var f float64
			switch v := v.(type) {
			case float64:
				f = v
			case float32:
				f = float64(v)
			}
			if math.IsNaN(f) || math.IsInf(f, 0) {
				out[i][j] = nil
			}
		}
	}
	return out
}

func (c *Client) tableIn(ctx context.Context, store artifactStore, name string) (*Table, error) {
	text, err := c.readFrom(ctx, store, name)
	if err != nil {
		return nil, err
	}
	t, decoder := new(Table), json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // A float64 cannot represent all integers.
	if err := decoder.Decode(t); err != nil {
		return nil, fmt.Errorf("%s is not a table: %w", name, err)
	}
	return t, nil
}

// tagTable adds a table to the list in the tag of the run.
func (r *ActiveRun) tagTable(ctx context.Context, name string) error {
	run, err := r.client.Run(ctx, r.Info.RunID)
	if err != nil {
		return err
	}
	type entry struct {
		Path string `json:"path"`
		Type string `json:"type"`
	}
	var list []entry
	if text, ok := run.tag(tagArtifacts); ok {
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			return fmt.Errorf("reading the tag %s: %w", tagArtifacts, err)
		}
	}
	if slices.Contains(list, entry{name, "table"}) {
		return nil
	}
	text, err := json.Marshal(append(list, entry{name, "table"}))
	if err != nil {
		return err
	}
	return r.SetTag(ctx, tagArtifacts, string(text))
}

// LoadTable reads the table with the given name of each run and returns their rows in one
// table, with a column run_id in addition; run_id_ if the table has such a column. All
// tables must have the same columns. Numbers are [json.Number] values.
func (c *Client) LoadTable(ctx context.Context, name string, runIDs ...string) (*Table, error) {
	if len(runIDs) == 0 {
		return nil, Errorf(InvalidParameterValue, "LoadTable needs the ID of a run")
	}
	all := new(Table)
	for _, id := range runIDs {
		store, err := c.storeOf(ctx, id)
		if err != nil {
			return nil, err
		}
		t, err := c.tableIn(ctx, store, name)
		if err != nil {
			return nil, err
		}
		added := "run_id"
		if slices.Contains(t.Columns, added) {
			added += "_"
		}
		columns := append(slices.Clone(t.Columns), added)
		switch {
		case all.Columns == nil:
			all.Columns = columns
		case !slices.Equal(all.Columns, columns):
			return nil, Errorf(InvalidParameterValue,
				"%s of run %s has the columns %q, that of run %s has %q", name, id, columns, runIDs[0], all.Columns)
		}
		for _, row := range t.Rows {
			all.Rows = append(all.Rows, append(row, id))
		}
	}
	return all, nil
}
