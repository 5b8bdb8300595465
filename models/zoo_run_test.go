package models_test

import (
	"math"
	"os"
	"sync"
	"testing"

	"github.com/millrace-ml/millrace/models"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// TestMain overwrites memory that is given back, so that every test of this package finds a value that is read after
// its memory was released.
func TestMain(m *testing.M) {
	kernel.OnRelease = func(list []float32) {
		for i := range list {
			list[i] = float32(math.NaN())
		}
	}
	os.Exit(m.Run())
}

// TestZoo runs small networks of common architectures, several times and two at once, because runs reuse memory. It
// changes inputs and results afterwards, which must not affect other runs.
func TestZoo(t *testing.T) {
	t.Parallel()
	for name, a := range zoo(t) {
		t.Run(name+".pt2", func(t *testing.T) {
			t.Parallel()
			a.try(t, openFixture(t, "zoo/"+name, "pt2"))
		})
		if a.ONNX {
			t.Run(name+".onnx", func(t *testing.T) {
				t.Parallel()
				m, err := models.ReadONNX(decompressed(t, "zoo/"+name+".onnx.gz"))
				if err != nil {
					t.Fatal(err)
				}
				a.try(t, m)
			})
		}
	}
}

func (a animal) try(t *testing.T, m *models.Model) {
	t.Helper()
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for range 2 {
				in := a.feed(t, m)
				out, err := m.Run(t.Context(), in)
				if err != nil {
					t.Error(err)
					return
				}
				for _, v := range in {
					scribble(v.Data)
				}
				a.check(t, m, out)
				for _, v := range out {
					scribble(v.Data)
				}
			}
		})
	}
	wg.Wait()
}

func scribble(data any) {
	if list, ok := data.([]float32); ok {
		for i := range list {
			list[i] = 1e9
		}
	}
}
