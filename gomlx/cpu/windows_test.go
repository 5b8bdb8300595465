package cpu

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute"
)

// poolingOf returns a random pooling of a random tensor. The windows can overlap, leave gaps and extend beyond the
// edges.
func poolingOf(r *rand.Rand) (x tensorOf, size, strides []int, paddings [][2]int) {
	var dims []int
	for range 1 + r.IntN(4) {
		n := 1 + r.IntN(4)
		before, after := r.IntN(n), r.IntN(n)
		dims, size, strides = append(dims, n+r.IntN(7)), append(size, n), append(strides, 1+r.IntN(4))
		paddings = append(paddings, [2]int{before, after})
	}
	// Use a batch of images with channels.
	if r.IntN(2) == 0 {
		size[0], strides[0], paddings[0] = 1, 1, [2]int{}
	}
	if len(dims) > 2 && r.IntN(2) == 0 {
		for i := range len(dims) - 2 {
			size[i], strides[i], paddings[i] = 1, 1, [2]int{}
		}
	}
	if r.IntN(4) == 0 {
		paddings = nil
	}
	return random(r, dims...), size, strides, paddings
}

func TestPooling(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	done := 0
	for n := range 200 {
		x, size, strides, paddings := poolingOf(r)
		if compare(t, fmt.Sprintf("pooling %d: %v, windows %v, strides %v, paddings %v", n, x.dims, size, strides, paddings),
			func(f compute.Function, in []compute.Value) (outs []compute.Value, err error) {
				for _, kind := range []compute.ReduceOpType{compute.ReduceOpMax, compute.ReduceOpMin, compute.ReduceOpSum} {
					v, err := f.ReduceWindow(in[0], kind, size, strides, nil, nil, paddings)
					if err != nil {
						return nil, err
					}
					outs = append(outs, v)
				}
				return outs, nil
			}, x) {
			done++
		}
	}
	if done < 100 {
		t.Errorf("the Go backend could do only %d of 200", done)
	}
}

// TestGradientsOfPooling compares the kernels with the operations that other types use, on both backends. Windows of
// small integers contain many equal elements.
func TestGradientsOfPooling(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	done := 0
	for n := range 200 {
		x, size, strides, paddings := poolingOf(r)
		w := newWindows(x.dims, size, strides, paddings)
		source := random(r, w.out...)
		if compare(t, fmt.Sprintf("gradient %d: %v, windows %v, strides %v, paddings %v", n, x.dims, size, strides, paddings),
			func(f compute.Function, in []compute.Value) (outs []compute.Value, err error) {
				for _, kind := range []compute.ReduceOpType{compute.ReduceOpMax, compute.ReduceOpMin} {
					var v compute.Value
					switch _, own := f.(*Function); {
					case !own || n%2 == 0:
						s := scattering{f: f, windows: w, kind: kind}
						v, err = s.build(in[0], in[1])
					case kind == compute.ReduceOpMax:
						v, err = f.SelectAndScatterMax(in[0], in[1], size, strides, paddings)
					default:
						v, err = f.SelectAndScatterMin(in[0], in[1], size, strides, paddings)
					}
					if err != nil {
						return nil, err
					}
					outs = append(outs, v)
				}
				return outs, nil
			}, x, source) {
			done++
		}
	}
	if done < 100 {
		t.Errorf("the Go backend could do only %d of 200", done)
	}
}

func TestPadding(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	for n := range 200 {
		dims := sizes(r, 4, 9)
		var edges []compute.PadAxis
		for range dims {
			edges = append(edges, compute.PadAxis{Start: r.IntN(4), End: r.IntN(4), Interior: r.IntN(3)})
		}
		if !compare(t, fmt.Sprintf("padding %d: %v by %v", n, dims, edges),
			func(f compute.Function, in []compute.Value) ([]compute.Value, error) {
				return one(f.Pad(in[0], in[1], edges...))
			}, random(r, dims...), random(r)) && len(dims) > 0 {
			t.Fatalf("the Go backend cannot pad %v by %v", dims, edges)
		}
	}
}
