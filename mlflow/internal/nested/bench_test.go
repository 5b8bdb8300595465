package nested

import (
	"encoding/json"
	"testing"
	"time"
)

// BenchmarkRead reads the numbers of two images of 224 x 224 pixels. x-json is the time of
// encoding/json for slices of slices, divided by ours.
func BenchmarkRead(b *testing.B) {
	text := image(2*3*224, 224)
	b.Run("float32", func(b *testing.B) { beside[float32](b, text, "float32") })
	b.Run("float64", func(b *testing.B) { beside[float64](b, text, "float64") })
}

func beside[T Element](b *testing.B, text []byte, dtype string) {
	b.Helper()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	compare(b, func() error {
		_, _, _, err := Read(text, dtype)
		return err
	}, func() error {
		var rows [][]T
		return json.Unmarshal(text, &rows)
	})
}

// BenchmarkAppend writes the same numbers.
func BenchmarkAppend(b *testing.B) {
	shape, elements, _, err := Read(image(2*3*224, 224), "float32")
	if err != nil {
		b.Fatal(err)
	}
	rows := make([][]float32, shape[0])
	for i := range rows {
		rows[i] = elements.([]float32)[i*shape[1] : (i+1)*shape[1]]
	}
	b.ReportAllocs()
	compare(b, func() error {
		Append(nil, shape, elements)
		return nil
	}, func() error {
		_, err := json.Marshal(rows)
		return err
	})
}

// compare runs ours as a benchmark and the other one now and then, and reports the ratio of
// their shortest times, which other work of the machine disturbs least.
func compare(b *testing.B, ours, other func() error) {
	b.Helper()
	shortest := [2]time.Duration{1 << 62, 1 << 62}
	run := func(which int, f func() error) {
		start := time.Now()
		if err := f(); err != nil {
			b.Fatal(err)
		}
		shortest[which] = min(shortest[which], time.Since(start))
	}
	for n := 0; b.Loop(); n++ {
		run(0, ours)
		if n%8 == 0 {
			b.StopTimer()
			run(1, other)
			b.StartTimer()
		}
	}
	b.ReportMetric(float64(shortest[1])/float64(shortest[0]), "x-json")
	b.ReportMetric(float64(shortest[0].Nanoseconds()), "ns/shortest")
}
