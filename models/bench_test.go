package models_test

import (
	"os"
	"testing"

	"github.com/millrace-ml/millrace/models"
)

// BenchmarkPredict runs a batch of 64 images of 28 by 28 pixels. MILLRACE_BENCH_PT2 names the .pt2 archive of the
// model; the default is the small network of testdata.
func BenchmarkPredict(b *testing.B) {
	var m *models.Model
	if path := os.Getenv("MILLRACE_BENCH_PT2"); path != "" {
		var err error
		if m, err = models.OpenTorch(path); err != nil {
			b.Fatal(err)
		}
	} else {
		m = openFixture(b, "quickstart", "pt2")
	}
	x := fill(b, []int{64, 1, 28, 28}, 1, 0)
	for b.Loop() {
		if _, err := m.Predict(b.Context(), x); err != nil {
			b.Fatal(err)
		}
	}
}
