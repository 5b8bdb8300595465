package parquet

import (
	"cmp"
	"encoding/binary"
	"math/bits"
)

// Encodings of values.
const (
	encPlain           = 0
	encPlainDictionary = 2
	encRLE             = 3
	encDelta           = 5
	encDeltaLength     = 6
	encDeltaBytes      = 7
	encDictionary      = 8
	encByteStreamSplit = 9
)

// decoder reads the values of a page one after the other. A value is its bytes in plain
// encoding without the length. It is valid until the next call. A decoder returns no more
// values than it was told the page has.
type decoder interface {
	next() ([]byte, error)
}

// hybrid reads integers in the hybrid of run lengths and packed bits.
type hybrid struct {
	b      []byte
	width  int
	run    int    // integers left in the run
	value  uint32 // of a run of equal integers
	packed []byte // of a run of packed integers
	bit    int    // position in packed
}

func newHybrid(b []byte, width int) (*hybrid, error) {
	if width < 0 || width > 32 {
		return nil, errPage
	}
	return &hybrid{b: b, width: width}, nil
}

func (h *hybrid) next() (uint32, error) {
	for h.run == 0 {
		if err := h.head(); err != nil {
			return 0, err
		}
	}
	h.run--
	if h.packed == nil {
		return h.value, nil
	}
	var v uint64
	for at, shift := h.bit/8, -(h.bit % 8); shift < h.width; at, shift = at+1, shift+8 {
		if at >= len(h.packed) {
			return 0, errPage
		}
		if shift < 0 {
			v |= uint64(h.packed[at]) >> -shift
		} else {
			v |= uint64(h.packed[at]) << shift
		}
	}
	h.bit += h.width
	return uint32(v & (1<<h.width - 1)), nil //nolint:gosec // At most 32 bits.
}

// head reads the head of a run.
func (h *hybrid) head() error {
	head, n := binary.Uvarint(h.b)
	if n <= 0 || head>>1 == 0 || head > 1<<32 {
		return errPage
	}
	h.b = h.b[n:]
	count := int(head >> 1)
	if head&1 == 1 {
		// The last run of a page may lack bytes of integers that the page does not have.
		size := min(count*h.width, len(h.b))
		h.run, h.packed, h.bit = count*8, h.b[:size:size], 0
		if h.packed == nil {
			h.packed = []byte{}
		}
		h.b = h.b[size:]
		return nil
	}
	size := (h.width + 7) / 8
	if size > len(h.b) {
		return errPage
	}
	var v [4]byte
	copy(v[:], h.b[:size])
	h.run, h.packed, h.value = count, nil, binary.LittleEndian.Uint32(v[:])
	h.b = h.b[size:]
	return nil
}

// fixed reads values of a fixed size, plain.
type fixed struct {
	b    []byte
	size int
}

func (d *fixed) next() ([]byte, error) {
	if len(d.b) < d.size {
		return nil, errPage
	}
	v := d.b[:d.size]
	d.b = d.b[d.size:]
	return v, nil
}

// booleans reads plain booleans.
type booleans struct {
	b   []byte
	bit int
}

var booleanValues = [2][]byte{{0}, {1}}

func (d *booleans) next() ([]byte, error) {
	if d.bit/8 >= len(d.b) {
		return nil, errPage
	}
	v := d.b[d.bit/8] >> (d.bit % 8) & 1
	d.bit++
	return booleanValues[v], nil
}

// booleanRuns reads booleans in the hybrid encoding.
type booleanRuns struct{ *hybrid }

func (d booleanRuns) next() ([]byte, error) {
	v, err := d.hybrid.next()
	return booleanValues[v&1], err
}

// plainBytes reads plain values of any length.
type plainBytes struct{ b []byte }

func (d *plainBytes) next() ([]byte, error) {
	if len(d.b) < 4 {
		return nil, errPage
	}
	n := int64(binary.LittleEndian.Uint32(d.b))
	if n > int64(len(d.b)-4) {
		return nil, errPage
	}
	v := d.b[4 : 4+n]
	d.b = d.b[4+n:]
	return v, nil
}

// dictionary has values in plain encoding. A slice for each of them would take several
// times the memory of small values.
type dictionary struct {
	b      []byte
	count  int
	size   int     // bytes of a value, or 0
	starts []int32 // of the lengths of values without a fixed size
}

// newDictionary returns the dictionary of count values of a column.
func newDictionary(b []byte, l *leaf, count int) (*dictionary, error) {
	d := &dictionary{b: b, count: count, size: l.size()}
	// The length of a value takes four bytes.
	if l.kind == kindBoolean || int64(count)*int64(cmp.Or(d.size, 4)) > int64(len(b)) {
		return nil, errPage
	}
	if d.size > 0 {
		return d, nil
	}
	d.starts = make([]int32, count)
	values := plainBytes{b}
	for i := range d.starts {
		d.starts[i] = int32(len(b) - len(values.b)) //nolint:gosec // A page has at most maxPage bytes.
		if _, err := values.next(); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// value returns a value, whose number is less than count.
func (d *dictionary) value(number int) ([]byte, error) {
	if d.size > 0 {
		return d.b[number*d.size:][:d.size], nil
	}
	values := plainBytes{d.b[d.starts[number]:]}
	return values.next()
}

// indices reads values as indices into a dictionary.
type indices struct {
	*hybrid
	dictionary *dictionary
}

func (d indices) next() ([]byte, error) {
	i, err := d.hybrid.next()
	if err != nil {
		return nil, err
	}
	if int64(i) >= int64(d.dictionary.count) {
		return nil, errPage
	}
	return d.dictionary.value(int(i))
}

// streams reads values whose first bytes are one stream, whose second bytes are the next
// one, and so on.
type streams struct {
	b     []byte
	size  int
	at    int
	value []byte
}

func (d *streams) next() ([]byte, error) {
	count := len(d.b) / d.size
	if d.at >= count {
		return nil, errPage
	}
	for i := range d.size {
		d.value[i] = d.b[i*count+d.at]
	}
	d.at++
	return d.value, nil
}

// deltas reads integers as differences, in blocks.
type deltas struct {
	b        []byte
	left     uint64 // integers that are not returned
	perMini  uint64
	minis    uint64
	first    bool
	last     int64
	minDelta int64
	widths   []byte
	mini     packedBits
	miniLeft uint64
	size     int // bytes of an integer
	value    [8]byte
}

// packedBits reads packed bits of up to 64 each.
type packedBits struct {
	b     []byte
	width int
	bit   int
}

func (p *packedBits) next() (uint64, error) {
	if p.width == 0 {
		return 0, nil
	}
	end := p.bit + p.width
	if (end+7)/8 > len(p.b) {
		return 0, errPage
	}
	var v uint64
	for at, shift := p.bit/8, -(p.bit % 8); shift < p.width; at, shift = at+1, shift+8 {
		if shift < 0 {
			v |= uint64(p.b[at]) >> -shift
		} else {
			v |= uint64(p.b[at]) << shift
		}
	}
	p.bit = end
	if p.width < 64 {
		v &= 1<<p.width - 1
	}
	return v, nil
}

// newDeltas reads the head of a list of at most limit integers.
func newDeltas(b []byte, size int, limit int) (*deltas, error) {
	d := &deltas{b: b, size: size, first: true}
	block, minis, count := d.uvarint(), d.uvarint(), d.uvarint()
	d.last = d.varint()
	if d.b == nil || block == 0 || block > 1<<20 || minis == 0 || minis > 1<<10 || block%minis != 0 ||
		block/minis%8 != 0 || count > uint64(limit) { //nolint:gosec // A limit is positive.
		return nil, errPage
	}
	d.perMini, d.minis, d.left = block/minis, minis, count
	return d, nil
}

// uvarint reads an integer. After an error, b is nil.
func (d *deltas) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.b = nil
		return 0
	}
	d.b = d.b[n:]
	if d.b == nil {
		d.b = []byte{}
	}
	return v
}

func (d *deltas) varint() int64 {
	v := d.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

func (d *deltas) integer() (int64, error) {
	if d.left == 0 {
		return 0, errPage
	}
	d.left--
	if d.first {
		d.first = false
		return d.last, nil
	}
	if d.miniLeft == 0 {
		if err := d.nextMini(); err != nil {
			return 0, err
		}
	}
	d.miniLeft--
	v, err := d.mini.next()
	d.last += d.minDelta + int64(v) //nolint:gosec // Differences wrap around.
	return d.last, err
}

// nextMini begins the next part of a block that has one width.
func (d *deltas) nextMini() error {
	if len(d.widths) == 0 {
		d.minDelta = d.varint()
		if uint64(len(d.b)) < d.minis {
			return errPage
		}
		d.widths, d.b = d.b[:d.minis], d.b[d.minis:]
	}
	width := int(d.widths[0])
	d.widths = d.widths[1:]
	if width > 64 {
		return errPage
	}
	// The last part may lack the bytes of integers that there are not.
	size := min(int(d.perMini)/8*width, len(d.b)) //nolint:gosec // At most 1 << 20.
	d.mini = packedBits{b: d.b[:size], width: width}
	d.b = d.b[size:]
	d.miniLeft = d.perMini
	return nil
}

func (d *deltas) next() ([]byte, error) {
	v, err := d.integer()
	binary.LittleEndian.PutUint64(d.value[:], uint64(v)) //nolint:gosec // The bits are the value.
	return d.value[:d.size], err
}

// lengths reads all integers of a list that are lengths.
func lengths(b []byte, limit int) ([]int32, []byte, error) {
	d, err := newDeltas(b, 8, limit)
	if err != nil {
		return nil, nil, err
	}
	list := make([]int32, 0, d.left)
	for d.left > 0 {
		n, err := d.integer()
		if err != nil {
			return nil, nil, err
		}
		if n < 0 || n > maxPage {
			return nil, nil, errPage
		}
		list = append(list, int32(n))
	}
	// The widths of parts that have no integers are in the block; their bytes are not.
	return list, d.b, nil
}

// deltaLengths reads values whose lengths come first.
type deltaLengths struct {
	sizes []int32
	b     []byte
}

func newDeltaLengths(b []byte, limit int) (*deltaLengths, error) {
	sizes, rest, err := lengths(b, limit)
	return &deltaLengths{sizes: sizes, b: rest}, err
}

func (d *deltaLengths) next() ([]byte, error) {
	if len(d.sizes) == 0 || int(d.sizes[0]) > len(d.b) {
		return nil, errPage
	}
	v := d.b[:d.sizes[0]]
	d.b, d.sizes = d.b[d.sizes[0]:], d.sizes[1:]
	return v, nil
}

// deltaBytes reads values that begin with a part of the value before.
type deltaBytes struct {
	prefixes []int32
	suffixes *deltaLengths
	value    []byte
}

func newDeltaBytes(b []byte, limit int) (*deltaBytes, error) {
	prefixes, rest, err := lengths(b, limit)
	if err != nil {
		return nil, err
	}
	suffixes, err := newDeltaLengths(rest, limit)
	return &deltaBytes{prefixes: prefixes, suffixes: suffixes}, err
}

func (d *deltaBytes) next() ([]byte, error) {
	suffix, err := d.suffixes.next()
	if err != nil {
		return nil, err
	}
	if len(d.prefixes) == 0 || int(d.prefixes[0]) > len(d.value) {
		return nil, errPage
	}
	d.value = append(d.value[:d.prefixes[0]], suffix...)
	d.prefixes = d.prefixes[1:]
	return d.value, nil
}

// widthOf returns the number of bits that levels up to a maximum need.
func widthOf(highest int) int { return bits.Len(uint(highest)) }
