package parquet

import (
	"encoding/binary"

	"github.com/millrace-ml/millrace/internal/tabular"
)

// Limits of the metadata of a file.
const (
	maxFooter    = 16 << 20
	maxElements  = 20_000
	maxRowGroups = 100_000
	maxDepth     = 24
)

// footer is the metadata at the end of a file. The column chunks of a row group are read
// when they are needed, because there can be very many.
type footer struct {
	leaves    []leaf
	groups    []rowGroup
	rows      int64
	createdBy string
}

type rowGroup struct {
	rows    int64
	columns []byte // the list of column chunks
}

// readFooter reads the metadata of a file.
func readFooter(src *tabular.Source) (*footer, error) {
	const tail, magic = 8, 4
	if src.Size() < tail+magic {
		return nil, tabular.Invalid("This is no parquet file: it is too short.")
	}
	end, err := src.Bytes(src.Size()-tail, tail)
	if err != nil {
		return nil, err
	}
	switch string(end[4:]) {
	case "PAR1":
	case "PARE":
		return nil, tabular.Invalid("The parquet file is encrypted.")
	default:
		return nil, tabular.Invalid("This is no parquet file, or its end is missing.")
	}
	length := int64(binary.LittleEndian.Uint32(end))
	if length > maxFooter {
		return nil, tabular.Invalid("The metadata of the parquet file takes more than %d MiB.", maxFooter>>20)
	}
	b, err := src.Bytes(src.Size()-tail-length, length)
	if err != nil {
		return nil, err
	}
	return parseFooter(b)
}

func parseFooter(b []byte) (*footer, error) {
	f := &footer{}
	t := &thrift{b: b}
	var elements []element
	tooMany := false
	t.structure(func(id int16, kind byte) {
		switch {
		case id == 2 && kind == thriftList:
			t.list(thriftStruct, func(i int) {
				if i >= maxElements {
					tooMany = true
					t.fail()
					return
				}
				elements = append(elements, readElement(t))
			})
		case id == 4 && kind == thriftList:
			t.list(thriftStruct, func(i int) {
				if i >= maxRowGroups {
					tooMany = true
					t.fail()
					return
				}
				f.groups = append(f.groups, readRowGroup(t))
			})
		case id == 6 && kind == thriftBinary:
			f.createdBy = tabular.Cut(string(t.binary()))
		default:
			t.skip(kind)
		}
	})
	if tooMany {
		return nil, tabular.Invalid("The parquet file has more than %d columns or %d row groups.", maxElements, maxRowGroups)
	}
	if t.err != nil {
		return nil, t.err
	}
	for _, g := range f.groups {
		if g.rows < 0 || f.rows+g.rows < f.rows {
			return nil, errDamaged
		}
		f.rows += g.rows
	}
	var err error
	f.leaves, err = leavesOf(elements)
	return f, err
}

func readRowGroup(t *thrift) rowGroup {
	var g rowGroup
	t.structure(func(id int16, kind byte) {
		switch {
		case id == 1 && kind == thriftList:
			start := t.at
			t.skip(kind)
			g.columns = t.b[start:t.at]
		case id == 3 && kind == thriftI64:
			g.rows = t.int64()
		default:
			t.skip(kind)
		}
	})
	return g
}

// chunk is the part of a column in a row group.
type chunk struct {
	kind       int32
	codec      int32
	values     int64
	start, end int64 // bytes in the file
	external   bool
	encrypted  bool
}

// chunks returns the column chunks [first, end) of a row group.
func (g rowGroup) chunks(first, end int64) ([]chunk, error) {
	var list []chunk
	t := &thrift{b: g.columns}
	n := int64(0)
	if len(g.columns) > 0 {
		t.list(thriftStruct, func(i int) {
			n++
			if int64(i) < first || int64(i) >= end {
				t.skip(thriftStruct)
				return
			}
			list = append(list, readChunk(t))
		})
	}
	if t.err != nil {
		return nil, t.err
	}
	if int64(len(list)) != end-first {
		return nil, errDamaged
	}
	return list, nil
}

func readChunk(t *thrift) chunk {
	var c chunk
	t.structure(func(id int16, kind byte) {
		switch {
		case id == 1 && kind == thriftBinary:
			c.external = len(t.binary()) > 0
		case id == 3 && kind == thriftStruct:
			readChunkMeta(t, &c)
		case id == 8 || id == 9:
			c.encrypted = true
			t.skip(kind)
		default:
			t.skip(kind)
		}
	})
	return c
}

func readChunkMeta(t *thrift, c *chunk) {
	var length, data, dictionary int64
	t.structure(func(id int16, kind byte) {
		switch {
		case id == 1 && kind == thriftI32:
			c.kind = t.int32()
		case id == 4 && kind == thriftI32:
			c.codec = t.int32()
		case id == 5 && kind == thriftI64:
			c.values = t.int64()
		case id == 7 && kind == thriftI64:
			length = t.int64()
		case id == 9 && kind == thriftI64:
			data = t.int64()
		case id == 11 && kind == thriftI64:
			dictionary = t.int64()
		default:
			t.skip(kind)
		}
	})
	c.start = data
	if dictionary > 0 && dictionary < data {
		c.start = dictionary
	}
	if c.start < 0 || length < 0 || c.start+length < c.start {
		t.fail()
		return
	}
	c.end = c.start + length
}
