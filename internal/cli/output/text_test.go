package output

import (
	"bytes"
	"testing"
)

func TestText(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		Duration(5, 0): "-", Duration(5, 1): "-", Duration(0, 12): "12ms", Duration(0, 1234): "1.2s", Duration(0, 61_499): "1m1s",
		Duration(0, 3_700_000): "1h2m", Duration(0, 93_600_000): "1d2h",
		Bytes(0): "0 B", Bytes(999): "999 B", Bytes(1500): "1.5 kB", Bytes(123_456): "123 kB", Bytes(999_999): "1.0 MB", Bytes(7e12): "7.0 TB",
		Number(60000): "60000", Number(0.1): "0.1", Number(1e20): "1e+20",
		Thousands(1_234_567): "1,234,567", Thousands(12): "12",
		Printable("a\tb\nc\x1b[31m"): "a b c\uFFFD[31m",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	table := Table{Empty: "There are no rows.", Header: []string{"A", "B"}}
	if err := table.Write(&out); err != nil || out.String() != "There are no rows.\n" {
		t.Errorf("%v: %q", err, &out)
	}
	out.Reset()
	table.Add("long\tname", "1")
	if err := table.Write(&out); err != nil || out.String() != "A          B\nlong name  1\n" {
		t.Errorf("%v: %q", err, &out)
	}
}
