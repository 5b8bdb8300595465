package nested

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"strconv"
)

// decimal is a number of JSON: mantissa * 10^exp, negative if neg.
type decimal struct {
	mantissa uint64
	exp      int
	neg      bool
	integer  bool // The text has neither a fraction nor an exponent.
	long     bool // The mantissa does not hold all digits.
}

const (
	exactDigits = 19 // digits that a mantissa always holds
	maxExponent = 1 << 20
)

var errNumber = errors.New("it is no number of JSON")

// scanNumber reads the number of JSON at text[at] and returns the place after it.
func scanNumber(text []byte, at int) (d decimal, end int, ok bool) {
	if at < len(text) && text[at] == '-' {
		d.neg = true
		at++
	}
	if at == len(text) || text[at]-'0' > 9 {
		return d, at, false
	}
	digits := 0
	if text[at] == '0' {
		at++
	} else {
		start := at
		d.mantissa, at = scanDigits(text, at, 0)
		digits = at - start
	}
	if at == len(text) || text[at] != '.' && text[at]|0x20 != 'e' {
		d.integer, d.long = true, digits > exactDigits
		return d, at, true
	}
	if text[at] == '.' {
		at++
		start := at
		d.mantissa, at = scanDigits(text, at, d.mantissa)
		if at == start {
			return d, at, false
		}
		d.exp = start - at
		digits += at - start
	}
	d.long = digits > exactDigits
	if at < len(text) && text[at]|0x20 == 'e' {
		exp, after, ok := scanExponent(text, at+1)
		d.exp += exp
		return d, after, ok
	}
	return d, at, true
}

// scanDigits appends the digits at text[at] to a mantissa, modulo 2^64.
func scanDigits(text []byte, at int, mantissa uint64) (result uint64, end int) {
	for at+8 <= len(text) {
		v := binary.LittleEndian.Uint64(text[at:])
		const high, threes = 0xF0F0F0F0F0F0F0F0, 0x3333333333333333
		if v&high|(v+0x0606060606060606)&high>>4 != threes {
			break // One of the eight bytes is no digit.
		}
		// Neighbours become numbers of two digits, then of four, then of eight.
		v = v & 0x0F0F0F0F0F0F0F0F * (10<<8 + 1) >> 8
		v = v & 0x00FF00FF00FF00FF * (100<<16 + 1) >> 16
		v = v & 0x0000FFFF0000FFFF * (10000<<32 + 1) >> 32
		mantissa = mantissa*100_000_000 + v
		at += 8
	}
	for at < len(text) {
		c := text[at] - '0'
		if c > 9 {
			break
		}
		mantissa = mantissa*10 + uint64(c)
		at++
	}
	return mantissa, at
}

func scanExponent(text []byte, at int) (exp, end int, ok bool) {
	negative := false
	if at < len(text) && (text[at] == '+' || text[at] == '-') {
		negative = text[at] == '-'
		at++
	}
	start := at
	for at < len(text) && text[at]-'0' <= 9 {
		exp = min(exp*10+int(text[at]-'0'), maxExponent)
		at++
	}
	if negative {
		exp = -exp
	}
	return exp, at, at > start
}

// maxPower is the largest n for which 10^n is a float64 without rounding.
const maxPower = 22

var powersOf10 = [maxPower + 1]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// float32 returns the float32 that is nearest to the number. text is the number's text.
func (d decimal) float32(text []byte) (float32, error) {
	if !d.long && d.mantissa < 1<<63 && d.exp >= -maxPower && d.exp <= 0 {
		v := float64(int64(d.mantissa)) / powersOf10[-d.exp] //nolint:gosec // It is less than 2^63.
		// The error of v is at most two units in its last place. Only if v is that close to
		// the middle between two values of float32, the exact number may be nearer to the
		// other one.
		const low, middle, safe = 1<<29 - 1, 1 << 28, 8
		distance := math.Float64bits(v)&low - middle + safe
		if distance > 2*safe || d.exp == 0 && d.mantissa < 1<<53 {
			return float32(sign(v, d.neg)), nil
		}
	}
	v, err := strconv.ParseFloat(string(text), 32)
	return float32(v), err
}

// float64 returns the float64 that is nearest to the number. text is the number's text.
func (d decimal) float64(text []byte) (float64, error) {
	switch {
	case d.long:
	case d.mantissa <= 1<<53 && d.exp >= -maxPower && d.exp <= 0:
		v := float64(int64(d.mantissa)) / powersOf10[-d.exp]
		return sign(v, d.neg), nil
	case d.mantissa == 0:
		return sign(0, d.neg), nil
	case d.exp < 0 && d.exp > -len(powersOf5):
		return sign(quotient(d.mantissa, -d.exp), d.neg), nil
	case d.exp >= 0 && d.exp < len(powersOf5):
		return sign(product(d.mantissa, d.exp), d.neg), nil
	}
	return strconv.ParseFloat(string(text), 64)
}

func sign(v float64, negative bool) float64 {
	if negative {
		return -v
	}
	return v
}

// powersOf5 has the powers of five that fit into 63 bits.
var powersOf5 = func() (p [28]uint64) {
	p[0] = 1
	for i := range p[1:] {
		p[i+1] = p[i] * 5
	}
	return p
}()

// quotient returns m / 10^n, rounded to the nearest float64. m is not 0.
func quotient(m uint64, n int) float64 {
	zeros := bits.LeadingZeros64(m)
	shift := bits.LeadingZeros64(powersOf5[n])
	m <<= zeros
	q, rest := bits.Div64(m>>1, m<<63, powersOf5[n]<<shift)
	return round(q, rest != 0, shift-zeros-n-63)
}

// product returns m * 10^n, rounded to the nearest float64. m is not 0.
func product(m uint64, n int) float64 {
	high, low := bits.Mul64(m, powersOf5[n])
	if high == 0 {
		return round(low, false, n)
	}
	zeros := bits.LeadingZeros64(high)
	high = high<<zeros | low>>(64-zeros)
	return round(high, low<<zeros != 0, n+64-zeros)
}

// round returns the float64 that is nearest to (m + x) * 2^exp, the even one of two. m has
// at least 63 bits or x is 0. x is 0, or between 0 and 1 if more. The result must have a
// normal exponent.
func round(m uint64, more bool, exp int) float64 {
	zeros := bits.LeadingZeros64(m)
	m <<= zeros
	exp += 11 - zeros
	const half, mask = 1 << 10, 1<<11 - 1
	rest := m & mask
	m >>= 11
	if rest > half || rest == half && (more || m&1 == 1) {
		m++
	}
	// If m is 2^53 now, the sum increments the exponent.
	return math.Float64frombits(m + uint64(exp+52+1022)<<52) //nolint:gosec // It is positive.
}

// whole returns the number as an integer between low and high. A whole number may be
// written as a float such as 2.0 if it is between -2^31 and 2^31.
func (d decimal) whole(text []byte, low int64, high uint64) (int64, error) {
	m := d.mantissa
	switch {
	case d.integer && d.long && !d.neg:
		v, err := strconv.ParseUint(string(text), 10, 64)
		if err != nil {
			return 0, err
		}
		m = v
	case d.long && d.integer:
		return 0, strconv.ErrRange
	case !d.integer:
		v, err := d.float64(text)
		if err != nil {
			return 0, err
		}
		if v != math.Trunc(v) || v < math.MinInt32 || v > math.MaxInt32 {
			return 0, errNumber
		}
		m = uint64(math.Abs(v))
	}
	if !d.neg && m > high || d.neg && m > -uint64(low) { //nolint:gosec // It wraps as intended.
		return 0, strconv.ErrRange
	}
	if d.neg {
		return -int64(m), nil //nolint:gosec // It is in the range.
	}
	return int64(m), nil //nolint:gosec // A uint64 keeps its bits.
}
