package trainer

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Layer is a layer of a [Stack].
type Layer struct {
	// Class is the name of the corresponding class of PyTorch.
	Class string
	// Name is the scope of the layer's variables, or "" if it has none.
	Name  string
	Apply func(scope *model.Scope, x *graph.Node) *graph.Node
}

// Stack is a model whose layers are applied one after the other.
type Stack []Layer

// Apply builds the graph of the model.
func (s Stack) Apply(scope *model.Scope, x *graph.Node) *graph.Node {
	for _, layer := range s {
		x = layer.apply(scope, x)
	}
	return x
}

func (l Layer) apply(scope *model.Scope, x *graph.Node) *graph.Node {
	if l.Name != "" {
		scope = scope.In("%s", l.Name)
	}
	return l.Apply(scope, x)
}

// Widths of the columns of a summary, as in torchinfo.
const (
	layerWidth = 40
	shapeWidth = 25
	lineWidth  = 90
)

// Summary describes the layers with their output shapes and numbers of parameters for an
// input of float32 with the given shape, in the format of torchinfo.summary.
func (s Stack) Summary(backend compute.Backend, class string, input ...int) (string, error) {
	store := model.NewStore()
	outputs := make([][]int, len(s))
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, nodes []*graph.Node) []*graph.Node {
		store.SetTraining(nodes[0].Graph(), false)
		x := nodes[0]
		for i, layer := range s {
			x = layer.apply(scope, x)
			outputs[i] = x.Shape().Dimensions
		}
		return []*graph.Node{x}
	})
	if err != nil {
		return "", err
	}
	if _, err := exec.Compile(shapes.Make(dtypes.Float32, input...)); err != nil {
		return "", err
	}
	counts, total := map[string]int{}, 0
	for v := range store.IterVariables() {
		if name, _, ok := strings.Cut(strings.TrimPrefix(v.Scope(), "/"), "/"); ok || name != "" {
			counts[name] += v.Shape().Size()
			total += v.Shape().Size()
		}
	}
	var out strings.Builder
	rule := strings.Repeat("=", lineWidth) + "\n"
	row := func(layer string, shape []int, params int) {
		number := "--"
		if params > 0 {
			number = grouped(params)
		}
		dims := strings.ReplaceAll(fmt.Sprint(shape), " ", ", ")
		fmt.Fprintf(&out, "%-*s %-*s %s\n", layerWidth, layer, shapeWidth, dims, number)
	}
	fmt.Fprintf(&out, "%s%-*s %-*s %s\n%s",
		rule, layerWidth, "Layer (type:depth-idx)", shapeWidth, "Output Shape", "Param #", rule)
	row(class, outputs[len(s)-1], 0)
	row("├─Sequential: 1-1", outputs[len(s)-1], 0)
	for i, layer := range s {
		row(fmt.Sprintf("│    └─%s: 2-%d", layer.Class, i+1), outputs[i], counts[layer.Name])
	}
	fmt.Fprintf(&out, "%sTotal params: %s\nTrainable params: %s\nNon-trainable params: 0\n%s",
		rule, grouped(total), grouped(total), rule)
	return out.String(), nil
}

// grouped formats a number with commas between thousands.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
