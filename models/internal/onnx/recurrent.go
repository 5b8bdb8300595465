package onnx

import (
	"context"
	"slices"

	"github.com/millrace-ml/millrace/models/internal/graph"
	"github.com/millrace-ml/millrace/models/internal/kernel"
	"github.com/millrace-ml/millrace/models/internal/kernel/nn"
)

var recurrentOps = map[string]operator{
	"LSTM": layer("LSTM", 7), "GRU": layer("GRU", 6), "RNN": layer("RNN", 6),
}

// gateOrder has, for each gate in PyTorch's order, its index in ONNX's order.
var gateOrder = map[string][]int{"LSTM": {0, 2, 3, 1}, "GRU": {1, 0, 2}, "RNN": {0}}

// recurrences has the kind of each layer.
var recurrences = map[string]nn.Recurrence{"LSTM": nn.LSTM, "GRU": nn.GRU, "RNN": nn.TanhRNN}

// activationsOf has the activations of the gates of each layer.
var activationsOf = map[string][]string{
	"LSTM": {"Sigmoid", "Tanh", "Tanh"}, "GRU": {"Sigmoid", "Tanh"}, "RNN": {"Tanh"},
}

// layer describes a recurrent layer.
func layer(name string, inputs int) operator {
	return operator{
		"activations direction hidden_size layout linear_before_reset input_forget", 3, inputs, 0,
		func(c *call) (results, error) { return c.recurrent(name) },
	}
}

// recurrent runs a layer of one or two directions.
func (c *call) recurrent(name string) (results, error) {
	kind, err := c.recurrence(recurrences[name], activationsOf[name])
	if err != nil {
		return nil, err
	}
	x := c.in(0)
	if len(x.Shape) != 3 {
		return nil, kernel.Invalid("a recurrent layer on shape %v", x.Shape)
	}
	if lengths := c.intsIn(4); slices.ContainsFunc(lengths, func(n int) bool { return n != x.Shape[0] }) {
		return nil, kernel.Unsupported("sequences of different lengths")
	}
	layer := c.layer
	if layer == nil {
		if layer, err = c.directions(kind, gateOrder[name]); err != nil {
			return nil, err
		}
		c.state = c.stateSize()
	}
	h, err := c.firstState(5, x, len(layer))
	if err != nil {
		return nil, err
	}
	var cell *tensor
	if kind == nn.LSTM {
		if cell, err = c.firstState(6, x, len(layer)); err != nil {
			return nil, err
		}
	}
	all, h, cell, err := nn.RunLayers([][]nn.Recurrent{layer}, x, h, cell)
	if err != nil {
		return nil, err
	}
	// The result has an axis for the directions before the batch.
	if all, err = kernel.Unflatten(all, 2, []int{len(layer), -1}); err != nil {
		return nil, err
	}
	if all, err = kernel.Swap(all, 1, 2); err != nil || cell == nil {
		return results{all, h}, err
	}
	return results{all, h, cell}, nil
}

// recurrence applies the attributes. It returns an error for activations other than the defaults.
func (c *call) recurrence(kind nn.Recurrence, usual []string) (nn.Recurrence, error) {
	if kind == nn.GRU && c.int("linear_before_reset", 0) == 0 {
		kind = nn.GRUEarly
	}
	var given []string
	if a := c.node.attributes["activations"]; a != nil {
		given = a.strings
	}
	if kind == nn.TanhRNN && len(given) > 0 && given[0] == "Relu" {
		kind, usual = nn.ReluRNN, []string{"Relu"}
	}
	for i, name := range given {
		if name != usual[i%len(usual)] {
			return kind, kernel.Unsupported("the activations %q of a recurrent layer", given)
		}
	}
	if c.int("layout", 0) != 0 || c.int("input_forget", 0) != 0 {
		return kind, kernel.Unsupported("a recurrent layer with layout or input_forget")
	}
	return kind, nil
}

// directions returns the weights of all directions.
func (c *call) directions(kind nn.Recurrence, order []int) ([]nn.Recurrent, error) {
	shape := c.in(1).Shape
	if len(shape) != 3 || shape[0] < 1 || shape[0] > 2 {
		return nil, kernel.Invalid("a recurrent layer with a weight of shape %v", shape)
	}
	layer := make([]nn.Recurrent, shape[0])
	for i := range layer {
		var err error
		if layer[i], err = c.direction(kind, i, order); err != nil {
			return nil, err
		}
	}
	return layer, nil
}

// prepareRecurrent orders weights that are known when the file is read and stores them for the kernels, or returns nil
// if a run has to order them.
func prepareRecurrent(name string, n *nodeProto, opset int, known []*tensor) (run graph.Run, unread []int) {
	for i := 1; i <= 3; i++ {
		if i < len(n.inputs) && n.inputs[i] != "" && known[i] == nil {
			return nil, nil
		}
	}
	c := &call{node: n, opset: opset, values: known}
	kind, err := c.recurrence(recurrences[name], activationsOf[name])
	if err != nil {
		return nil, nil
	}
	layer, err := c.directions(kind, gateOrder[name])
	if err != nil || c.err != nil {
		return nil, nil
	}
	for i := range layer {
		layer[i].Prepare()
	}
	for i := 1; i <= 3; i++ {
		if i < len(n.inputs) {
			unread = append(unread, i)
		}
	}
	state := c.stateSize()
	run = func(_ context.Context, values []*tensor) ([]*tensor, error) {
		now := &call{node: n, opset: opset, values: values, layer: layer, state: state}
		out, err := now.recurrent(name)
		if now.err != nil {
			return nil, now.err
		}
		return out, err
	}
	return run, unread
}

// direction returns the weights of one direction, with the gates in PyTorch's order.
func (c *call) direction(kind nn.Recurrence, i int, order []int) (nn.Recurrent, error) {
	r := nn.Recurrent{Kind: kind, Backward: i == 1 || c.str("direction", "forward") == "reverse"}
	var err error
	if r.Input, err = ordered(c.in(1), i, order); err != nil {
		return r, err
	}
	if r.Hidden, err = ordered(c.in(2), i, order); err != nil {
		return r, err
	}
	bias := c.opt(3)
	if bias == nil {
		return r, nil
	}
	// The biases of both weights are concatenated.
	if bias, err = kernel.Unflatten(bias, 1, []int{2, -1}); err != nil {
		return r, err
	}
	if bias, err = kernel.Select(bias, 0, i); err != nil {
		return r, err
	}
	if r.InputBias, err = ordered(bias, 0, order); err != nil {
		return r, err
	}
	r.HiddenBias, err = ordered(bias, 1, order)
	return r, err
}

// ordered returns the weight of one direction with its gates in the given order.
func ordered(weight *tensor, i int, order []int) (*tensor, error) {
	w, err := kernel.Select(weight, 0, i)
	if err != nil || len(order) < 2 {
		return w, err
	}
	if w, err = kernel.Unflatten(w, 0, []int{len(order), -1}); err != nil {
		return nil, err
	}
	if w, err = kernel.Gather(w, kernel.Ints(order), 0); err != nil {
		return nil, err
	}
	return kernel.Flatten(w, 0, 1)
}

// firstState returns the initial state from input i, or zeros.
func (c *call) firstState(i int, x *tensor, directions int) (*tensor, error) {
	if h := c.opt(i); h != nil {
		return h, nil
	}
	return kernel.New(x.DType(), []int{directions, x.Shape[1], c.state})
}

// stateSize returns the size of the hidden state, the last axis of a weight that directions has accepted.
func (c *call) stateSize() int {
	hidden := c.in(2).Shape
	return hidden[len(hidden)-1]
}
