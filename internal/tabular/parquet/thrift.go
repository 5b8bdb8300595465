package parquet

import (
	"encoding/binary"
	"math"

	"github.com/millrace-ml/millrace/internal/tabular"
)

// Types of fields in thrift's compact protocol.
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
)

// maxNesting is the depth to which structures that are skipped may be nested.
const maxNesting = 32

var errDamaged = tabular.Invalid("The parquet file is damaged: its metadata cannot be read.")

// thrift reads thrift's compact protocol. After the first error, all values are zero and
// all structures and lists are empty.
type thrift struct {
	b   []byte
	at  int
	err error
	// short says that the error is the end of the bytes.
	short bool
}

func (t *thrift) fail() {
	if t.err == nil {
		t.err = errDamaged
	}
	t.at = len(t.b)
}

func (t *thrift) end() {
	if t.err == nil {
		t.short = true
	}
	t.fail()
}

// has reports whether there are so many bytes left.
func (t *thrift) has(n uint64) bool { return n <= math.MaxInt32 && int(n) <= len(t.b)-t.at }

func (t *thrift) byte() byte {
	if t.at >= len(t.b) {
		t.end()
		return 0
	}
	t.at++
	return t.b[t.at-1]
}

func (t *thrift) uvarint() uint64 {
	v, n := binary.Uvarint(t.b[t.at:])
	switch {
	case n == 0:
		t.end()
		return 0
	case n < 0:
		t.fail()
		return 0
	}
	t.at += n
	return v
}

func (t *thrift) int64() int64 {
	v := t.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

func (t *thrift) int32() int32 {
	v := t.int64()
	if v < math.MinInt32 || v > math.MaxInt32 {
		t.fail()
		return 0
	}
	return int32(v)
}

func (t *thrift) binary() []byte {
	length := t.uvarint()
	if !t.has(length) {
		t.end()
		return nil
	}
	start := t.at
	t.at += int(length) //nolint:gosec // has has compared it.
	return t.b[start:t.at]
}

// structure calls field for each field of a structure. It must read or skip the value,
// except that a boolean is its type.
func (t *thrift) structure(field func(id int16, kind byte)) {
	id := int16(0)
	for {
		head := t.byte()
		kind := head & 15
		if kind == 0 {
			return
		}
		if delta := head >> 4; delta > 0 {
			id += int16(delta)
		} else {
			v := t.int64()
			if v < math.MinInt16 || v > math.MaxInt16 {
				t.fail()
			}
			id = int16(v) //nolint:gosec // Checked above.
		}
		if t.err != nil {
			return
		}
		field(id, kind)
	}
}

// list calls item for each item of a list of a type. An item takes a byte at least, so the
// bytes bound their number.
func (t *thrift) list(of byte, item func(i int)) {
	n, kind := t.listHead()
	if n > 0 && kind != of {
		t.fail()
	}
	for i := 0; i < n && t.err == nil; i++ {
		item(i)
	}
}

func (t *thrift) listHead() (n int, kind byte) {
	head := t.byte()
	size := uint64(head >> 4)
	if size == 15 {
		size = t.uvarint()
	}
	if !t.has(size) {
		t.end()
		return 0, 0
	}
	return int(size), head & 15
}

// skip passes over a value of a field.
func (t *thrift) skip(kind byte) { t.pass(kind, false, maxNesting) }

func (t *thrift) pass(kind byte, inList bool, depth int) {
	if depth == 0 {
		t.fail()
		return
	}
	switch kind {
	case thriftTrue, thriftFalse:
		if inList {
			t.byte()
		}
	case thriftByte:
		t.byte()
	case thriftI16, thriftI32, thriftI64:
		t.uvarint()
	case thriftDouble:
		if len(t.b)-t.at < 8 {
			t.end()
			return
		}
		t.at += 8
	case thriftBinary:
		t.binary()
	case thriftList, thriftSet:
		n, of := t.listHead()
		for i := 0; i < n && t.err == nil; i++ {
			t.pass(of, true, depth-1)
		}
	case thriftMap:
		t.passMap(depth)
	case thriftStruct:
		t.structure(func(_ int16, of byte) { t.pass(of, false, depth-1) })
	default:
		t.fail()
	}
}

func (t *thrift) passMap(depth int) {
	n := t.uvarint()
	if n == 0 {
		return
	}
	if !t.has(n) {
		t.end()
		return
	}
	kinds := t.byte()
	for i := uint64(0); i < n && t.err == nil; i++ {
		t.pass(kinds>>4, true, depth-1)
		t.pass(kinds&15, true, depth-1)
	}
}
