package evaluation

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/base"
)

// recordSize is the approximate size of a record without its texts.
const recordSize = 600

// errFull ends the scan of a page.
var errFull = errors.New("the page is full")

// Records returns a page of the records of a dataset as a JSON list of objects, and the token
// of the next page, which is "" on the last page. Records that were added first come first.
func (s Evaluations) Records(ctx context.Context, id string, limit int, token string) (list, next string, err error) {
	after, offset, err := s.decodeRecordPage(token)
	if err != nil {
		return "", "", err
	}
	query := `SELECT dataset_record_id, inputs, outputs, expectations, tags, source, source_id,
		coalesce(created_time, 0), coalesce(last_update_time, 0), created_by, last_updated_by
		FROM evaluation_dataset_records WHERE ` + base.And("dataset_id = ?", after.SQL) +
		` ORDER BY created_time, dataset_record_id LIMIT ? OFFSET ?`
	args := base.Concat([]any{id}, after.Args, []any{limit + 1, offset})
	err = s.ViewReplica(ctx, func(t Tx) error {
		if err := t.check(id, NoDataset(id)); err != nil {
			return err
		}
		page := &recordPage{dataset: id, limit: limit}
		err := t.Each(query, args, page.add)
		if err != nil && !errors.Is(err, errFull) {
			return err
		}
		list, next = "["+strings.Join(page.records, ", ")+"]", page.next
		return nil
	})
	return list, next, err
}

// recordPage collects the records of a page.
type recordPage struct {
	dataset string
	limit   int
	size    int
	records []string
	// last is the token of the page after the last record. next is that of the page after this
	// one, or "".
	last, next string
}

// add adds the record of a row. Large records make a page end early.
func (p *recordPage) add(rows *sql.Rows) error {
	if len(p.records) == p.limit || p.size > base.PageBytes {
		p.next = p.last
		return errFull
	}
	var id, inputs string
	var outputs, expectations, tags, source, sourceID, createdBy, updatedBy *string
	var created, updated int64
	err := rows.Scan(
		&id, &inputs, &outputs, &expectations, &tags, &source, &sourceID, &created, &updated, &createdBy, &updatedBy,
	)
	if err != nil {
		return err
	}
	d := python.NewDict()
	put := func(key string, value any, found bool) {
		if found {
			d.Set(key, value)
		}
	}
	text := func(key string, value *string) {
		if value != nil {
			d.Set(key, *value)
		}
	}
	d.Set("dataset_record_id", id)
	d.Set("dataset_id", p.dataset)
	d.Set("inputs", stored(&inputs))
	expected := storedDict(expectations)
	put("expectations", expected, expected != nil)
	d.Set("tags", merged(python.NewDict(), storedDict(tags)))
	from := storedDict(source)
	put("source", from, from != nil)
	text("source_id", sourceID)
	if from != nil {
		kind, found := from.Get("source_type")
		put("source_type", kind, found)
	}
	d.Set("created_time", python.IntOf(created))
	d.Set("last_update_time", python.IntOf(updated))
	text("created_by", createdBy)
	text("last_updated_by", updatedBy)
	v := unwrapped(outputs)
	put("outputs", v, v != nil)
	record := python.Dumps(d)
	p.records, p.size = append(p.records, record), p.size+recordSize+len(record)
	p.last = encodeRecordPage(created, id)
	return nil
}

func encodeRecordPage(created int64, id string) string {
	return base64.StdEncoding.EncodeToString([]byte(strconv.FormatInt(created, 10) + ":" + id))
}

// decodeRecordPage returns the condition for the records after a token, or their offset: a
// token may also be a number of records.
func (s Evaluations) decodeRecordPage(token string) (after search.Fragment, offset int, err error) {
	if token == "" {
		return after, 0, nil
	}
	raw, err := base64.StdEncoding.DecodeString(token)
	if err == nil {
		created, id, found := strings.Cut(string(raw), ":")
		if ms, err := strconv.ParseInt(created, 10, 64); err == nil && found {
			return s.afterRecord(ms, id), 0, nil
		}
	}
	n, err := strconv.ParseInt(token, 10, 32)
	if err != nil || n < 0 {
		return after, 0, invalid("Invalid value %.60q for parameter 'page_token' supplied: it is no token of a page of "+
			"records.", token)
	}
	return after, int(n), nil
}

// afterRecord returns the condition for the records after one, which an index looks up. Many records
// have the time of the request that added them.
func (s Evaluations) afterRecord(created int64, id string) search.Fragment {
	if s.Dialect.RowRanges {
		return search.Fragment{SQL: `(created_time, dataset_record_id) > (?, ?)`, Args: []any{created, id}}
	}
	return search.Fragment{
		SQL:  `(created_time > ? OR created_time = ? AND dataset_record_id > ?)`,
		Args: []any{created, created, id},
	}
}
