package torch

import (
	"context"

	"github.com/millrace-ml/millrace/models/internal/graph"
	"github.com/millrace-ml/millrace/models/internal/kernel"
	"github.com/millrace-ml/millrace/models/internal/kernel/nn"
)

func recurrentTable() map[string]operator {
	layer := func(kind nn.Recurrence) operator {
		return operator{"input hx params has_biases num_layers dropout train bidirectional batch_first", 0, recurrent(kind)}
	}
	cell := func(kind nn.Recurrence) operator {
		return operator{"input hx w_ih w_hh b_ih b_hh", 0, cell(kind)}
	}
	return map[string]operator{
		"aten.lstm.input": layer(nn.LSTM), "aten.gru.input": layer(nn.GRU),
		"aten.rnn_tanh.input": layer(nn.TanhRNN), "aten.rnn_relu.input": layer(nn.ReluRNN),
		"aten.lstm_cell.default": cell(nn.LSTM), "aten.gru_cell.default": cell(nn.GRU),
		"aten.rnn_tanh_cell.default": cell(nn.TanhRNN), "aten.rnn_relu_cell.default": cell(nn.ReluRNN),
	}
}

// states returns the initial hidden states, and the initial cells of an LSTM or nil.
func (c *call) states(kind nn.Recurrence) (h, cell *tensor) {
	if kind != nn.LSTM {
		return c.tensor("hx"), nil
	}
	list := c.tensors("hx")
	if len(list) != 2 {
		c.fail(kernel.Invalid("an LSTM with %d states", len(list)))
		return placeholder(), placeholder()
	}
	return list[0], list[1]
}

// recurrent runs nn.LSTM, nn.GRU or nn.RNN.
func recurrent(kind nn.Recurrence) func(c *call) (results, error) {
	return func(c *call) (results, error) {
		h, cell := c.states(kind)
		layers := c.layers
		if layers == nil {
			layers = c.recurrentLayers(kind)
		}
		if c.err != nil {
			return nil, c.err
		}
		x := c.tensor("input")
		if len(x.Shape) == 2 {
			return oneSequence(layers, x, h, cell)
		}
		first := c.bool("batch_first", false)
		x, err := swapIf(first, x)
		if err != nil {
			return nil, err
		}
		x, h, cell, err = nn.RunLayers(layers, x, h, cell)
		if err != nil {
			return nil, err
		}
		x, err = swapIf(first, x)
		return results{x, h, cell}, err
	}
}

// recurrentKinds has the kind of each operator that prepareRecurrent prepares.
var recurrentKinds = map[string]nn.Recurrence{
	"lstm": nn.LSTM, "gru": nn.GRU, "rnn_tanh": nn.TanhRNN, "rnn_relu": nn.ReluRNN,
}

// prepareRecurrent stores weights that are known when the file is read in the form of the kernels. It returns nil if
// not all are known. c has the arguments of the node.
func prepareRecurrent(c *call, op operator, kind nn.Recurrence, known []*tensor) (run graph.Run, unread []int) {
	unread = c.args["params"].slots
	for _, slot := range unread {
		if known[slot] == nil {
			return nil, nil
		}
	}
	look := &call{args: c.args, values: known}
	layers := look.recurrentLayers(kind)
	if look.err != nil {
		return nil, nil
	}
	for _, layer := range layers {
		for i := range layer {
			layer[i].Prepare()
		}
	}
	return func(_ context.Context, values []*tensor) ([]*tensor, error) {
		now := &call{args: c.args, values: values, layers: layers}
		out, err := op.run(now)
		if now.err != nil {
			return nil, now.err
		}
		return out, err
	}, unread
}

// swapIf transposes the first two axes, the batch and the steps.
func swapIf(needed bool, x *tensor) (*tensor, error) {
	if !needed {
		return x, nil
	}
	return kernel.Swap(x, 0, 1)
}

// oneSequence runs layers on a sequence without a batch axis. It adds the axis and removes it from the results.
func oneSequence(layers [][]nn.Recurrent, values ...*tensor) (results, error) {
	batch := []int{1}
	var err error
	for i, v := range values {
		if v == nil {
			continue
		}
		if values[i], err = kernel.Unsqueeze(v, batch); err != nil {
			return nil, err
		}
	}
	values[0], values[1], values[2], err = nn.RunLayers(layers, values[0], values[1], values[2])
	if err != nil {
		return nil, err
	}
	for i, v := range values {
		if v == nil {
			continue
		}
		if values[i], err = kernel.Squeeze(v, batch, true); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// recurrentLayers groups the weights by layer and direction. Each direction has two weights, two optional biases and,
// for an LSTM, an optional projection.
func (c *call) recurrentLayers(kind nn.Recurrence) [][]nn.Recurrent {
	params, directions := c.tensors("params"), 1
	if c.bool("bidirectional", false) {
		directions = 2
	}
	n := c.int("num_layers", 1)
	if n < 1 || n > len(params) || len(params)%(n*directions) != 0 || len(params)/(n*directions) < 2 {
		c.fail(kernel.Invalid("%d weights for %d layers", len(params), n))
		return nil
	}
	each := len(params) / (n * directions)
	layers := make([][]nn.Recurrent, n)
	for i := 0; i < n*directions; i++ {
		w := params[i*each : (i+1)*each]
		r := nn.Recurrent{Kind: kind, Input: w[0], Hidden: w[1], Backward: i%directions == 1}
		if each >= 4 {
			r.InputBias, r.HiddenBias = w[2], w[3]
		}
		if each%2 == 1 {
			r.Projection = w[each-1]
		}
		layers[i/directions] = append(layers[i/directions], r)
	}
	return layers
}

// cell runs one step of one layer.
func cell(kind nn.Recurrence) func(c *call) (results, error) {
	return func(c *call) (results, error) {
		h, cell := c.states(kind)
		r := nn.Recurrent{
			Kind: kind, Input: c.tensor("w_ih"), Hidden: c.tensor("w_hh"), InputBias: c.opt("b_ih"),
			HiddenBias: c.opt("b_hh"),
		}
		x := c.tensor("input")
		if c.err != nil {
			return nil, c.err
		}
		h, cell, err := r.Step(x, h, cell)
		return results{h, cell}, err
	}
}
