package nn

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// TestRecurrent compares recurrent layers of float32, which use kernels in assembly, with those of float64.
func TestRecurrent(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	for i := range 100 {
		kind := Recurrence(i % 5)
		steps, batch, in, state := 1+r.IntN(6), 1+r.IntN(9), 1+r.IntN(20), 1+r.IntN(40)
		a := Recurrent{Kind: kind, Backward: r.IntN(2) == 0}
		b := a
		rows := kind.Gates() * state
		a.Input, b.Input = twice(r, []int{rows, in})
		a.Hidden, b.Hidden = twice(r, []int{rows, state})
		if r.IntN(2) == 0 {
			a.InputBias, b.InputBias = twice(r, []int{rows})
			a.HiddenBias, b.HiddenBias = twice(r, []int{rows})
		}
		x32, x64 := twice(r, []int{steps, batch, in})
		h32, h64 := twice(r, []int{batch, state})
		c32, c64 := twice(r, []int{batch, state})
		if kind != LSTM {
			c32, c64 = nil, nil
		}
		if kind == ReluRNN {
			// Without saturation, the states of a random layer grow at each step.
			x32, x64 = twice(r, []int{1, batch, in})
		}
		all, lastH, lastC, err := a.Run(x32, h32, c32)
		if err != nil {
			t.Fatal(err)
		}
		checkStored(t, a, x32, h32, c32, all)
		all64, lastH64, lastC64, err := b.Run(x64, h64, c64)
		if err != nil {
			t.Fatal(err)
		}
		for j, got := range []*kernel.Tensor{all, lastH, lastC} {
			want := []*kernel.Tensor{all64, lastH64, lastC64}[j]
			if got == nil && want == nil {
				continue
			}
			for n, v := range want.Data.([]float64) {
				if x := float64(got.Data.([]float32)[n]); math.Abs(x-v) > 1e-4 {
					t.Fatalf("kind %d, result %d, element %d is %v, want %v", kind, j, n, x, v)
				}
			}
		}
	}
}

// checkStored compares a layer with stored weights with the same layer.
func checkStored(t *testing.T, r Recurrent, x, h, c, want *kernel.Tensor) {
	t.Helper()
	r.Prepare()
	if fast := simd.Fast() && r.Kind != GRUEarly; r.Prepared() != fast || fast && r.Hidden != nil {
		t.Fatalf("kind %d is prepared: %v, and keeps %v", r.Kind, r.Prepared(), r.Hidden)
	}
	got, _, _, err := r.Run(x, h, c)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Data.([]float32), want.Data.([]float32)) {
		t.Fatalf("kind %d returns %v with stored weights, want %v", r.Kind, got.Data, want.Data)
	}
}

// TestRecurrentWorkers divides a batch among goroutines.
func TestRecurrentWorkers(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for _, kind := range []Recurrence{TanhRNN, LSTM, GRU} {
		a := Recurrent{Kind: kind}
		a.Input, _ = twice(r, []int{kind.Gates() * 64, 8})
		a.Hidden, _ = twice(r, []int{kind.Gates() * 64, 64})
		x, _ := twice(r, []int{80, 11, 8})
		h, _ := twice(r, []int{11, 64})
		c := h
		if kind != LSTM {
			c = nil
		}
		want, wantH, _, err := a.run(1, x, h, c)
		if err != nil {
			t.Fatal(err)
		}
		got, gotH, _, err := a.run(3, x, h, c)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Data.([]float32), want.Data.([]float32)) ||
			!slices.Equal(gotH.Data.([]float32), wantH.Data.([]float32)) {
			t.Errorf("kind %d: three goroutines return other states than one", kind)
		}
	}
}
