package parquet

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/tabular"
)

// cell returns the text of a cell, or nil for null.
func (l *leaf) cell(r row) *string {
	if len(r.entries) == 0 {
		return nil
	}
	if len(l.lists) == 0 {
		return r.entries[0].text
	}
	var b strings.Builder
	if !l.list(&b, r.entries, 0) {
		return nil
	}
	text := tabular.Cut(b.String())
	if left := r.count - len(r.entries); left > 0 {
		text = fmt.Sprintf("%s (%d values)", strings.TrimRight(text, "]")+", …]", r.count)
	}
	return &text
}

// list writes the entries of a list at a depth. It reports false for a list that is null.
func (l *leaf) list(b *strings.Builder, entries []entry, depth int) bool {
	if depth == len(l.lists) {
		if text := entries[0].text; text != nil {
			b.WriteString(*text)
		} else {
			b.WriteString("null")
		}
		return true
	}
	if def := entries[0].def; def < l.lists[depth] {
		b.WriteString(map[bool]string{true: "[]", false: "null"}[def == l.lists[depth]-1])
		return def == l.lists[depth]-1
	}
	b.WriteByte('[')
	for start := 0; start < len(entries); {
		end := start + 1
		for end < len(entries) && entries[end].rep > depth+1 {
			end++
		}
		if start > 0 {
			b.WriteString(", ")
		}
		l.list(b, entries[start:end], depth+1)
		start = end
	}
	b.WriteByte(']')
	return true
}

// format returns the text of a value.
func (l *leaf) format(v []byte) string {
	switch l.kind {
	case kindBoolean:
		return strconv.FormatBool(len(v) == 1 && v[0] != 0)
	case kindInt32:
		if len(v) != 4 {
			return ""
		}
		return l.integer(int64(int32(binary.LittleEndian.Uint32(v)))) //nolint:gosec // The bits are the value.
	case kindInt64:
		if len(v) != 8 {
			return ""
		}
		return l.integer(int64(binary.LittleEndian.Uint64(v))) //nolint:gosec // The bits are the value.
	case kindInt96:
		return int96(v)
	case kindFloat:
		if len(v) != 4 {
			return ""
		}
		return tabular.Float(float64(math.Float32frombits(binary.LittleEndian.Uint32(v))), 32)
	case kindDouble:
		if len(v) != 8 {
			return ""
		}
		return tabular.Float(math.Float64frombits(binary.LittleEndian.Uint64(v)), 64)
	}
	return l.bytes(v)
}

func (l *leaf) integer(v int64) string {
	switch l.meaning {
	case unsigned:
		if l.bits < 64 {
			v &= 1<<l.bits - 1
		}
		return strconv.FormatUint(uint64(v), 10) //nolint:gosec // The bits are the value.
	case decimal:
		return decimalText(big.NewInt(v), l.scale)
	case date:
		const day = 24 * 60 * 60
		if v < -1<<31 || v > 1<<31 {
			break
		}
		return time.Unix(v*day, 0).UTC().Format(time.DateOnly)
	case timeOfDay:
		if hi := v * l.unit; l.unit > 0 && hi/l.unit == v && hi >= 0 {
			return time.Unix(0, hi).UTC().Format("15:04:05.999999999")
		}
	case timestamp:
		if l.unit > 0 {
			return l.time(v)
		}
	}
	return strconv.FormatInt(v, 10)
}

func (l *leaf) time(v int64) string {
	per := int64(time.Second) / l.unit
	seconds, rest := v/per, v%per
	t := time.Unix(seconds, rest*l.unit).UTC()
	if year := t.Year(); year < 0 || year > 9999 {
		return strconv.FormatInt(v, 10)
	}
	if l.utc {
		return t.Format("2006-01-02 15:04:05.999999999Z")
	}
	return t.Format("2006-01-02 15:04:05.999999999")
}

// int96 formats the nanoseconds of a day and the number of the day since the Julian epoch.
func int96(v []byte) string {
	const unixEpoch = 2_440_588
	const day = 24 * 60 * 60
	if len(v) != 12 {
		return ""
	}
	nanos := binary.LittleEndian.Uint64(v)
	days := int64(binary.LittleEndian.Uint32(v[8:])) - unixEpoch
	if nanos > day*uint64(time.Second) {
		return tabular.Bytes(v)
	}
	return time.Unix(days*day, int64(nanos)).UTC().Format("2006-01-02 15:04:05.999999999")
}

func (l *leaf) bytes(v []byte) string {
	switch {
	case l.meaning == text || l.meaning == enum || l.meaning == jsonText:
		return tabular.Cut(string(v[:min(len(v), 4096)]))
	case l.meaning == decimal && len(v) > 0 && len(v) <= 32:
		n := new(big.Int).SetBytes(v)
		if v[0]&0x80 != 0 {
			n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(v))*8))
		}
		return decimalText(n, l.scale)
	case l.meaning == uuid && len(v) == 16:
		return fmt.Sprintf("%x-%x-%x-%x-%x", v[:4], v[4:6], v[6:8], v[8:10], v[10:])
	case l.meaning == float16 && len(v) == 2:
		return tabular.Float(tabular.Float16(binary.LittleEndian.Uint16(v)), 32)
	}
	return tabular.Bytes(v)
}

// decimalText writes an integer with scale digits after the point.
func decimalText(n *big.Int, scale int32) string {
	const most = 100
	if scale <= 0 || scale > most {
		return n.String()
	}
	digits := new(big.Int).Abs(n).String()
	if short := int(scale) + 1 - len(digits); short > 0 {
		digits = strings.Repeat("0", short) + digits
	}
	point := len(digits) - int(scale)
	text := digits[:point] + "." + digits[point:]
	if n.Sign() < 0 {
		return "-" + text
	}
	return text
}
