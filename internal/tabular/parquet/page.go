package parquet

import (
	"encoding/binary"

	"github.com/millrace-ml/millrace/internal/tabular"
)

// Limits of a page.
const (
	maxPage       = 32 << 20
	maxPageValues = 8 << 20
	maxPageHead   = 1 << 20
)

var errPage = tabular.Invalid("The parquet file is damaged: a page of it cannot be read.")

// Types of pages.
const (
	dataPage       = 0
	dictionaryPage = 2
	dataPageV2     = 3
)

type pageHead struct {
	kind         int32
	size         int32 // decompressed
	packed       int32 // in the file
	values       int32
	rows         int32 // -1 if it is not known
	encoding     int32
	defEncoding  int32
	repEncoding  int32
	defLength    int32
	repLength    int32
	isCompressed bool
}

// readPageHead reads the head of the page at an offset and returns its length.
func readPageHead(src *tabular.Source, offset, end int64) (pageHead, int64, error) {
	for length := int64(1 << 10); ; length *= 16 {
		length = min(length, maxPageHead, end-offset)
		b, err := src.Bytes(offset, length)
		if err != nil {
			return pageHead{}, 0, err
		}
		t := &thrift{b: b}
		h := parsePageHead(t)
		if t.err == nil {
			return h, int64(t.at), h.check()
		}
		if !t.short || length == maxPageHead || length == end-offset {
			return pageHead{}, 0, errPage
		}
	}
}

func parsePageHead(t *thrift) pageHead {
	h := pageHead{kind: -1, rows: -1, isCompressed: true, defEncoding: encRLE, repEncoding: encRLE}
	t.structure(func(id int16, kind byte) {
		switch {
		case kind == thriftStruct && (id == 5 || id == 7):
			t.structure(func(id int16, kind byte) {
				if kind != thriftI32 {
					t.skip(kind)
					return
				}
				v := t.int32()
				switch id {
				case 1:
					h.values = v
				case 2:
					h.encoding = v
				case 3:
					h.defEncoding = v
				case 4:
					h.repEncoding = v
				}
			})
		case kind == thriftStruct && id == 8:
			parseV2(t, &h)
		case kind != thriftI32:
			t.skip(kind)
		case id == 1:
			h.kind = t.int32()
		case id == 2:
			h.size = t.int32()
		case id == 3:
			h.packed = t.int32()
		default:
			t.skip(kind)
		}
	})
	return h
}

func parseV2(t *thrift, h *pageHead) {
	t.structure(func(id int16, kind byte) {
		switch {
		case id == 7 && (kind == thriftTrue || kind == thriftFalse):
			h.isCompressed = kind == thriftTrue
		case kind != thriftI32:
			t.skip(kind)
		default:
			v := t.int32()
			switch id {
			case 1:
				h.values = v
			case 3:
				h.rows = v
			case 4:
				h.encoding = v
			case 5:
				h.defLength = v
			case 6:
				h.repLength = v
			}
		}
	})
	if h.rows < 0 {
		t.fail()
	}
}

func (h *pageHead) check() error {
	if h.size > maxPage || h.packed > maxPage {
		return tabular.Invalid("A page of the parquet file has more than %d MiB, which a preview does not read.", maxPage>>20)
	}
	if h.values > maxPageValues {
		return tabular.Invalid("A page of the parquet file has more than %d values, which a preview does not read.",
			maxPageValues)
	}
	if h.size < 0 || h.packed < 0 || h.values < 0 || h.defLength < 0 || h.repLength < 0 ||
		h.kind == dataPageV2 && int64(h.defLength)+int64(h.repLength) > int64(min(h.packed, h.size)) {
		return errPage
	}
	return nil
}

// page is a data page that is being read.
type page struct {
	values     int
	reps, defs *hybrid // nil if all levels are 0 or the highest
	body       decoder
	maxDef     int
}

// open decompresses a data page.
func (c *column) open(h pageHead, offset int64) (*page, error) {
	b, err := c.src.Bytes(offset, int64(h.packed))
	if err != nil {
		return nil, err
	}
	if err := c.src.Spend(int64(h.size) + int64(h.values)); err != nil {
		return nil, err
	}
	p := &page{values: int(h.values), maxDef: c.leaf.maxDef}
	if h.kind == dataPageV2 {
		b, err = c.levelsV2(p, h, b)
	} else {
		b, err = c.levelsV1(p, h, b)
	}
	if err != nil {
		return nil, err
	}
	p.body, err = c.decoder(h.encoding, b, int(h.values))
	return p, err
}

func (c *column) levelsV2(p *page, h pageHead, b []byte) ([]byte, error) {
	rep, def := b[:h.repLength], b[h.repLength:h.repLength+h.defLength]
	b = b[h.repLength+h.defLength:]
	var err error
	if len(c.leaf.lists) > 0 {
		p.reps, err = newHybrid(rep, widthOf(len(c.leaf.lists)))
	}
	if c.leaf.maxDef > 0 && err == nil {
		p.defs, err = newHybrid(def, widthOf(c.leaf.maxDef))
	}
	if err != nil || !h.isCompressed {
		return b, err
	}
	size := int(h.size - h.repLength - h.defLength)
	if size == 0 {
		return nil, nil // Some writers compress nothing to nothing.
	}
	return decompress(c.chunk.codec, b, size)
}

func (c *column) levelsV1(p *page, h pageHead, b []byte) ([]byte, error) {
	b, err := decompress(c.chunk.codec, b, int(h.size))
	if err != nil {
		return nil, err
	}
	level := func(encoding int32, highest int) (*hybrid, error) {
		if highest == 0 {
			return nil, nil //nolint:nilnil // There are no levels.
		}
		if encoding != encRLE {
			return nil, tabular.Invalid("The parquet file has levels in an encoding that cannot be read here.")
		}
		if len(b) < 4 {
			return nil, errPage
		}
		n := int64(binary.LittleEndian.Uint32(b))
		if n > int64(len(b)-4) {
			return nil, errPage
		}
		levels := b[4 : 4+n]
		b = b[4+n:]
		return newHybrid(levels, widthOf(highest))
	}
	if p.reps, err = level(h.repEncoding, len(c.leaf.lists)); err != nil {
		return nil, err
	}
	p.defs, err = level(h.defEncoding, c.leaf.maxDef)
	return b, err
}

// decoder returns the decoder of the values of a page.
func (c *column) decoder(encoding int32, b []byte, values int) (decoder, error) {
	size := c.leaf.size()
	isInteger := c.leaf.kind == kindInt32 || c.leaf.kind == kindInt64
	switch {
	case encoding == encPlain:
		return c.plain(b), nil
	case (encoding == encPlainDictionary || encoding == encDictionary) && c.dictionary != nil:
		if len(b) == 0 {
			return &fixed{size: 1}, nil // All values are null.
		}
		h, err := newHybrid(b[1:], int(b[0]))
		return indices{h, c.dictionary}, err
	case encoding == encRLE && c.leaf.kind == kindBoolean:
		if len(b) < 4 {
			return &fixed{size: 1}, nil
		}
		h, err := newHybrid(b[4:], 1)
		return booleanRuns{h}, err
	case encoding == encDelta && isInteger:
		if len(b) == 0 {
			return &fixed{size: 1}, nil
		}
		return newDeltas(b, size, values)
	case encoding == encDeltaLength && c.leaf.kind == kindBytes:
		return newDeltaLengths(b, values)
	case encoding == encDeltaBytes && (c.leaf.kind == kindBytes || c.leaf.kind == kindFixed):
		return newDeltaBytes(b, values)
	case encoding == encByteStreamSplit && size > 0:
		return &streams{b: b, size: size, value: make([]byte, size)}, nil
	}
	return nil, tabular.Invalid("The column '%s' has an encoding (%d) that cannot be read here.", c.leaf.name, encoding)
}

func (c *column) plain(b []byte) decoder {
	switch c.leaf.kind {
	case kindBoolean:
		return &booleans{b: b}
	case kindBytes:
		return &plainBytes{b}
	}
	return &fixed{b, c.leaf.size()}
}

// size returns the number of bytes of a value of a fixed size, or 0.
func (l *leaf) size() int {
	switch l.kind {
	case kindInt32, kindFloat:
		return 4
	case kindInt64, kindDouble:
		return 8
	case kindInt96:
		return 12
	case kindFixed:
		return int(l.length)
	}
	return 0
}
