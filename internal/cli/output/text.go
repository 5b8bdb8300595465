package output

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Printable returns s as one line without control characters. Tabs would break a
// table, and escape sequences in text from a server could control the terminal.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

// Thousands formats 1234567 as 1,234,567.
func Thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Bytes formats a size with up to three significant digits and a decimal unit.
func Bytes(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	size, unit := float64(n)/1000, 0
	for ; size >= 999.5; size /= 1000 {
		unit++
	}
	digits := 0
	if size < 99.95 {
		digits = 1
	}
	return fmt.Sprintf("%.*f %cB", digits, size, "kMGTPE"[unit])
}

// Number formats a value with all its digits. Large whole numbers, such as counts,
// have no exponent.
func Number(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// Time formats a time in Unix milliseconds to the minute, or returns "-" for 0.
func Time(ms int64) string {
	if ms == 0 {
		return "-"
	}
	return time.UnixMilli(ms).Format("2006-01-02 15:04")
}

// Duration formats the time between two times in Unix milliseconds in at most two
// units. It returns "-" if the end is 0 or before the start.
func Duration(startMS, endMS int64) string {
	d := time.Duration(endMS-startMS) * time.Millisecond
	switch {
	case endMS == 0 || d < 0:
		return "-"
	case d < time.Second:
		return d.String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	case d < time.Hour:
		return d.Round(time.Second).String()
	}
	d = d.Round(time.Minute)
	if days := d / (24 * time.Hour); days > 0 {
		return fmt.Sprintf("%dd%dh", days, d%(24*time.Hour)/time.Hour)
	}
	return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
}
