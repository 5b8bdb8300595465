package tracing

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Time is a time in Unix milliseconds. In JSON it is a text such as
// "2026-11-28T10:00:00.123Z".
type Time int64

// Duration is a number of milliseconds. In JSON it is a text in seconds, such as "1.500s".
type Duration int64

// TimeOf returns a time without what is less than a millisecond.
func TimeOf(t time.Time) Time { return Time(t.UnixMilli()) }

// Time returns the time in UTC.
func (t Time) Time() time.Time { return time.UnixMilli(int64(t)).UTC() }

// AppendText implements [encoding.TextAppender].
func (t Time) AppendText(b []byte) ([]byte, error) {
	layout := "2006-01-02T15:04:05.000Z"
	if t%1000 == 0 {
		layout = "2006-01-02T15:04:05Z"
	}
	return t.Time().AppendFormat(b, layout), nil
}

// MarshalText implements [encoding.TextMarshaler].
func (t Time) MarshalText() ([]byte, error) { return t.AppendText(nil) }

// UnmarshalText reads a time of RFC 3339.
func (t *Time) UnmarshalText(text []byte) error {
	got, err := time.Parse(time.RFC3339Nano, string(text))
	if err != nil {
		return fmt.Errorf("%q is not a time such as 2026-11-28T10:00:00.123Z", text)
	}
	*t = TimeOf(got)
	return nil
}

// AppendText implements [encoding.TextAppender].
func (d Duration) AppendText(b []byte) ([]byte, error) {
	n := int64(d)
	if n < 0 {
		b, n = append(b, '-'), -n
	}
	b = strconv.AppendInt(b, n/1000, 10)
	if ms := n % 1000; ms != 0 {
		b = fmt.Appendf(b, ".%03d", ms)
	}
	return append(b, 's'), nil
}

// MarshalText implements [encoding.TextMarshaler].
func (d Duration) MarshalText() ([]byte, error) { return d.AppendText(nil) }

// maxSeconds is the most seconds that protobuf's Duration can have, 10,000 years.
const maxSeconds = 315_576_000_000

// UnmarshalText reads a number of seconds that ends with s.
func (d *Duration) UnmarshalText(text []byte) error {
	seconds, ok := strings.CutSuffix(string(text), "s")
	whole, fraction, _ := strings.Cut(seconds, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	ms, err2 := strconv.ParseUint((fraction + "000")[:3], 10, 16)
	digits := strings.Trim(fraction, "0123456789") == "" && len(fraction) <= 9
	if !ok || err != nil || err2 != nil || !digits || n > maxSeconds || n < -maxSeconds {
		return fmt.Errorf("%q is not a duration such as 1.500s", text)
	}
	*d = Duration(n * 1000)
	if strings.HasPrefix(whole, "-") {
		*d -= Duration(ms)
	} else {
		*d += Duration(ms)
	}
	return nil
}
