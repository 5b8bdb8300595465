package cpu

import (
	"slices"
	"sync"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

func TestConfiguration(t *testing.T) {
	for config, ok := range map[string]bool{
		"": true, "parallelism=2": true, "parallelism=0": false, "parallelism=x": false,
		"threads=2": false,
	} {
		b, err := compute.NewWithConfig(BackendName + ":" + config)
		if (err == nil) != ok {
			t.Errorf("%q: %v", config, err)
		}
		if err == nil && (b.Name() != BackendName || b.NumDevices() != 1 || b.IsFinalized()) {
			t.Errorf("%q: %s with %d devices", config, b.Description(), b.NumDevices())
		}
	}
}

func TestBuffers(t *testing.T) {
	b := mustNew(t, New, "")
	for _, flat := range []any{[]float32{1, 2, 3}, []int32{1, 2, 3}} {
		shape := shapes.Make(dtypeOf(flat), 3)
		shared, data, err := b.NewSharedBuffer(0, shape)
		if err != nil {
			t.Fatal(err)
		}
		copied, err := b.BufferFromFlatData(0, flat, shape)
		if err != nil {
			t.Fatal(err)
		}
		if err := copied.ToFlatData(data); err != nil {
			t.Fatal(err)
		}
		for _, buffer := range []compute.Buffer{shared, copied} {
			got, err := buffer.Data()
			if err != nil {
				t.Fatal(err)
			}
			if x, ok := got.([]float32); ok && !slices.Equal(x, []float32{1, 2, 3}) {
				t.Errorf("the values are %v", x)
			}
			if s, _ := buffer.Shape(); !s.Equal(shape) || buffer.Backend() != b {
				t.Errorf("the shape is %s, of %v", s, buffer.Backend())
			}
			if err := buffer.Finalize(); err != nil {
				t.Error(err)
			}
			if buffer.Finalize() == nil || buffer.ToFlatData(flat) == nil {
				t.Error("a finalized buffer can be used")
			}
			if _, err := buffer.CopyToDevice(1); err == nil {
				t.Error("there is a second device")
			}
		}
	}
	if _, err := b.BufferFromFlatData(0, []float32{1}, shapes.Make(dtypes.Float32, 2)); err == nil {
		t.Error("a buffer has fewer values than its shape")
	}
}

// compileOne compiles a function of one vector with four elements.
func compileOne(t *testing.T, b compute.Backend, build graphOf) compute.Executable {
	t.Helper()
	builder := b.Builder("test")
	p, err := builder.Main().Parameter("x", shapes.Make(dtypes.Float32, 4), nil)
	if err != nil {
		t.Fatal(err)
	}
	outs, err := build(builder.Main(), []compute.Value{p})
	if err != nil {
		t.Fatal(err)
	}
	if err := builder.Main().Return(outs, nil); err != nil {
		t.Fatal(err)
	}
	exec, err := builder.Compile()
	if err != nil {
		t.Fatal(err)
	}
	return exec
}

// TestOutputs returns parameters, constants and the same value twice. Each result must be a buffer of its own, which
// can be donated.
func TestOutputs(t *testing.T) {
	b := mustNew(t, New, "")
	exec := compileOne(t, b, func(f compute.Function, in []compute.Value) ([]compute.Value, error) {
		values := []float32{4, 3, 2, 1}
		c, err := f.Constant(values, 4)
		if err != nil {
			return nil, err
		}
		values[0] = 100 // The function must have a copy.
		twice, err := f.Add(in[0], c)
		if err != nil {
			return nil, err
		}
		square, err := f.Reshape(twice, 2, 2)
		return []compute.Value{in[0], c, twice, twice, square}, err
	})
	want := [][]float32{{1, 2, 3, 4}, {4, 3, 2, 1}, {5, 5, 5, 5}, {5, 5, 5, 5}, {5, 5, 5, 5}}
	for range 3 {
		x, err := b.BufferFromFlatData(0, []float32{1, 2, 3, 4}, shapes.Make(dtypes.Float32, 4))
		if err != nil {
			t.Fatal(err)
		}
		outs, err := exec.Execute([]compute.Buffer{x}, []bool{true}, 0)
		if err != nil {
			t.Fatal(err)
		}
		if x.Finalize() == nil {
			t.Error("a donated buffer can be finalized")
		}
		for i, o := range outs {
			got, err := o.Data()
			if err != nil || !slices.Equal(got.([]float32), want[i]) {
				t.Errorf("result %d is %v, %v", i, got, err)
			}
			// Writing to one result must not affect the others.
			got.([]float32)[0] = -1
		}
		for _, o := range outs {
			if err := o.Finalize(); err != nil {
				t.Error(err)
			}
		}
	}
	if _, err := exec.Execute(nil, nil, 0); err == nil {
		t.Error("it runs without its input")
	}
}

func TestConcurrentUse(t *testing.T) {
	b := mustNew(t, New, "parallelism=2")
	exec := compileOne(t, b, func(f compute.Function, in []compute.Value) ([]compute.Value, error) {
		x, err := f.Mul(in[0], in[0])
		if err != nil {
			return nil, err
		}
		y, err := f.Sin(x)
		if err != nil {
			return nil, err
		}
		return one(f.Sub(x, y))
	})
	x, err := b.BufferFromFlatData(0, []float32{0, 0, 0, 0}, shapes.Make(dtypes.Float32, 4))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				outs, err := exec.Execute([]compute.Buffer{x}, nil, 0)
				if err != nil {
					t.Error(err)
					return
				}
				if got, _ := outs[0].Data(); !slices.Equal(got.([]float32), []float32{0, 0, 0, 0}) {
					t.Errorf("the result is %v", got)
				}
				if err := outs[0].Finalize(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// TestDynamicAxes runs a function of a vector of any length.
func TestDynamicAxes(t *testing.T) {
	b := mustNew(t, New, "")
	builder := b.Builder("test")
	f := builder.Main()
	shape := shapes.Make(dtypes.Float32, 2)
	dynamic := shapes.MakeDynamic(dtypes.Float32, []int{shapes.DynamicDim}, []string{"n"})
	p, err := f.Parameter("x", dynamic, nil)
	if err != nil {
		t.Fatal(err)
	}
	double, err := f.Add(p, p)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Return([]compute.Value{double}, nil); err != nil {
		t.Fatal(err)
	}
	exec, err := builder.Compile()
	if err != nil {
		t.Fatal(err)
	}
	x, err := b.BufferFromFlatData(0, []float32{1, 2}, shape)
	if err != nil {
		t.Fatal(err)
	}
	outs, err := exec.Execute([]compute.Buffer{x}, []bool{true}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := outs[0].Data(); !slices.Equal(got.([]float32), []float32{2, 4}) {
		t.Errorf("the result is %v", got)
	}
}
