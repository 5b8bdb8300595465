package cpu

import (
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// builder records the first error of many calls.
type builder struct {
	t *testing.T
	f compute.Function
}

func (b *builder) must(v compute.Value, err error) compute.Value {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

// closure returns a closure of f whose result body computes from its parameters.
func (b *builder) closure(
	body func(c *builder, in []compute.Value) []compute.Value, params ...shapes.Shape,
) compute.Function {
	b.t.Helper()
	f, err := b.f.Closure()
	if err != nil {
		b.t.Fatal(err)
	}
	c := &builder{b.t, f}
	var in []compute.Value
	for _, s := range params {
		in = append(in, c.must(f.Parameter("", s, nil)))
	}
	if err := f.Return(body(c, in), nil); err != nil {
		b.t.Fatal(err)
	}
	return f
}

// TestWhile runs a loop that squares a matrix of the enclosing function and contains a branch that uses the matrix as
// well.
func TestWhile(t *testing.T) {
	scalar, square := shapes.Make(dtypes.Float32), shapes.Make(dtypes.Float32, 3, 3)
	build := func(f compute.Function, in []compute.Value) ([]compute.Value, error) {
		b := &builder{t, f}
		outer := b.must(f.Mul(in[0], in[0]))
		limit := b.must(f.Constant([]float32{3}))
		condition := b.closure(func(c *builder, in []compute.Value) []compute.Value {
			return []compute.Value{c.must(c.f.LessThan(in[0], limit))}
		}, scalar, square)
		body := b.closure(func(c *builder, in []compute.Value) []compute.Value {
			one := c.must(c.f.Constant([]float32{1}))
			odd := c.must(c.f.Equal(in[0], one))
			yes := c.closure(func(d *builder, _ []compute.Value) []compute.Value {
				return []compute.Value{d.must(d.f.Sub(outer, in[1]))}
			})
			no := c.closure(func(d *builder, _ []compute.Value) []compute.Value {
				return []compute.Value{d.must(d.f.Add(outer, one))}
			})
			branch, err := c.f.If(odd, yes, no)
			if err != nil {
				t.Fatal(err)
			}
			return []compute.Value{
				c.must(c.f.Add(in[0], one)),
				c.must(c.f.DotGeneral(in[1], []int{1}, nil, branch[0], []int{0}, nil, compute.DotGeneralConfig{})),
			}
		}, scalar, square)
		zero := b.must(f.Constant([]float32{0}))
		outs, err := f.While(condition, body, zero, in[0])
		if err != nil {
			t.Fatal(err)
		}
		return []compute.Value{outs[0], b.must(f.Neg(outs[1]))}, nil
	}
	if !compare(t, "while", build, tensorOf{[]float32{1, 0, 2, -1, 1, 0, 0, 1, 1}, []int{3, 3}}) {
		t.Error("the loop was not compared")
	}
}

func TestSortAndIf(t *testing.T) {
	scalar := shapes.Make(dtypes.Float32)
	build := func(f compute.Function, in []compute.Value) ([]compute.Value, error) {
		b := &builder{t, f}
		less := b.closure(func(c *builder, in []compute.Value) []compute.Value {
			return []compute.Value{c.must(c.f.LessThan(in[0], in[1]))}
		}, scalar, scalar)
		sorted, err := f.Sort(less, 0, true, b.must(f.Neg(in[0])))
		if err != nil {
			t.Fatal(err)
		}
		total := b.must(f.ReduceSum(sorted[0], 0))
		positive := b.must(f.GreaterThan(total, b.must(f.Constant([]float32{0}))))
		yes := b.closure(func(*builder, []compute.Value) []compute.Value { return []compute.Value{sorted[0]} })
		no := b.closure(func(*builder, []compute.Value) []compute.Value { return []compute.Value{in[0]} })
		return f.If(positive, yes, no)
	}
	for _, x := range [][]float32{{3, -1, 2}, {-5, 1, 2}} {
		if !compare(t, "sort", build, tensorOf{x, []int{3}}) {
			t.Error("sorting was not compared")
		}
	}
}

func TestCall(t *testing.T) {
	build := func(f compute.Function, in []compute.Value) ([]compute.Value, error) {
		double, err := f.Builder().NewFunction("double")
		if err != nil {
			return nil, err
		}
		b := &builder{t, double}
		x := b.must(double.Parameter("x", shapes.Make(dtypes.Float32, 3), nil))
		if err := double.Return([]compute.Value{b.must(double.Add(x, x))}, nil); err != nil {
			return nil, err
		}
		return f.Call(double, in[0])
	}
	if !compare(t, "call", build, tensorOf{[]float32{1, 2, 3}, []int{3}}) {
		t.Error("the call was not compared")
	}
}
