package serving

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"math"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/mlflow"
)

func FuzzScan(f *testing.F) {
	for _, text := range []string{
		`{"a": [1, {"b": "\u00e9"}], "c": null}`, `[1, 2,]`, `[01]`, `{"a" 1}`, `{"a": 1,}`, `"\x"`, `[[[]]`, `[1}`, `{]`, ` [ ] `, `tru`,
		strings.Repeat("[", 101), `{"a": NaN}`, "[\"\x01\"]", `"` + strings.Repeat("x", 20) + `]"`, `{"abcdefgh": "[]{}"}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s := &scanner{text: text}
		value, err := s.value(0)
		if err == nil {
			err = s.end()
		}
		words := bytes.Contains(text, []byte("NaN")) || bytes.Contains(text, []byte("Infinity"))
		deep := bytes.Count(text, []byte("["))+bytes.Count(text, []byte("{")) >= maxDepth
		if valid := json.Valid(text); valid != (err == nil) && !words && !deep {
			t.Fatalf("%.300q: %v, valid: %v", text, err, valid)
		}
		if err != nil {
			return
		}
		fast := &scanner{text: text}
		if skimmed, err := fast.skim(); err != nil || !bytes.Equal(skimmed, value) {
			t.Fatalf("%.300q: %.300q, %v", text, skimmed, err)
		}
	})
}

// image is the body of a request with a tensor of 2 x 3 x 224 x 224 numbers.
func image() []byte {
	numbers := make([]float64, 2*3*224*224)
	for i := range numbers {
		numbers[i] = float64(float32(math.Sin(float64(i))))
	}
	list, _ := (&mlflow.Tensor{Shape: []int{2, 3, 224, 224}, Data: numbers}).AppendNested([]byte(`{"inputs": `))
	return append(list, '}')
}

// TestDecodeAllocations decodes 301,056 numbers with a handful of allocations.
func TestDecodeAllocations(t *testing.T) {
	body := image()
	s := &schema{specs: []mlflow.TensorSpec{{Name: "x", DType: "float32"}}}
	n := testing.AllocsPerRun(3, func() {
		if _, err := s.decode(t.Context(), typeJSON, body); err != nil {
			t.Error(err)
		}
	})
	if n > 30 {
		t.Errorf("%v allocations", n)
	}
}

func TestMatrixOfSplit(t *testing.T) {
	t.Parallel()
	specs := []mlflow.TensorSpec{{Name: "x", DType: "float32", Shape: []int{-1, 2}}}
	s := &schema{specs: specs, columns: []string{"a", "b"}}
	for text, want := range map[string]string{
		`{"columns": ["b", "c", "a"], "data": [[1, 2, 3], [4, 5, 6]]}`:        "[[3,1],[6,4]]",
		`{"columns": ["a", "b"], "data": [[1, 2], [3, 4]]}`:                   "[[1,2],[3,4]]",
		`{"data": [[1, 2], [3, 4]]}`:                                          "[[1,2],[3,4]]",
		`{"columns": null, "data": [[1, 2]]}`:                                 "[[1,2]]",
		`{"columns": ["b", "c", "a"], "data": [[1, "2", 3], [4, true, "6"]]}`: "[[3,1],[6,4]]",
	} {
		in, err := s.decodeSplit([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := in.inputs["x"].MarshalNested(); err != nil || string(got) != want {
			t.Errorf("%s is %s, %v", text, got, err)
		}
	}
}

// TestNPY sends an array of NumPy.
func TestNPY(t *testing.T) {
	t.Parallel()
	h := Handler(open(t, "../../internal/serving/testdata/tensor"), slog.New(slog.DiscardHandler))
	header := "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }\n"
	file := "\x93NUMPY\x01\x00" + string([]byte{byte(len(header)), 0}) + header + "\x00\x00\x80\x3f\x00\x00\x00\xc0"
	status, text := post(t, h, "application/x-npy", file)
	if status != http.StatusOK || text != `{"predictions": {"y": [[1,-2]]}}` {
		t.Errorf("%d %s", status, text)
	}
	whole := strings.Replace(file, "<f4", "<i4", 1)
	if status, text := post(t, h, "application/x-npy", whole); status != http.StatusOK || !strings.Contains(text, "[[1.0653532e+09,-1.0737418e+09]]") {
		t.Errorf("integers: %d %s", status, text)
	}
	for _, bad := range []string{"", file[:20], file[:len(file)-1]} {
		if status, text := post(t, h, "application/x-npy", bad); status != http.StatusBadRequest {
			t.Errorf("%q: %d %s", bad, status, text)
		}
	}
	other := Handler(open(t, "../../internal/serving/testdata/named"), slog.New(slog.DiscardHandler))
	if status, text := post(t, other, "application/x-npy", file); status != http.StatusBadRequest {
		t.Errorf("two inputs: %d %s", status, text)
	}
}

// TestParquet sends the files of the tests of parquet, of which models take few.
func TestParquet(t *testing.T) {
	t.Parallel()
	h := Handler(open(t, "../../internal/serving/testdata/columns"), slog.New(slog.DiscardHandler))
	files, err := os.ReadDir("../tabular/parquet/testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile("../tabular/parquet/testdata/" + file.Name())
		if err != nil {
			t.Fatal(err)
		}
		if status, answer := post(t, h, typeParquet, string(text)); status != http.StatusBadRequest && status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: %d %.300s", file.Name(), status, answer)
		}
	}
}

// BenchmarkDecode decodes a body. x-json is the shortest time of encoding/json for slices of
// slices, divided by ours.
func BenchmarkDecode(b *testing.B) {
	body := image()
	s := &schema{specs: []mlflow.TensorSpec{{Name: "x", DType: "float32"}}}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	shortest := [2]float64{math.Inf(1), math.Inf(1)}
	run := func(which int, f func() error) {
		start := time.Now()
		if err := f(); err != nil {
			b.Fatal(err)
		}
		shortest[which] = min(shortest[which], time.Since(start).Seconds())
	}
	for n := 0; b.Loop(); n++ {
		run(0, func() error {
			_, err := s.decode(b.Context(), typeJSON, body)
			return err
		})
		if n%8 == 0 {
			b.StopTimer()
			run(1, func() error {
				var in struct{ Inputs [][][][]float32 }
				return json.Unmarshal(body, &in)
			})
			b.StartTimer()
		}
	}
	b.ReportMetric(shortest[1]/shortest[0], "x-json")
}
