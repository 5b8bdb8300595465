package npy

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
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

func read(b []byte, w tabular.Window, zipped bool) (*mlflow.FileTableResponse, error) {
	src := tabular.NewSource(context.Background(), bytes.NewReader(b), int64(len(b)), 64<<20, 64<<20)
	if zipped {
		return ReadZip(src, w)
	}
	return Read(src, w)
}

var everything = tabular.Window{Rows: 100, Columns: 100}

// summary describes a table in one line.
func summary(out *mlflow.FileTableResponse) string {
	var b strings.Builder
	if out.Head != nil {
		fmt.Fprintf(&b, "%s %v %d/%d %s..%s %s nan %d |", out.Head.Type, out.Head.Shape, out.Head.Read, out.Head.Count,
			out.Head.Min, out.Head.Max, out.Head.Mean, out.Head.NaN)
	}
	for _, c := range out.Columns {
		b.WriteString(" " + c.Name)
	}
	for _, row := range out.Rows {
		b.WriteString(" |")
		for _, cell := range row {
			b.WriteString(" " + *cell)
		}
	}
	return b.String()
}

func TestArrays(t *testing.T) {
	t.Parallel()
	grid := "float64 [3 4] 12/12 0..11 5.5 nan 0 | 0 1 2 3 | 0 1 2 3 | 4 5 6 7 | 8 9 10 11"
	for name, want := range map[string]string{
		"grid.npy":    grid,
		"fortran.npy": grid,
		"scalar.npy":  "float32 [] 1/1 1.5..1.5 1.5 nan 0 | value | 1.5",
		"none.npy":    "float64 [0 3] 0/0 ..  nan 0 | 0 1 2",
		"text.npy":    "string [2] 0/2 ..  nan 0 | value | grün | b",
		"bytes.npy":   "bytes [2] 0/2 ..  nan 0 | value | a | bc",
		"bool.npy":    "bool [2] 2/2 0..1 0.5 nan 0 | value | true | false",
		"complex.npy": "complex64 [2] 0/2 ..  nan 0 | value | 1+2j | -0-1j",
		"half.npy":    "float16 [3] 3/3 0.5..+Inf +Inf nan 1 | value | 0.5 | NaN | +Inf",
		"dates.npy":   "datetime64[s] [2] 0/2 ..  nan 0 | value | 2026-11-30 01:02:03 | NaT",
		"days.npy":    "datetime64[D] [1] 0/1 ..  nan 0 | value | 2026-11-30",
		"spans.npy":   "timedelta64[m] [1] 0/1 ..  nan 0 | value | 90",
		"record.npy":  "record [2] 0/2 ..  nan 0 | id x name | 1 0.5 a | 2 1.5 b",
	} {
		out, err := read(load(t, name), everything, false)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := summary(out); got != want {
			t.Errorf("%s: got\n%s, want\n%s", name, got, want)
		}
	}
	out, err := read(load(t, "cube.npy"), tabular.Window{Offset: 2, Rows: 3, FirstColumn: 1, Columns: 2}, false)
	if err != nil {
		t.Fatal(err)
	}
	if got := summary(out); got != "int16 [2 3 4] 24/24 0..23 11.5 nan 0 | 1 2 | 9 10 | 13 14 | 17 18" ||
		strings.Join(out.RowNames, "; ") != "0, 2; 1, 0; 1, 1" || out.RowCount != 6 || out.ColumnCount != 4 {
		t.Errorf("a cube: %s %q", got, out.RowNames)
	}
}

func TestRefusedArrays(t *testing.T) {
	t.Parallel()
	good := load(t, "grid.npy")
	header := func(text string) []byte {
		return append([]byte("\x93NUMPY\x01\x00"+string(rune(len(text)))+"\x00"), text...)
	}
	for name, c := range map[string]struct {
		b    []byte
		want string
	}{
		"objects":        {load(t, "object.npy"), "pickle"},
		"sub-arrays":     {load(t, "pages.npy"), "fields that are arrays"},
		"text":           {[]byte("1,2,3\n4,5,6\n7,8,9\n"), "no .npy array"},
		"nothing":        {nil, "no .npy array"},
		"no values":      {good[:len(good)-1], "fewer values"},
		"long header":    {append([]byte("\x93NUMPY\x02\x00\xff\xff\xff\x7f"), good...), "header"},
		"large shape":    {header(`{'descr':'<f8','fortran_order':False,'shape':(99999999,9999999,9999999)}`), "header"},
		"negative shape": {header(`{'descr':'<f8','fortran_order':False,'shape':(-1,)}`), "header"},
		"deep":           {header(`{'descr':` + strings.Repeat("[", 60) + `}`), "header"},
		"unknown type":   {header(`{'descr':'<f16','fortran_order':False,'shape':(1,)}`), "<f16"},
		"no type":        {header(`{'fortran_order':False,'shape':(1,)}`), "header"},
		"large items":    {header(`{'descr':'|S2000000000','fortran_order':False,'shape':(1,)}`), "S2000000000"},
	} {
		out, err := read(c.b, everything, false)
		if e := invalidError(err); e == nil || !strings.Contains(e.Message, c.want) {
			t.Errorf("%s: got %+v, %v, want an error with %q", name, out, err, c.want)
		}
	}
}

func TestZip(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"plain.npz", "packed.npz"} {
		out, err := read(load(t, name), everything, true)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := fmt.Sprintf("%s %v", out.Array, out.Arrays); got != "first [{first float64 [3 4] } {second uint8 [5] }]" {
			t.Errorf("%s: %s", name, got)
		}
		if got := summary(out); !strings.HasSuffix(got, "| 8 9 10 11") {
			t.Errorf("%s: %s", name, got)
		}
		out, err = read(load(t, name), tabular.Window{Array: "second", Offset: 3, Rows: 9, Columns: 1}, true)
		if err != nil || summary(out) != "uint8 [5] 5/5 0..4 2 nan 0 | value | 3 | 4" {
			t.Errorf("%s, second: %s, %v", name, summary(out), err)
		}
		if _, err := read(load(t, name), tabular.Window{Array: "third"}, true); !errors.Is(err, mlflow.ResourceDoesNotExist) {
			t.Errorf("%s, third: %v", name, err)
		}
	}
	out, err := read(load(t, "mixed.npz"), tabular.Window{Array: "good", Rows: 1, Columns: 1}, true)
	if err != nil || !strings.Contains(out.Arrays[1].Error, "pickle") {
		t.Errorf("beside objects: %+v, %v", out, err)
	}
	if _, err := read(load(t, "mixed.npz"), tabular.Window{Array: "bad", Rows: 1, Columns: 1}, true); invalidError(err) == nil {
		t.Errorf("objects: %v", err)
	}
	if _, err := read(load(t, "grid.npy"), everything, true); invalidError(err) == nil {
		t.Errorf("no ZIP file: %v", err)
	}
}

// zipOf returns a ZIP file of one compressed array.
func zipOf(t *testing.T, names int, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := range names {
		w, err := z.Create(fmt.Sprintf("%s%d.npy", strings.Repeat("x", 200), i))
		if err == nil {
			_, err = w.Write(body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestBombs(t *testing.T) {
	t.Parallel()
	text := `{'descr':'|u1','fortran_order':False,'shape':(100000000,)}`
	array := append([]byte("\x93NUMPY\x01\x00"+string(rune(len(text)))+"\x00"), text...)
	bomb := zipOf(t, 1, append(array, make([]byte, 100_000_000)...))
	out, err := read(bomb, tabular.Window{Rows: 3, Columns: 1}, true)
	if err != nil || out.RowCount != 100_000_000 || len(out.Rows) != 3 {
		t.Errorf("the start of an array of zeros: %+v, %v", out, err)
	}
	_, err = read(bomb, tabular.Window{Array: out.Array, Offset: 90_000_000, Rows: 3, Columns: 1}, true)
	if e := invalidError(err); e == nil || !strings.Contains(e.Message, "decode too much") {
		t.Errorf("the end of it: %v", err)
	}
	_, err = read(zipOf(t, 20_000, nil), everything, true)
	if e := invalidError(err); e == nil || !strings.Contains(e.Message, "larger than") {
		t.Errorf("many entries: %v", err)
	}
}

// hollow is a file of zeros that ends with some bytes.
type hollow struct {
	size, at int64
	end      []byte
}

func (h *hollow) Seek(offset int64, _ int) (int64, error) {
	h.at = offset
	return offset, nil
}

func (h *hollow) Read(p []byte) (int, error) {
	n := min(int64(len(p)), h.size-h.at)
	clear(p)
	if start := h.size - int64(len(h.end)); h.at+n > start {
		copy(p[max(start-h.at, 0):n], h.end[max(h.at-start, 0):])
	}
	h.at += n
	return int(n), nil
}

// TestHollowZip reads a file of 2 GiB, which has a hole and claims to have as many entries
// as it has room for.
func TestHollowZip(t *testing.T) {
	const size, directory = 2 << 30, 46
	end := bytes.NewBuffer([]byte("PK\x06\x06"))
	at := uint64(size - 56 - 20 - 22)
	for _, v := range []any{
		uint64(44), uint16(45), uint16(45), uint32(0), uint32(0), uint64(size / 31), uint64(size / 31),
		uint64(directory), at - directory,
		[]byte("PK\x06\x07"), uint32(0), at, uint32(1),
		[]byte("PK\x05\x06"), uint16(0xffff), uint16(0xffff), uint16(0xffff), uint16(0xffff),
		uint32(0xffffffff), uint32(0xffffffff), uint16(0),
	} {
		if err := binary.Write(end, binary.LittleEndian, v); err != nil {
			t.Fatal(err)
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	src := tabular.NewSource(t.Context(), &hollow{size: size, end: end.Bytes()}, size, 1<<20, 1<<20)
	_, err := ReadZip(src, everything)
	if e := invalidError(err); e == nil || !strings.Contains(e.Message, "larger than") {
		t.Error(err)
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 16<<20 {
		t.Errorf("the directory takes %d MiB of memory", took>>20)
	}
}

// TestLyingLengths sets bytes of files to other values.
func TestLyingLengths(t *testing.T) {
	for _, name := range []string{"fortran.npy", "record.npy", "plain.npz", "packed.npz"} {
		good := load(t, name)
		for at := range good {
			for _, v := range []byte{0, 0x39, 0xff} {
				b := bytes.Clone(good)
				b[at] = v
				checkRead(t, b, 0, filepath.Ext(name) == ".npz")
			}
		}
	}
}

func checkRead(t *testing.T, b []byte, offset int64, zipped bool) {
	t.Helper()
	start := time.Now()
	_, err := read(b, tabular.Window{Offset: offset, Rows: 5, Columns: 5}, zipped)
	if took := time.Since(start); took > 5*time.Second {
		t.Fatalf("a file of %d bytes takes %s", len(b), took)
	}
	if err != nil && invalidError(err) == nil {
		t.Fatalf("%v is no error of a client", err)
	}
}

func FuzzRead(f *testing.F) {
	names, err := filepath.Glob("testdata/*.np?")
	if err != nil || len(names) == 0 {
		f.Fatal("no files", err)
	}
	for _, name := range names {
		f.Add(load(f, filepath.Base(name)), int64(1), filepath.Ext(name) == ".npz")
	}
	f.Fuzz(func(t *testing.T, b []byte, offset int64, zipped bool) { checkRead(t, b, max(offset, 0), zipped) })
}
