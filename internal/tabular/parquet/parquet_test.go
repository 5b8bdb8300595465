package parquet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/tabular"
	"github.com/millrace-ml/millrace/mlflow"
)

func load(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func read(b []byte, w tabular.Window) (*mlflow.FileTableResponse, error) {
	return Read(tabular.NewSource(context.Background(), bytes.NewReader(b), int64(len(b)), 64<<20, 64<<20), w)
}

func mustRead(t *testing.T, name string, w tabular.Window) *mlflow.FileTableResponse {
	t.Helper()
	table, err := read(load(t, name), w)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return table
}

// join writes the rows of a table as lines.
func join(rows [][]*string) string {
	var b strings.Builder
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 {
				b.WriteString(" | ")
			}
			if cell == nil {
				b.WriteString("-")
			} else {
				b.WriteString(*cell)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// many returns the rows that the function of this name in testdata_write.py writes.
func many(first, end int) string {
	var b strings.Builder
	for i := first; i < end; i++ {
		third := "-"
		if i%3 != 0 {
			third = strconv.FormatFloat(float64(i)/3, 'f', -1, 64)
		}
		items := make([]string, i%4)
		for j := range items {
			items[j] = strconv.Itoa(j)
		}
		fmt.Fprintf(&b, "%d | %s | name %d | [%s]\n", i, third, i%7, strings.Join(items, ", "))
	}
	return b.String()
}

var everything = tabular.Window{Rows: 1000, Columns: 100}

func TestWriters(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"codec_none", "codec_snappy", "codec_gzip", "codec_zstd", "codec_lz4", "delta", "delta_length", "polars", "duckdb",
	} {
		table := mustRead(t, name+".parquet", everything)
		if got := join(table.Rows); got != many(0, 300) {
			t.Errorf("%s: got\n%.300s", name, got)
		}
		if table.RowCount != 300 || table.ColumnCount != 4 {
			t.Errorf("%s: %d rows, %d columns", name, table.RowCount, table.ColumnCount)
		}
	}
	if _, err := read(load(t, "codec_brotli.parquet"), everything); err == nil || !strings.Contains(err.Error(), "Brotli") {
		t.Errorf("Brotli: %v", err)
	}
}

func TestWindows(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"pages_v1.parquet", "pages_v2.parquet"} {
		for _, first := range []int{0, 1, 49, 50, 51, 199, 998, 999, 1000, 1001, 1990, 2999, 3000, 9999} {
			for _, rows := range []int{1, 7, 60, 1000} {
				end := min(3000, first+rows)
				table := mustRead(t, name, tabular.Window{Offset: int64(first), Rows: rows, Columns: 4})
				if got := join(table.Rows); got != many(first, end) {
					t.Fatalf("%s: %d rows from %d on: got\n%.300s", name, rows, first, got)
				}
			}
		}
	}
	table := mustRead(t, "pages_v1.parquet", tabular.Window{Offset: 5, Rows: 1, FirstColumn: 2, Columns: 1})
	if got := join(table.Rows); got != "name 5\n" || table.Columns[0].Name != "name" || table.ColumnOffset != 2 {
		t.Errorf("one column: %q %+v", got, table.Columns)
	}
	table = mustRead(t, "pages_v1.parquet", tabular.Window{Rows: 1, FirstColumn: 9, Columns: 1})
	if len(table.Columns) != 0 || table.ColumnCount != 4 {
		t.Errorf("columns beyond the last: %+v", table.Columns)
	}
	if table := mustRead(t, "empty.parquet", everything); table.RowCount != 0 || table.Columns[0].Name != "none" {
		t.Errorf("empty: %+v", table)
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	want := []string{ // name, type, first and last value
		"bool bool true|false",
		"i8 int8 -1|127",
		"u8 uint8 255|0",
		"u32 uint32 4294967295|0",
		"u64 uint64 18446744073709551615|0",
		"i64 int64 9007199254740993|-1",
		"f16 float16 1.5|-0.25",
		"f32 float 0.1|-2",
		"f64 double 0.1|1e+300",
		"text string grün|",
		"bytes bytes 0x0001|text",
		"date date 2026-11-30|1969-12-31",
		"time time 01:02:03.004|00:00:00",
		"ms timestamp 2026-11-30 12:34:56.789|2026-11-30 12:34:56.789",
		"us timestamp 2026-11-30 12:34:56.789Z|2026-11-30 12:34:56.789Z",
		"ns timestamp 2026-11-30 12:34:56.789|2026-11-30 12:34:56.789",
		"small decimal(5, 2) 1.50|-0.05",
		"large decimal(30, 1) -12345678901234567890.5|0.5",
		"uuid uuid 00000000-0000-0000-0000-000000000001|00000000-0000-0000-0000-000000000002",
		"word string a|b",
	}
	for _, file := range []string{"kinds.parquet", "int96.parquet"} {
		table := mustRead(t, file, everything)
		for i, line := range want {
			if file == "int96.parquet" && strings.HasPrefix(line, "us ") {
				line = strings.ReplaceAll(line, "Z", "") // An INT96 has no time zone.
			}
			column := table.Columns[i]
			got := fmt.Sprintf("%s %s %s|%s", column.Name, column.Type, *table.Rows[0][i], *table.Rows[2][i])
			if got != line {
				t.Errorf("%s: got %q, want %q", file, got, line)
			}
			if column.Name != "f16" && table.Rows[1][i] != nil {
				t.Errorf("%s: %s is %q, want null", file, column.Name, *table.Rows[1][i])
			}
		}
		if got := *table.Rows[1][6]; got != "NaN" {
			t.Errorf("%s: NaN is %q", file, got)
		}
	}
}

func TestNested(t *testing.T) {
	t.Parallel()
	table := mustRead(t, "nested.parquet", everything)
	var columns []string
	for _, c := range table.Columns {
		columns = append(columns, c.Name+" "+c.Type)
	}
	if got := strings.Join(columns, "; "); got != "list list<int32>; deep list<list<int64>>; point.x double; "+
		"point.y string; map.key list<string>; map.value list<int8>; long list<int32>" {
		t.Errorf("columns: %s", got)
	}
	long := "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, …] (100 values)"
	want := "[1, 2] | [[1], [2, 3]] | 1.5 | - | [a] | [1] | " + long + "\n" +
		"- | [] | - | - | - | - | []\n" +
		"[] | [null, []] | - | a | [] | [] | -\n" +
		"[null, 3] | [[4]] | 2 | b | [b, c] | [null, 2] | [7]\n"
	if got := join(table.Rows); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	good := load(t, "codec_snappy.parquet")
	for name, b := range map[string][]byte{
		"empty":           {},
		"short":           []byte("PAR1PAR1"),
		"no magic":        append(bytes.Clone(good), 'x'),
		"encrypted":       append(bytes.Clone(good[:len(good)-4]), "PARE"...),
		"footer too long": append(bytes.Clone(good[:len(good)-8]), 255, 255, 255, 127, 'P', 'A', 'R', '1'),
		"footer of all":   append(bytes.Clone(good[:len(good)-8]), byte(len(good)), byte(len(good)>>8), 0, 0, 'P', 'A', 'R', '1'),
		"no pages":        append(make([]byte, len(good)/2), good[len(good)/2:]...),
	} {
		var e *mlflow.Error
		if _, err := read(b, everything); !errors.As(err, &e) || e.Code != mlflow.InvalidParameterValue {
			t.Errorf("%s: got %v, want an invalid file", name, err)
		}
	}
}

// TestLyingLengths sets bytes of the metadata to large values. None of them may cost more
// memory than the limits allow, crash, or take long.
func TestLyingLengths(t *testing.T) {
	for _, name := range []string{"nested.parquet", "delta.parquet", "codec_zstd.parquet", "codec_lz4.parquet", "duckdb.parquet"} {
		good := load(t, name)
		for at := range good {
			for _, v := range []byte{0, 0x7f, 0xff} {
				b := bytes.Clone(good)
				b[at] = v
				if at+4 < len(b) && v == 0xff {
					copy(b[at:], []byte{0xff, 0xff, 0xff, 0x7f})
				}
				checkRead(t, b, tabular.Window{Rows: 5, Columns: 10})
			}
		}
	}
}

// checkRead reads a file that may be damaged.
func checkRead(t *testing.T, b []byte, w tabular.Window) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	table, err := read(b, w)
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	// What is allocated in all bounds what is in memory at the same time.
	const most = 200 << 20
	if allocated := after.TotalAlloc - before.TotalAlloc; took > 5*time.Second || allocated > most {
		t.Fatalf("a file of %d bytes takes %s and %d bytes", len(b), took, allocated)
	}
	var e *mlflow.Error
	switch {
	case err != nil && !errors.As(err, &e):
		t.Fatalf("%v is no error of a client", err)
	case err == nil && len(table.Rows) > w.Rows:
		t.Fatalf("%d rows, want at most %d", len(table.Rows), w.Rows)
	}
}

func FuzzRead(f *testing.F) {
	names, err := filepath.Glob("testdata/*.parquet")
	if err != nil || len(names) == 0 {
		f.Fatal("no files", err)
	}
	for _, name := range names {
		f.Add(load(f, filepath.Base(name)), int64(0))
		f.Add(load(f, filepath.Base(name)), int64(250))
	}
	f.Fuzz(func(t *testing.T, b []byte, offset int64) {
		checkRead(t, b, tabular.Window{Offset: max(offset, 0), Rows: 20, Columns: 10})
	})
}

func TestBudgets(t *testing.T) {
	t.Parallel()
	b := load(t, "pages_v1.parquet")
	const work = 17_000
	src := tabular.NewSource(context.Background(), bytes.NewReader(b), int64(len(b)), 64<<20, work)
	table, err := Read(src, tabular.Window{Offset: 2995, Rows: 5, Columns: 3})
	if err != nil || join(table.Rows) != withoutItems(2995, 3000) {
		t.Errorf("the last rows: %v", err)
	}
	src = tabular.NewSource(context.Background(), bytes.NewReader(b), int64(len(b)), 64<<20, work)
	if _, err := Read(src, tabular.Window{Offset: 2000, Rows: 1000, Columns: 3}); err == nil {
		t.Error("the last rows took as much work as all rows of their group")
	}
	src = tabular.NewSource(context.Background(), bytes.NewReader(b), int64(len(b)), 64<<20, 100)
	if _, err := Read(src, everything); err == nil || !strings.Contains(err.Error(), "decode too much") {
		t.Errorf("more work than allowed: %v", err)
	}
	src = tabular.NewSource(context.Background(), bytes.NewReader(b), int64(len(b)), 100, 1<<30)
	if _, err := Read(src, everything); err == nil || !strings.Contains(err.Error(), "read too much") {
		t.Errorf("more bytes than allowed: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	src = tabular.NewSource(ctx, bytes.NewReader(b), int64(len(b)), 1<<30, 1<<30)
	if _, err := Read(src, everything); !errors.Is(err, context.Canceled) {
		t.Errorf("after the request has ended: %v", err)
	}
}

// withoutItems returns rows of many without the last column.
func withoutItems(first, end int) string {
	var b strings.Builder
	for line := range strings.Lines(many(first, end)) {
		b.WriteString(line[:strings.LastIndex(line, " | ")] + "\n")
	}
	return b.String()
}

// TestDictionaryMemory reads dictionaries of many small values, which take little more
// memory than their page.
func TestDictionaryMemory(t *testing.T) {
	const count = 1 << 20
	for _, l := range []leaf{{element: element{kind: kindBytes}}, {element: element{kind: kindInt32}}} {
		b := make([]byte, 4*count)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		d, err := newDictionary(b, &l, count)
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatal(err)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 5*count {
			t.Errorf("%d values take %d bytes", count, took)
		}
		if v, err := d.value(count - 1); err != nil || len(v) != l.size() {
			t.Errorf("the last value: %v, %v", v, err)
		}
		if _, err := newDictionary(b, &l, count+1); err == nil {
			t.Error("a dictionary with more values than bytes is read")
		}
	}
}
