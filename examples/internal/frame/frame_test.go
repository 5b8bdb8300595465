package frame

import (
	"encoding/json"
	"io"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/examples/internal/cancer"
)

// golden is the content of the file that testdata/make_golden.py writes.
type golden struct {
	MT     map[uint32][]uint32
	Splits []struct {
		N           int
		Size        float64
		Seed        uint32
		Train, Test []int
	}
	Corr                             []float64
	SmallCorr, ScaledTest, ScaledToy [][]*float64
}

func readGolden(t *testing.T) (g golden) {
	t.Helper()
	data, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func read(t *testing.T, name string) *Frame {
	t.Helper()
	open := func() (io.ReadCloser, error) { return os.Open("testdata/" + name + ".csv") }
	if name == "cancer" {
		open = cancer.Open
	}
	r, err := open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	f, err := Read(r)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestInfoAndDescribe(t *testing.T) {
	for _, name := range []string{"cancer", "small", "large"} {
		t.Run(name, func(t *testing.T) {
			f := read(t, name)
			var b strings.Builder
			if err := f.Info(&b); err != nil {
				t.Fatal(err)
			}
			// The first and the last line depend on the implementation of the frame.
			_, info, _ := strings.Cut(b.String(), "\n")
			info, memory, _ := strings.Cut(info, "memory usage: ")
			if !strings.HasPrefix(b.String(), "<class 'frame.Frame'>\n") || !strings.HasSuffix(memory, " KB\n") {
				t.Errorf("%s", &b)
			}
			b.Reset()
			b.WriteString(info)
			b.WriteString(f.Describe().String())
			want, err := os.ReadFile("testdata/" + name + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			if got := b.String(); got != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func TestReadErrors(t *testing.T) {
	for _, c := range []struct{ name, csv, want string }{
		{"empty", "", "the file is empty"},
		{"same names", "a,b,a\n", `line 1: two columns are named "a"`},
		{"short line", "a,b\n1,2\n3\n", "line 3: wrong number of fields"},
		{"text among numbers", "a,b\n1,2\n3,x\n", `line 3, column "b": "x" is not a number`},
		{"too large", "a\n1\n1e999\n", `line 3, column "a": "1e999" does not fit`},
		{"quote", "a\n\"x\n", `line 2`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Read(strings.NewReader(c.csv))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestEmptyFrame(t *testing.T) {
	f, err := Read(strings.NewReader("\ufeffa,b\n"))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := f.Info(&b); err != nil || !strings.Contains(b.String(), "RangeIndex: 0 entries\nData") {
		t.Errorf("Info: %v\n%s", err, b.String())
	}
	if s := f.Describe()[0]; s.Name != "a" || s.Count != 0 || !math.IsNaN(s.Mean) || !math.IsNaN(s.Q50) {
		t.Errorf("Describe: %+v", s)
	}
	if _, m := f.Corr(); !math.IsNaN(m[0][1]) {
		t.Errorf("Corr: %v", m)
	}
}

func TestMapAndMatrix(t *testing.T) {
	f := read(t, "cancer")
	if _, err := f.Matrix(); err == nil || !strings.Contains(err.Error(), `column "diagnosis" holds text`) {
		t.Errorf("Matrix with text: %v", err)
	}
	if _, err := f.Matrix("nose"); err == nil || !strings.Contains(err.Error(), `no column is named "nose"`) {
		t.Errorf("Matrix of no column: %v", err)
	}
	if _, err := f.Map("diagnosis", map[string]float64{"benign": 0}); err == nil || !strings.Contains(err.Error(), `row 0, column "diagnosis": no number is given for "malignant"`) {
		t.Errorf("Map without malignant: %v", err)
	}
	if _, err := f.Map("mean radius", nil); err == nil {
		t.Error("Map of numbers succeeded")
	}
	g, err := f.Map("diagnosis", map[string]float64{"benign": 0, "malignant": 1})
	if err != nil {
		t.Fatal(err)
	}
	m, err := g.Matrix("diagnosis", "mean radius")
	if err != nil || len(m) != 569 || !reflect.DeepEqual(m[0], []float64{1, 17.99}) {
		t.Errorf("%d rows, the first %v (%v)", len(m), m[0], err)
	}
	x, err := g.Drop("diagnosis", "nose").Matrix()
	if err != nil || len(x) != 569 || len(x[0]) != 30 {
		t.Errorf("%d x %d (%v)", len(x), len(x[0]), err)
	}
}

func TestValueCounts(t *testing.T) {
	for _, c := range []struct {
		frame, column string
		want          []ValueCount
	}{
		{"cancer", "diagnosis", []ValueCount{{"benign", 357}, {"malignant", 212}}},
		{"small", "name", []ValueCount{{"x", 2}, {"y, z", 1}, {"z", 1}}},
		{"small", "gaps", []ValueCount{{"4.5", 1}, {"-6", 1}, {"12", 1}}},
	} {
		got, err := read(t, c.frame).ValueCounts(c.column)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v (%v)", c.column, got, err)
		}
	}
	if _, err := read(t, "small").ValueCounts("nose"); err == nil {
		t.Error("ValueCounts of an unknown column succeeded")
	}
}

func TestCorr(t *testing.T) {
	g := readGolden(t)
	f, err := read(t, "cancer").Map("diagnosis", map[string]float64{"benign": 0, "malignant": 1})
	if err != nil {
		t.Fatal(err)
	}
	names, m := f.Corr()
	for j, want := range g.Corr {
		if math.Abs(m[30][j]-want) > 1e-12 || m[30][j] != m[j][30] {
			t.Errorf("%s: %v, want %v", names[j], m[30][j], want)
		}
	}
	_, m = read(t, "small").Corr()
	compare(t, m, g.SmallCorr, 1e-12)
}

// compare compares two matrices. nil stands for NaN, which JSON cannot represent.
func compare(t *testing.T, got [][]float64, want [][]*float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	for i, row := range want {
		for j, w := range row {
			v := got[i][j]
			if (w == nil) != math.IsNaN(v) || w != nil && math.Abs(v-*w) > tolerance {
				t.Errorf("row %d, column %d: got %v, want %v", i, j, v, w)
			}
		}
	}
}
