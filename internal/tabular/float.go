package tabular

import (
	"math"
	"strconv"
)

// Float16 returns the value of a float of 16 bits.
func Float16(bits uint16) float64 {
	sign, exponent, fraction := bits>>15, int(bits>>10&31), float64(bits&1023)
	v := 0.0
	switch exponent {
	case 0:
		v = math.Ldexp(fraction, -24)
	case 31:
		v = math.Inf(1)
		if fraction != 0 {
			return math.NaN()
		}
	default:
		v = math.Ldexp(1024+fraction, exponent-25)
	}
	if sign == 1 {
		return -v
	}
	return v
}

// Float returns the text of a float of 32 or 64 bits as JavaScript writes it, with the
// fewest digits that stand for it.
func Float(v float64, size int) string {
	if a := math.Abs(v); a == 0 || a >= 1e-6 && a < 1e21 {
		return strconv.FormatFloat(v, 'f', -1, size)
	}
	return strconv.FormatFloat(v, 'g', -1, size)
}
