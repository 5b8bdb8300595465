package graph

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/millrace-ml/millrace/internal/simd"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/kernel"
	"github.com/millrace-ml/millrace/models/internal/kernel/nn"
)

type tensor = mlflow.Tensor

// draft collects the steps of a test's program.
type draft struct {
	*Scope
	t *testing.T
	r *rand.Rand
}

func (d *draft) floats(shape ...int) *tensor {
	list := make([]float32, kernel.Product(shape))
	for i := range list {
		list[i] = d.r.Float32()*2 - 1
	}
	return &tensor{Shape: shape, Data: list}
}

// constant defines a constant of random numbers.
func (d *draft) constant(name string, shape ...int) string {
	d.Constant(name, d.floats(shape...))
	return name
}

// step adds a step that computes result with f.
func (d *draft) step(result string, op Op, f func(v []*tensor) (*tensor, error), reads ...string) string {
	s := Step{Name: result, Op: op, Pure: true, Cheap: true}
	for _, name := range reads {
		slot := -1
		if name != "" {
			var err error
			if slot, err = d.Find(name); err != nil {
				d.t.Fatal(err)
			}
		}
		s.Reads = append(s.Reads, slot)
	}
	s.Run = func(_ context.Context, v []*tensor) ([]*tensor, error) {
		out, err := f(v)
		return []*tensor{out}, err
	}
	s.Writes = []int{d.Define(result)}
	d.Append(s)
	return result
}

func (d *draft) conv(result, x, weight, bias string, w nn.Window) string {
	return d.step(result, Conv{Window: w, Groups: 1}, func(v []*tensor) (*tensor, error) {
		return nn.Conv(v[0], v[1], v[2], w, 1)
	}, x, weight, bias)
}

func (d *draft) norm(result, x string, channels int) string {
	for _, part := range []string{"w", "b", "m"} {
		d.constant(result+part, channels)
	}
	variance := d.floats(channels)
	for i, v := range variance.Data.([]float32) {
		variance.Data.([]float32)[i] = v*v + 0.1
	}
	d.Constant(result+"v", variance)
	return d.step(result, BatchNorm{1e-5}, func(v []*tensor) (*tensor, error) {
		return nn.BatchNorm(v[0], v[1], v[2], v[3], v[4], 1e-5)
	}, x, result+"w", result+"b", result+"m", result+"v")
}

func (d *draft) pair(result string, op kernel.Op, a, b string) string {
	return d.step(result, Binary{Op: op}, func(v []*tensor) (*tensor, error) { return kernel.Arith(op, v[0], v[1]) }, a, b)
}

func (d *draft) relu(result, x string) string {
	return d.step(result, Unary{Activation(simd.ActReLU)}, func(v []*tensor) (*tensor, error) { return kernel.Relu(v[0]) }, x)
}

func (d *draft) sigmoid(result, x string) string {
	return d.step(result, Unary{Activation(simd.ActSigmoid)}, func(v []*tensor) (*tensor, error) {
		return kernel.Map(v[0], kernel.Sigmoid)
	}, x)
}

// opaque adds a step that no pass knows.
func (d *draft) opaque(result, x string) string {
	return d.step(result, nil, func(v []*tensor) (*tensor, error) { return kernel.Swap(v[0], -1, -2) }, x)
}

// both builds a program twice, and plans one of them.
func both(t *testing.T, outputs []string, build func(d *draft)) (planned, plain *Program) {
	t.Helper()
	for _, plan := range []bool{true, false} {
		d := &draft{NewScope(), t, rand.New(rand.NewPCG(1, 1))}
		for _, name := range []string{"x", "y"} {
			if err := d.Input(mlflow.TensorSpec{Name: name}); err != nil {
				t.Fatal(err)
			}
		}
		build(d)
		for _, name := range outputs {
			if err := d.Output(mlflow.TensorSpec{Name: name}, name); err != nil {
				t.Fatal(err)
			}
		}
		if !plan {
			d.program.findLastReads()
			plain = d.program
			continue
		}
		p, err := d.Finish()
		if err != nil {
			t.Fatal(err)
		}
		planned = p
	}
	return planned, plain
}

// agree runs both programs and compares their outputs or their errors.
func agree(t *testing.T, planned, plain *Program, inputs ...*tensor) {
	t.Helper()
	want, wantErr := plain.Run(t.Context(), inputs)
	for range 2 { // A second run reuses the memory of the first.
		got, err := planned.Run(t.Context(), inputs)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%v, want %v", err, wantErr)
		}
		for i := range got {
			if got[i].DType() != want[i].DType() || !slices.Equal(got[i].Shape, want[i].Shape) {
				t.Fatalf("output %d is %s of %v, want %s of %v", i, got[i].DType(), got[i].Shape, want[i].DType(), want[i].Shape)
			}
			a, _ := got[i].Float32s()
			b, _ := want[i].Float32s()
			for j := range a {
				if a[j] != b[j] && !(math.Abs(float64(a[j]-b[j])) <= 1e-4) && (a[j] == a[j] || b[j] == b[j]) {
					t.Fatalf("output %d, element %d is %v, want %v", i, j, a[j], b[j])
				}
			}
			scribble(got[i])
		}
	}
}

// scribble changes a result, which must not affect other runs.
func scribble(x *tensor) {
	if list, ok := x.Data.([]float32); ok {
		for i := range list {
			list[i] = float32(math.NaN())
		}
	}
}

// steps expects a number of steps, and none of them to be described any more if it was improved.
func steps(t *testing.T, p *Program, want int) {
	t.Helper()
	if len(p.steps) != want {
		for _, s := range p.steps {
			t.Logf("%s %v -> %v, %T", s.Name, s.Reads, s.Writes, s.Op)
		}
		t.Errorf("%d steps, want %d", len(p.steps), want)
	}
}

func random(shape ...int) *tensor {
	d := draft{r: rand.New(rand.NewPCG(2, uint64(kernel.Product(shape))))}
	return d.floats(shape...)
}

func TestFoldConstants(t *testing.T) {
	t.Parallel()
	planned, plain := both(t, []string{"z"}, func(d *draft) {
		d.opaque("turned", d.constant("w", 5, 4))
		d.relu("positive", "turned")
		d.pair("z", kernel.Add, "x", "positive")
	})
	steps(t, planned, 1)
	agree(t, planned, plain, random(3, 4, 5), random(1))
	if len(planned.constants) != 1 {
		t.Errorf("%d constants remain, want the one that is read", len(planned.constants))
	}
}

// TestFoldConstantsFails has a step of constants that cannot be computed.
func TestFoldConstantsFails(t *testing.T) {
	t.Parallel()
	for _, nested := range []bool{false, true} {
		d := &draft{NewScope(), t, rand.New(rand.NewPCG(1, 1))}
		d.program.nested = nested
		d.pair("z", kernel.Add, d.constant("a", 2), d.constant("b", 3))
		if err := d.program.plan(); errors.Is(err, mlflow.InvalidParameterValue) == nested {
			t.Errorf("nested %v: %v", nested, err)
		}
	}
}

// TestFoldConstantsBudget multiplies constants beyond the budget and keeps what is much larger than its arguments.
func TestFoldConstantsBudget(t *testing.T) {
	t.Parallel()
	planned, _ := both(t, []string{"z"}, func(d *draft) {
		d.step("wide", nil, func([]*tensor) (*tensor, error) { return kernel.New("float32", []int{2 * maxGrown}) })
		d.pair("z", kernel.Add, "wide", "x")
	})
	steps(t, planned, 2)
}

// TestPrepare has a step that is replaced if its second argument is known, which the program then does not keep.
func TestPrepare(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		second string
		want   float32
	}{{"known", 7}, {"y", 5}} {
		planned, _ := both(t, []string{"z"}, func(d *draft) {
			d.opaque("known", d.constant("w", 2, 3))
			d.step("z", nil, func([]*tensor) (*tensor, error) { return kernel.Scalar[float32](5), nil }, "x", c.second)
			last := &d.program.steps[len(d.program.steps)-1]
			last.Prepare = func(known []*tensor) (Run, []int) {
				if known[0] != nil || known[1] == nil {
					return nil, nil
				}
				return func(_ context.Context, v []*tensor) ([]*tensor, error) {
					if v[0] == nil || v[1] != nil {
						t.Errorf("the prepared step reads %v", v)
					}
					return []*tensor{kernel.Scalar[float32](7)}, nil
				}, []int{1}
			}
		})
		if len(planned.constants) != 0 {
			t.Errorf("%s: the program keeps %d constants that no step reads", c.second, len(planned.constants))
		}
		out, err := planned.Run(t.Context(), []*tensor{random(1), random(1)})
		if err != nil || out[0].Data.([]float32)[0] != c.want {
			t.Errorf("%s: %v, %v", c.second, out, err)
		}
	}
}

func TestSkipSame(t *testing.T) {
	t.Parallel()
	same := func(v []*tensor) (*tensor, error) { return v[0], nil }
	planned, plain := both(t, []string{"z", "c", "c"}, func(d *draft) {
		d.step("a", Same{}, same, "x")
		d.step("b", Same{}, same, "a")
		d.relu("z", "b")
		d.step("c", Same{}, same, "y")
	})
	steps(t, planned, 1)
	agree(t, planned, plain, random(2, 3), random(2000))
}

func TestFoldNorms(t *testing.T) {
	t.Parallel()
	for _, bias := range []string{"", "bias"} {
		planned, plain := both(t, []string{"z"}, func(d *draft) {
			d.constant("bias", 6)
			d.conv("c", "x", d.constant("w", 6, 3, 3, 3), bias, nn.Window{Pads: []int{1, 1, 1, 1}})
			d.relu("z", d.norm("n", "c", 6))
		})
		steps(t, planned, 1)
		agree(t, planned, plain, random(2, 3, 9, 8), random(1))
		agree(t, planned, plain, random(2, 4, 9, 8), random(1))
	}
}

// TestFoldNormsTransposed folds a norm into a transposed convolution of two groups.
func TestFoldNormsTransposed(t *testing.T) {
	t.Parallel()
	w := nn.Window{Strides: []int{2, 2}}
	planned, plain := both(t, []string{"z"}, func(d *draft) {
		d.step("c", ConvTranspose{Window: w, Groups: 2, Extra: []int{1, 0}}, func(v []*tensor) (*tensor, error) {
			return nn.ConvTranspose(v[0], v[1], nil, w, 2, []int{1, 0})
		}, "x", d.constant("w", 4, 3, 3, 2))
		d.relu("z", d.norm("n", "c", 6))
	})
	steps(t, planned, 1)
	agree(t, planned, plain, random(2, 4, 5, 6), random(1))
	agree(t, planned, plain, random(2, 3, 5, 6), random(1))
}

// TestFoldNormsKept has norms that cannot be folded: the result of the convolution is also read by another step, or
// the norm has other channels.
func TestFoldNormsKept(t *testing.T) {
	t.Parallel()
	planned, plain := both(t, []string{"n", "r"}, func(d *draft) {
		d.conv("c", "x", d.constant("w", 6, 3, 3, 3), "", nn.Window{})
		d.norm("n", "c", 6)
		d.opaque("r", "c")
	})
	steps(t, planned, 3)
	agree(t, planned, plain, random(2, 3, 9, 8), random(1))
	planned, plain = both(t, []string{"n"}, func(d *draft) {
		d.conv("c", "x", d.constant("w", 6, 3, 3, 3), "", nn.Window{})
		d.norm("n", "c", 5)
	})
	agree(t, planned, plain, random(2, 3, 9, 8), random(1))
}

func TestRecognize(t *testing.T) {
	t.Parallel()
	planned, plain := both(t, []string{"z"}, func(d *draft) {
		d.conv("c", "x", d.constant("w", 6, 3, 3, 3), "", nn.Window{})
		d.pair("z", kernel.Mul, d.sigmoid("s", "c"), "c")
	})
	steps(t, planned, 1)
	agree(t, planned, plain, random(2, 3, 9, 8), random(1))
	wide, err := kernel.Cast(random(2, 3), "float64")
	if err != nil {
		t.Fatal(err)
	}
	planned, plain = both(t, []string{"z"}, func(d *draft) { d.pair("z", kernel.Mul, "x", d.sigmoid("s", "x")) })
	steps(t, planned, 1)
	agree(t, planned, plain, random(2, 3), random(1))
	agree(t, planned, plain, wide, random(1))
}

// TestReplaceNaN has the steps that replace NaN by a number, and steps that are almost the same.
func TestReplaceNaN(t *testing.T) {
	t.Parallel()
	for _, number := range []string{"x", "y"} {
		planned, plain := both(t, []string{"z"}, func(d *draft) {
			d.Constant("number", kernel.Scalar[float32](7))
			d.step("nan", IsNaN{}, func(v []*tensor) (*tensor, error) { return kernel.Compare(kernel.NotEqual, v[0], v[0]) }, "x")
			d.step("z", Select{}, func(v []*tensor) (*tensor, error) { return kernel.Where(v[0], v[1], v[2]) }, "nan", "number", number)
		})
		steps(t, planned, map[string]int{"x": 1, "y": 2}[number])
		x := random(3, 4)
		x.Data.([]float32)[5] = float32(math.NaN())
		agree(t, planned, plain, x, random(3, 4))
		agree(t, planned, plain, &tensor{Shape: []int{2}, Data: []int64{1, 2}}, random(2))
	}
}

func TestEpilogues(t *testing.T) {
	t.Parallel()
	planned, plain := both(t, []string{"z"}, func(d *draft) {
		d.conv("c", "x", d.constant("w", 6, 3, 1, 1), "", nn.Window{})
		d.relu("z", d.pair("sum", kernel.Add, "y", "c"))
	})
	steps(t, planned, 1)
	agree(t, planned, plain, random(2, 3, 5, 4), random(2, 6, 5, 4))
	agree(t, planned, plain, random(2, 3, 5, 4), random(6, 1, 1))       // The sum broadcasts.
	agree(t, planned, plain, random(2, 3, 5, 4), random(3, 2, 6, 5, 4)) // The sum is larger than the result.
	agree(t, planned, plain, random(2, 3, 5, 4), random(7))             // The sum fails.
	agree(t, planned, plain, random(2, 4, 5, 4), random(1))             // The convolution fails.
	ints := &tensor{Shape: []int{1}, Data: []int64{3}}
	agree(t, planned, plain, random(2, 3, 5, 4), ints)
	agree(t, planned, plain, ints, random(1))
}

func TestEpilogueOfMatrix(t *testing.T) {
	t.Parallel()
	planned, plain := both(t, []string{"z"}, func(d *draft) {
		d.step("m", MatMul{}, func(v []*tensor) (*tensor, error) { return kernel.MatMul(v[0], v[1]) }, "x", d.constant("w", 4, 6))
		d.relu("z", d.pair("sum", kernel.Add, d.constant("bias", 6), "m"))
	})
	steps(t, planned, 1)
	for _, shape := range [][]int{{4}, {3, 4}, {2, 3, 4}, {3, 5}, {}} {
		agree(t, planned, plain, random(shape...), random(1))
	}
}

// TestEpilogueOfWideBias has a bias with more axes than some of the results.
func TestEpilogueOfWideBias(t *testing.T) {
	t.Parallel()
	planned, plain := both(t, []string{"z"}, func(d *draft) {
		d.step("m", MatMul{}, func(v []*tensor) (*tensor, error) { return kernel.MatMul(v[0], v[1]) }, "x", d.constant("w", 4, 6))
		d.pair("sum", kernel.Add, d.constant("bias", 1, 1, 6), "m")
		d.relu("z", d.pair("more", kernel.Add, "sum", "y"))
	})
	steps(t, planned, 1)
	for _, shape := range [][]int{{4}, {3, 4}, {1, 3, 4}, {2, 3, 4}} {
		agree(t, planned, plain, random(shape...), random(1))
		agree(t, planned, plain, random(shape...), random(append(shape[:len(shape)-1:len(shape)-1], 6)...))
	}
}

// TestEpilogueOfTwo adds the results of two convolutions, and uses one of them again.
func TestEpilogueOfTwo(t *testing.T) {
	t.Parallel()
	planned, plain := both(t, []string{"z", "again"}, func(d *draft) {
		d.conv("a", "x", d.constant("v", 6, 3, 1, 1), "", nn.Window{})
		d.conv("b", "x", d.constant("w", 6, 3, 1, 1), "", nn.Window{})
		d.relu("z", d.pair("sum", kernel.Add, "a", "b"))
		d.opaque("again", d.relu("r", "x"))
	})
	steps(t, planned, 4)
	agree(t, planned, plain, random(2, 3, 5, 4), random(1))
	planned, plain = both(t, []string{"sum", "a"}, func(d *draft) {
		d.conv("a", "x", d.constant("v", 6, 3, 1, 1), "", nn.Window{})
		d.pair("sum", kernel.Add, "a", "y")
	})
	steps(t, planned, 2)
	agree(t, planned, plain, random(2, 3, 5, 4), random(1))
}
