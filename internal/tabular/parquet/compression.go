package parquet

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/millrace-ml/millrace/internal/tabular"
)

// codecs has the names of the codecs of compression by number.
var codecs = [...]string{"none", "Snappy", "gzip", "LZO", "Brotli", "LZ4 (Hadoop)", "zstd", "LZ4"}

func codecName(codec int32) string {
	if codec < 0 || int(codec) >= len(codecs) {
		return fmt.Sprintf("number %d", codec)
	}
	return codecs[codec]
}

// decompress returns the size bytes that b is the compressed form of. The caller has
// checked the size.
func decompress(codec int32, b []byte, size int) ([]byte, error) {
	switch codec {
	case 0:
		if len(b) != size {
			return nil, errPage
		}
		return b, nil
	case 1:
		return unsnappy(b, size)
	case 2:
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			return nil, errPage
		}
		return readExactly(z, size)
	case 6:
		z, err := zstd.NewReader(bytes.NewReader(b), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxMemory(maxPage), zstd.WithDecoderMaxWindow(maxPage))
		if err != nil {
			return nil, errPage
		}
		defer z.Close()
		return readExactly(z, size)
	case 7:
		return unLZ4(b, size)
	}
	return nil, tabular.Invalid("The parquet file is compressed with %s, which cannot be read here.", codecName(codec))
}

func readExactly(r io.Reader, size int) ([]byte, error) {
	out := make([]byte, size)
	if _, err := io.ReadFull(r, out); err != nil {
		return nil, errPage
	}
	return out, nil
}

// unsnappy decompresses a block of Snappy. Its head is the size.
func unsnappy(b []byte, size int) ([]byte, error) {
	length, n := binary.Uvarint(b)
	if n <= 0 || length != uint64(size) { //nolint:gosec // A size is not negative.
		return nil, errPage
	}
	b = b[n:]
	out := make([]byte, 0, size)
	for len(b) > 0 {
		tag := b[0]
		count, offset, head := int(tag>>2), 0, 1
		switch tag & 3 {
		case 0:
			if extra := count - 59; extra > 0 {
				count, head = littleEndian(b[1:], extra), 1+extra
			}
			count++
		case 1:
			count, offset, head = 4+int(tag>>2&7), int(tag>>5)<<8+littleEndian(b[1:], 1), 2
		case 2:
			count, offset, head = count+1, littleEndian(b[1:], 2), 3
		case 3:
			count, offset, head = count+1, littleEndian(b[1:], 4), 5
		}
		if head > len(b) || count > size-len(out) {
			return nil, errPage
		}
		b = b[head:]
		if tag&3 == 0 {
			if count > len(b) {
				return nil, errPage
			}
			out, b = append(out, b[:count]...), b[count:]
			continue
		}
		var ok bool
		if out, ok = repeat(out, offset, count); !ok {
			return nil, errPage
		}
	}
	if len(out) != size {
		return nil, errPage
	}
	return out, nil
}

// littleEndian returns the integer in the first n bytes of b, or 0 if there are fewer.
func littleEndian(b []byte, n int) int {
	if n > len(b) {
		return 0
	}
	v := 0
	for i := range n {
		v |= int(b[i]) << (8 * i)
	}
	return v
}

// repeat appends count bytes that begin offset bytes before the end. They may overlap with
// what is appended.
func repeat(out []byte, offset, count int) ([]byte, bool) {
	if offset <= 0 || offset > len(out) {
		return nil, false
	}
	for count > 0 {
		n := min(count, offset)
		start := len(out) - offset
		out = append(out, out[start:start+n]...)
		count -= n
	}
	return out, true
}

// unLZ4 decompresses a block of LZ4.
func unLZ4(b []byte, size int) ([]byte, error) {
	out := make([]byte, 0, size)
	for len(b) > 0 {
		token := b[0]
		literals, rest, ok := lz4Length(int(token>>4), b[1:])
		if !ok || literals > len(rest) || literals > size-len(out) {
			return nil, errPage
		}
		out, b = append(out, rest[:literals]...), rest[literals:]
		if len(b) == 0 {
			break // The last sequence has literals only.
		}
		if len(b) < 2 {
			return nil, errPage
		}
		offset := littleEndian(b, 2)
		count, rest, ok := lz4Length(int(token&15), b[2:])
		const shortest = 4
		if count += shortest; !ok || count > size-len(out) {
			return nil, errPage
		}
		b = rest
		if out, ok = repeat(out, offset, count); !ok {
			return nil, errPage
		}
	}
	if len(out) != size {
		return nil, errPage
	}
	return out, nil
}

// lz4Length reads the bytes that continue a length of 15.
func lz4Length(n int, b []byte) (int, []byte, bool) {
	if n < 15 {
		return n, b, true
	}
	for i, c := range b {
		if n += int(c); n > maxPage {
			return 0, nil, false
		}
		if c < 255 {
			return n, b[i+1:], true
		}
	}
	return 0, nil, false
}
