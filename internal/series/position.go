package series

import (
	"fmt"
	"strconv"
	"strings"
)

// Position says which values of a history a client has: Rows values, of which the
// last in the order of step and time has Step and Time, and the newest by time has
// Newest. Values that were logged late change the number of rows before the
// position, which is how they are noticed.
type Position struct{ Rows, Step, Time, Newest int64 }

// Add counts a point.
func (p *Position) Add(point Point) {
	if p.Rows == 0 || point.Time > p.Newest {
		p.Newest = point.Time
	}
	if p.Rows == 0 || point.Step > p.Step || point.Step == p.Step && point.Time > p.Time {
		p.Step, p.Time = point.Step, point.Time
	}
	p.Rows++
}

// positionFields is the number of numbers in the text of a position.
const positionFields = 4

// String returns the text of the position in requests and responses, which is "" for
// a history without values. It has the time before Newest instead of Newest, because
// that is nearly always 0.
func (p Position) String() string {
	if p.Rows == 0 {
		return ""
	}
	b := strconv.AppendInt(nil, p.Rows, 10)
	for _, v := range [...]int64{p.Step, p.Time, p.Newest - p.Time} {
		b = strconv.AppendInt(append(b, ' '), v, 10)
	}
	return string(b)
}

// ParsePosition returns the position with the given text.
func ParsePosition(text string) (p Position, err error) {
	if text == "" {
		return p, nil
	}
	fields := strings.Split(text, " ")
	if len(fields) != positionFields {
		return p, fmt.Errorf("it has %d numbers instead of %d", len(fields), positionFields)
	}
	for i, to := range [...]*int64{&p.Rows, &p.Step, &p.Time, &p.Newest} {
		if *to, err = strconv.ParseInt(fields[i], 10, 64); err != nil {
			return p, err
		}
	}
	p.Newest += p.Time
	if p.Rows < 1 {
		return p, fmt.Errorf("%d is not a number of values", p.Rows)
	}
	return p, nil
}
