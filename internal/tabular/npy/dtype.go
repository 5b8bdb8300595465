package npy

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/millrace-ml/millrace/internal/tabular"
)

// maxItem is the largest item of an array, and maxValue the number of bytes of it that are
// read, in bytes.
const (
	maxItem  = 16 << 20
	maxValue = 2048
)

// dtype is the type of a value.
type dtype struct {
	name  string
	kind  byte // as in NumPy: b, i, u, f, c, S, U, M, m, V
	size  int64
	order binary.ByteOrder
	unit  string // of a time
	per   int64  // units of a time
}

// kindNames has the names of the types with a size in bits.
var kindNames = map[byte]string{'i': "int", 'u': "uint", 'f': "float", 'c': "complex"}

// parseType reads a type such as <f8, |S10 or <M8[ns].
func parseType(text string) (dtype, error) {
	refused := tabular.Invalid("The type '%s' of the array cannot be shown.", tabular.Cut(text))
	d := dtype{order: binary.LittleEndian}
	rest := strings.TrimLeft(text, "<>|=")
	if strings.HasPrefix(text, ">") {
		d.order = binary.BigEndian
	}
	if rest == "" {
		return d, refused
	}
	d.kind, rest = rest[0], rest[1:]
	if d.kind == 'O' {
		return d, tabular.Invalid("The array has Python objects, which are stored as a pickle. " +
			"A pickle runs code when it is read, so it is not opened here.")
	}
	if before, unit, found := strings.Cut(rest, "["); found {
		rest = before
		if !d.setUnit(strings.TrimSuffix(unit, "]")) {
			return d, refused
		}
	}
	size, err := strconv.ParseInt(rest, 10, 32)
	if err != nil || size < 0 {
		return d, refused
	}
	d.size = size
	if d.kind == 'U' {
		d.size *= 4
	}
	if !d.isKnown(size) {
		return d, refused
	}
	return d, nil
}

// setUnit reads the unit of a time, such as ns or 25s.
func (d *dtype) setUnit(unit string) bool {
	digits := len(unit) - len(strings.TrimLeft(unit, "0123456789"))
	d.per = 1
	if digits > 0 {
		n, err := strconv.ParseInt(unit[:digits], 10, 32)
		if err != nil {
			return false
		}
		d.per = n
	}
	d.unit = unit[digits:]
	_, known := unitSeconds[d.unit]
	return known || d.unit == "Y" || d.unit == "M"
}

// isKnown reports whether values of the type can be shown, and sets its name.
func (d *dtype) isKnown(size int64) bool {
	switch d.kind {
	case 'b':
		d.name = "bool"
		return size == 1
	case 'i', 'u':
		d.name = kindNames[d.kind] + strconv.FormatInt(size*8, 10)
		return size == 1 || size == 2 || size == 4 || size == 8
	case 'f':
		d.name = kindNames[d.kind] + strconv.FormatInt(size*8, 10)
		return size == 2 || size == 4 || size == 8
	case 'c':
		d.name = kindNames[d.kind] + strconv.FormatInt(size*8, 10)
		return size == 8 || size == 16
	case 'S', 'U', 'V':
		d.name = map[byte]string{'S': "bytes", 'U': "string", 'V': "bytes"}[d.kind]
		return d.size <= maxItem
	case 'M', 'm':
		d.name = map[byte]string{'M': "datetime64", 'm': "timedelta64"}[d.kind]
		if d.unit != "" {
			d.name += "[" + d.unit + "]"
		}
		return size == 8
	}
	return false
}

// isNumber reports whether values are real numbers.
func (d dtype) isNumber() bool { return d.kind == 'i' || d.kind == 'u' || d.kind == 'f' }

// number returns a value that is a real number or a boolean.
func (d dtype) number(b []byte) float64 {
	switch d.kind {
	case 'f':
		return d.float(b)
	case 'u', 'b':
		return float64(d.unsigned(b))
	}
	return float64(d.signed(b))
}

func (d dtype) float(b []byte) float64 {
	switch len(b) {
	case 2:
		return tabular.Float16(d.order.Uint16(b))
	case 4:
		return float64(math.Float32frombits(d.order.Uint32(b)))
	}
	return math.Float64frombits(d.order.Uint64(b))
}

func (d dtype) unsigned(b []byte) uint64 {
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(d.order.Uint16(b))
	case 4:
		return uint64(d.order.Uint32(b))
	}
	return d.order.Uint64(b)
}

func (d dtype) signed(b []byte) int64 {
	unused := 64 - 8*len(b)
	return int64(d.unsigned(b)<<unused) >> unused //nolint:gosec // The bits are the value.
}

// format returns the text of a value, or of its first bytes.
func (d dtype) format(b []byte) string {
	switch d.kind {
	case 'b':
		return strconv.FormatBool(b[0] != 0)
	case 'i':
		return strconv.FormatInt(d.signed(b), 10)
	case 'u':
		return strconv.FormatUint(d.unsigned(b), 10)
	case 'f':
		return d.formatFloat(b)
	case 'c':
		half := len(b) / 2
		imaginary := d.formatFloat(b[half:])
		if !strings.HasPrefix(imaginary, "-") {
			imaginary = "+" + imaginary
		}
		return d.formatFloat(b[:half]) + imaginary + "j"
	case 'S':
		return tabular.Bytes([]byte(strings.TrimRight(string(b), "\x00")))
	case 'U':
		return d.text(b)
	case 'M', 'm':
		return d.time(d.signed(b))
	}
	return tabular.Bytes(b)
}

func (d dtype) formatFloat(b []byte) string {
	size := 64
	if len(b) < 8 {
		size = 32
	}
	return tabular.Float(d.float(b), size)
}

// text returns the characters of a string, which take four bytes each.
func (d dtype) text(b []byte) string {
	var out []byte
	for ; len(b) >= 4; b = b[4:] {
		out = utf8.AppendRune(out, rune(d.order.Uint32(b))) //nolint:gosec // Other values become U+FFFD.
	}
	return tabular.Cut(strings.TrimRight(string(out), "\x00"))
}

// unitSeconds has the lengths of units of time, as a number of seconds or a part of one.
var unitSeconds = map[string]struct{ seconds, parts int64 }{
	"W": {seconds: 7 * 86400}, "D": {seconds: 86400}, "h": {seconds: 3600}, "m": {seconds: 60}, "s": {seconds: 1},
	"ms": {parts: 1e3}, "us": {parts: 1e6}, "ns": {parts: 1e9}, "ps": {parts: 1e12}, "fs": {parts: 1e15},
	"as": {parts: 1e18},
}

func (d dtype) time(v int64) string {
	if v == math.MinInt64 {
		return "NaT"
	}
	if d.kind == 'm' || d.unit == "" || d.per != 1 {
		return strconv.FormatInt(v, 10) // Its unit is in the name of the type.
	}
	unit := unitSeconds[d.unit]
	var t time.Time
	switch {
	case d.unit == "Y" || d.unit == "M":
		return d.month(v)
	case unit.parts > 1e9:
		per := unit.parts / 1e9
		t = time.Unix(0, v/per)
	case unit.parts > 0:
		t = time.Unix(v/unit.parts, v%unit.parts*(1e9/unit.parts))
	case v > math.MaxInt32*86400/unit.seconds || v < -math.MaxInt32*86400/unit.seconds:
		return strconv.FormatInt(v, 10)
	default:
		t = time.Unix(v*unit.seconds, 0)
	}
	layout := "2006-01-02 15:04:05.999999999"
	if unit.seconds >= 86400 {
		layout = time.DateOnly
	}
	return t.UTC().Format(layout)
}

// month formats a number of years or months since 1970.
func (d dtype) month(v int64) string {
	layout := "2006"
	if d.unit == "Y" {
		if v > 9999 || v < -9999 {
			return strconv.FormatInt(v, 10)
		}
		v *= 12
	} else {
		layout = "2006-01"
	}
	if v > 12*9999 || v < -12*9999 {
		return strconv.FormatInt(v, 10)
	}
	return time.Date(1970, 1+time.Month(v), 1, 0, 0, 0, 0, time.UTC).Format(layout)
}
