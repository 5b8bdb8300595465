package mlflow

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// Deltas is a list of integers. Its JSON has the first of them, and the difference of
// each of the others to the one before, because small numbers are short.
type Deltas []int64

// MarshalJSON encodes the differences.
func (d Deltas) MarshalJSON() ([]byte, error) { return d.appendJSON(nil), nil }

func (d Deltas) appendJSON(b []byte) []byte {
	b = append(b, '[')
	for i, v := range d {
		switch {
		case i == 0:
			b = strconv.AppendInt(b, v, 10)
		case v >= d[i-1]:
			b = strconv.AppendUint(append(b, ','), distance(d[i-1], v), 10)
		default:
			b = strconv.AppendUint(append(b, ",-"...), distance(v, d[i-1]), 10)
		}
	}
	return append(b, ']')
}

// distance returns to - from, which fits into uint64.
func distance(from, to int64) uint64 { return uint64(to) - uint64(from) } //nolint:gosec // It wraps around.

// UnmarshalJSON decodes the output of MarshalJSON.
func (d *Deltas) UnmarshalJSON(b []byte) error {
	var list []json.Number
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	*d = make(Deltas, len(list))
	sum := uint64(0)
	for i, text := range list {
		digits, negative := string(text), text != "" && text[0] == '-'
		if negative {
			digits = digits[1:]
		}
		v, err := strconv.ParseUint(digits, 10, 64)
		if err != nil {
			return fmt.Errorf("%q is not an integer", text)
		}
		if negative {
			v = -v
		}
		sum += v             // It wraps around like the differences.
		(*d)[i] = int64(sum) //nolint:gosec // as above
	}
	return nil
}
