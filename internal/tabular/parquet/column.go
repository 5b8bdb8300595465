package parquet

import (
	"github.com/millrace-ml/millrace/internal/tabular"
)

// maxItems is the number of items of a list that a cell shows.
const maxItems = 24

// entry is a value with its levels. Its text is nil for null.
type entry struct {
	rep, def int
	text     *string
}

// row is what is kept of a row of a column: its first entries and their number.
type row struct {
	entries []entry
	count   int
}

// column reads a column of a row group.
type column struct {
	src        *tabular.Source
	leaf       *leaf
	chunk      chunk
	dictionary *dictionary
}

// read calls put with the rows [first, end) of the row group.
func (c *column) read(first, end int64, put func(row int64, cell row)) error {
	switch {
	case c.chunk.external:
		return tabular.Invalid("The column '%s' is in another file.", c.leaf.name)
	case c.chunk.encrypted:
		return tabular.Invalid("The column '%s' is encrypted.", c.leaf.name)
	case c.chunk.kind != c.leaf.kind:
		return errDamaged
	}
	r := rowReader{leaf: c.leaf, at: -1, first: first, put: put}
	for offset := c.chunk.start; offset < c.chunk.end && !r.reached(end); {
		h, length, err := readPageHead(c.src, offset, c.chunk.end)
		if err != nil {
			return err
		}
		offset += length
		if int64(h.packed) > c.chunk.end-offset {
			return errPage
		}
		if err := c.page(&r, h, offset, first, end); err != nil {
			return err
		}
		offset += int64(h.packed)
	}
	r.flush()
	if r.at+1 < end {
		return errPage // The pages have fewer rows than the row group.
	}
	return nil
}

func (c *column) page(r *rowReader, h pageHead, offset, first, end int64) error {
	switch h.kind {
	case dictionaryPage:
		return c.readDictionary(h, offset)
	case dataPage, dataPageV2:
	default:
		return c.src.Spend(1) // Other kinds of pages are skipped.
	}
	rows := int64(h.rows)
	if len(c.leaf.lists) == 0 {
		rows = int64(h.values)
	}
	// A row of lists can go on in the next page, so the page with the row before is read.
	if rows >= 0 && r.at+rows < first-1 {
		r.skip(rows)
		return c.src.Spend(1)
	}
	p, err := c.open(h, offset)
	if err != nil {
		return err
	}
	return r.read(p, end)
}

// readDictionary reads the page with the dictionary of the column.
func (c *column) readDictionary(h pageHead, offset int64) error {
	if h.encoding != encPlain && h.encoding != encPlainDictionary || c.dictionary != nil {
		return errPage
	}
	b, err := c.src.Bytes(offset, int64(h.packed))
	if err != nil {
		return err
	}
	if err := c.src.Spend(int64(h.size) + int64(h.values)); err != nil {
		return err
	}
	if b, err = decompress(c.chunk.codec, b, int(h.size)); err != nil {
		return err
	}
	c.dictionary, err = newDictionary(b, c.leaf, int(h.values))
	return err
}

// rowReader makes rows of the entries of pages.
type rowReader struct {
	leaf    *leaf
	at      int64 // the row of the last entry
	first   int64
	current row
	put     func(row int64, cell row)
}

func (r *rowReader) reached(end int64) bool {
	// A row without lists ends with its entry. Another one ends when the next begins.
	if len(r.leaf.lists) == 0 {
		return r.at+1 >= end
	}
	return r.at >= end
}

func (r *rowReader) skip(rows int64) {
	r.flush()
	r.at += rows
}

func (r *rowReader) flush() {
	if r.current.count > 0 {
		r.put(r.at, r.current)
	}
	r.current = row{}
}

// read reads the entries of a page up to the row end.
func (r *rowReader) read(p *page, end int64) error {
	for range p.values {
		rep, def := uint32(0), uint32(p.maxDef) //nolint:gosec // A level is not negative.
		var err error
		if p.reps != nil {
			if rep, err = p.reps.next(); err != nil {
				return err
			}
		}
		if p.defs != nil {
			if def, err = p.defs.next(); err != nil {
				return err
			}
		}
		if int(rep) > len(r.leaf.lists) || int(def) > p.maxDef || rep > 0 && r.at < 0 {
			return errPage
		}
		if rep == 0 {
			if r.flush(); r.at+1 >= end {
				r.at = end
				return nil
			}
			r.at++
		}
		var value []byte
		if int(def) == p.maxDef {
			if value, err = p.body.next(); err != nil {
				return err
			}
		}
		r.add(entry{rep: int(rep), def: int(def)}, value, int(def) == p.maxDef)
	}
	return nil
}

// add adds an entry to the row that is being read, if it is asked for.
func (r *rowReader) add(e entry, value []byte, present bool) {
	if r.at < r.first {
		return
	}
	r.current.count++
	if len(r.current.entries) >= maxItems {
		return
	}
	if present {
		text := r.leaf.format(value)
		e.text = &text
	}
	r.current.entries = append(r.current.entries, e)
}
