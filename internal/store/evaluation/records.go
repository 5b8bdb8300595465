package evaluation

import (
	"context"
	"database/sql"
	"math"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/internal/store/base"
)

// wrappedKey is the key in the column outputs whose value are the outputs of a record.
const wrappedKey = "mlflow_wrapped"

// row is a row of evaluation_dataset_records. Columns of JSON have the text null for nothing.
type row struct {
	id, hash             string
	inputs, source       string
	outputs              any
	expectations, tags   *python.Dict
	sourceID, sourceType *string
	created              int64
	createdBy, updatedBy *string
}

// UpsertRecords adds records to a dataset, all or none of them. A record with the inputs of
// one in the dataset replaces its outputs, if the record has outputs, and is merged into its
// expectations and tags. It returns the numbers of new and of changed records.
func (s Evaluations) UpsertRecords(
	ctx context.Context, id string, records []Record,
) (inserted, updated int, err error) {
	err = s.Update(ctx, func(t Tx) error {
		now, err := t.change(id, NoDataset(id))
		if err != nil {
			return err
		}
		rows, err := t.rowsLike(id, records)
		if err != nil {
			return err
		}
		var changed []*row
		inserted, updated = 0, 0
		isChanged := make(map[string]bool, len(records))
		for i := range records {
			r := &records[i]
			if old := rows[r.hash]; old != nil {
				old.merge(r)
				updated++
			} else {
				rows[r.hash] = newRow(r, now)
				inserted++
			}
			if !isChanged[r.hash] {
				changed, isChanged[r.hash] = append(changed, rows[r.hash]), true
			}
		}
		if err := t.putRows(id, changed, now); err != nil {
			return err
		}
		return t.summarize(id, records, now)
	})
	return inserted, updated, err
}

// newRow returns the row of a new record.
func newRow(r *Record, now int64) *row {
	n := &row{
		// These ids have the order in which records are added, which pages of records have.
		id:   "dr-" + strings.ReplaceAll(uuid.Must(uuid.NewV7()).String(), "-", ""),
		hash: r.hash, inputs: python.Dumps(r.inputs), source: "null", outputs: python.NewDict(),
		expectations: merged(nil, r.expectations), tags: merged(python.NewDict(), r.tags), sourceID: r.sourceID,
		sourceType: r.sourceType, created: now, createdBy: r.user, updatedBy: r.user,
	}
	if r.hasOutputs {
		n.outputs = r.outputs
	}
	if r.source != nil {
		n.source = python.Dumps(r.source)
	}
	return n
}

// merge changes a row by a record with the same inputs.
func (n *row) merge(r *Record) {
	if r.hasOutputs {
		n.outputs = r.outputs
	}
	if r.expectations != nil && r.expectations.Len() > 0 {
		n.expectations = merged(n.expectations, r.expectations)
	}
	if r.tags != nil && r.tags.Len() > 0 {
		n.tags = merged(n.tags, r.tags)
	}
	if r.user != nil {
		n.updatedBy = r.user
	}
}

// merged returns a dict with the keys of two, either of which may be nil.
func merged(a, b *python.Dict) *python.Dict {
	if a == nil && b == nil {
		return nil
	}
	d := python.NewDict()
	for _, part := range []*python.Dict{a, b} {
		if part != nil {
			d.Update(part)
		}
	}
	return d
}

// rowsLike returns the rows of a dataset with the inputs of records, by their hashes.
func (t Tx) rowsLike(id string, records []Record) (map[string]*row, error) {
	rows := make(map[string]*row, len(records))
	hashes := make([]string, len(records))
	for i := range records {
		hashes[i] = records[i].hash
	}
	slices.Sort(hashes)
	for part := range slices.Chunk(slices.Compact(hashes), base.LoadChunk) {
		err := t.Each(`SELECT dataset_record_id, input_hash, inputs, outputs, expectations, tags, source, source_id,
			source_type, coalesce(created_time, 0), created_by, last_updated_by FROM evaluation_dataset_records
			WHERE dataset_id = ? AND input_hash IN (?...)`, []any{id, part}, func(found *sql.Rows) error {
			n, err := scanRow(found)
			if err == nil {
				rows[n.hash] = n
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func scanRow(found *sql.Rows) (*row, error) {
	var n row
	var outputs, expectations, tags, source *string
	err := found.Scan(
		&n.id, &n.hash, &n.inputs, &outputs, &expectations, &tags, &source, &n.sourceID, &n.sourceType, &n.created,
		&n.createdBy, &n.updatedBy,
	)
	n.outputs, n.expectations, n.tags = unwrapped(outputs), storedDict(expectations), storedDict(tags)
	n.source = "null"
	if source != nil {
		n.source = *source
	}
	return &n, err
}

// stored parses the text of a column of JSON. It returns nil for NULL and for what is not
// JSON.
func stored(text *string) any {
	if text == nil {
		return nil
	}
	v, _ := python.Loads(*text, math.MaxInt)
	return v
}

func storedDict(text *string) *python.Dict {
	d, _ := stored(text).(*python.Dict)
	return d
}

// unwrapped returns the outputs of a record from the column.
func unwrapped(text *string) any {
	if d := storedDict(text); d != nil {
		v, _ := d.Get(wrappedKey)
		return v
	}
	return nil
}

// putRows inserts or replaces rows.
func (t Tx) putRows(id string, rows []*row, now int64) error {
	_, err := t.InsertRows(
		`INSERT INTO evaluation_dataset_records (dataset_record_id, dataset_id, inputs, outputs, expectations, tags,
			source, source_id, source_type, created_time, last_update_time, created_by, last_updated_by, input_hash)`,
		` ON CONFLICT (dataset_id, input_hash) DO UPDATE SET outputs = excluded.outputs,
			expectations = excluded.expectations, tags = excluded.tags, last_update_time = excluded.last_update_time,
			last_updated_by = excluded.last_updated_by`,
		14, len(rows), func(args []any, i int) []any {
			n := rows[i]
			return append(args, n.id, id, db.JSON(n.inputs), wrapped(n.outputs), jsonOf(n.expectations), jsonOf(n.tags),
				db.JSON(n.source), n.sourceID, n.sourceType, n.created, now, n.createdBy, n.updatedBy, n.hash)
		},
	)
	return err
}

func jsonOf(d *python.Dict) db.JSON {
	if d == nil {
		return "null"
	}
	return db.JSON(python.Dumps(d))
}

// wrapped returns the value of the column for outputs.
func wrapped(outputs any) db.JSON {
	if outputs == nil {
		return "null"
	}
	d := python.NewDict()
	d.Set(wrappedKey, outputs)
	return jsonOf(d)
}

// summarize updates what a dataset says of its records.
func (t Tx) summarize(id string, records []Record, now int64) error {
	var name string
	var stored *string
	err := t.QueryRow("SELECT name, `schema` FROM evaluation_datasets WHERE dataset_id = ?", id).Scan(&name, &stored)
	if err != nil {
		return err
	}
	var user *string
	schema := storedDict(stored)
	if schema == nil && len(records) > 0 {
		schema = newSchema()
	}
	for i := range records {
		records[i].describe(schema)
		if records[i].user != nil {
			user = records[i].user
		}
	}
	_, err = t.Exec(`UPDATE evaluation_datasets SET digest = ?, last_updated_by = ? WHERE dataset_id = ?`,
		digestOf(name, now), user, id)
	if err == nil && schema != nil {
		_, err = t.Exec("UPDATE evaluation_datasets SET `schema` = ? WHERE dataset_id = ?", python.Dumps(schema), id)
	}
	if err != nil {
		return err
	}
	count, err := t.countRecords(id)
	if err != nil || count == 0 {
		return err
	}
	return t.setProfile(id, count)
}

func (t Tx) countRecords(id string) (n int64, err error) {
	err = t.QueryRow(`SELECT COUNT(*) FROM evaluation_dataset_records WHERE dataset_id = ?`, id).Scan(&n)
	return n, err
}

// setProfile stores the number of records of a dataset. That of an empty one is null.
func (t Tx) setProfile(id string, records int64) error {
	var profile *python.Dict
	if records > 0 {
		profile = python.NewDict()
		profile.Set("num_records", python.IntOf(records))
	}
	_, err := t.Exec(`UPDATE evaluation_datasets SET profile = ? WHERE dataset_id = ?`, string(jsonOf(profile)), id)
	return err
}

// DeleteRecords removes records from a dataset and returns their number.
func (s Evaluations) DeleteRecords(ctx context.Context, id string, recordIDs []string) (deleted int, err error) {
	err = s.Update(ctx, func(t Tx) error {
		// The update makes other changes of the dataset wait.
		n, err := t.Exec(`UPDATE evaluation_datasets SET dataset_id = dataset_id
			WHERE dataset_id = ? AND `+base.InDefault, id)
		if err == nil && n == 0 {
			return NoDataset(id)
		}
		if err != nil {
			return err
		}
		deleted = 0
		for part := range slices.Chunk(recordIDs, base.LoadChunk) {
			n, err := t.Exec(`DELETE FROM evaluation_dataset_records
				WHERE dataset_id = ? AND dataset_record_id IN (?...)`, id, part)
			if err != nil {
				return err
			}
			deleted += int(n)
		}
		if deleted == 0 {
			return nil
		}
		left, err := t.countRecords(id)
		if err != nil {
			return err
		}
		return t.setProfile(id, left)
	})
	return deleted, err
}
