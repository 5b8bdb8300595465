package onnx

import (
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// message builds one Protocol Buffers message. The field numbers are those of onnx.proto3.
type message []byte

func (m *message) int(field protowire.Number, v int64) {
	*m = protowire.AppendTag(*m, field, protowire.VarintType)
	*m = protowire.AppendVarint(*m, uint64(v)) //nolint:gosec // Protobuf writes the two's complement.
}

func (m *message) bytes(field protowire.Number, v []byte) {
	*m = protowire.AppendTag(*m, field, protowire.BytesType)
	*m = protowire.AppendBytes(*m, v)
}

func (m *message) string(field protowire.Number, v string) {
	*m = protowire.AppendTag(*m, field, protowire.BytesType)
	*m = protowire.AppendString(*m, v)
}

func (m *message) float(field protowire.Number, v float32) {
	*m = protowire.AppendTag(*m, field, protowire.Fixed32Type)
	*m = protowire.AppendFixed32(*m, math.Float32bits(v))
}

// attribute is an attribute of a node. Its value is an int64, an []int64, a float32 or a string.
type attribute struct {
	name  string
	value any
}

// The types of an attribute.
const (
	attributeFloat  = 1
	attributeInt    = 2
	attributeString = 3
	attributeInts   = 7
)

func (a *attribute) encode() message {
	var m message
	m.string(1, a.name)
	switch v := a.value.(type) {
	case float32:
		m.float(2, v)
		m.int(20, attributeFloat)
	case int64:
		m.int(3, v)
		m.int(20, attributeInt)
	case string:
		m.string(4, v)
		m.int(20, attributeString)
	case []int64:
		for _, i := range v {
			m.int(8, i)
		}
		m.int(20, attributeInts)
	}
	return m
}

// node is one operation with the names of its inputs and of its output.
type node struct {
	op         string
	inputs     []string
	output     string
	attributes []attribute
}

func (n *node) encode() message {
	var m message
	for _, in := range n.inputs {
		m.string(1, in)
	}
	m.string(2, n.output)
	m.string(3, n.output)
	m.string(4, n.op)
	for i := range n.attributes {
		m.bytes(5, n.attributes[i].encode())
	}
	return m
}

// initializer is a constant tensor; data holds its elements in little-endian order.
type initializer struct {
	name string
	typ  int64
	dims []int
	data []byte
}

func (t *initializer) encode() message {
	var m message
	for _, d := range t.dims {
		m.int(1, int64(d))
	}
	m.int(2, t.typ)
	m.string(8, t.name)
	m.bytes(9, t.data)
	return m
}

// port is an input or an output of the graph. A dimension of -1 is the size of the batch.
type port struct {
	name string
	typ  int64
	dims []int
}

func (p *port) encode() message {
	var shape message
	for _, d := range p.dims {
		var dim message
		if d < 0 {
			dim.string(2, "batch")
		} else {
			dim.int(1, int64(d))
		}
		shape.bytes(1, dim)
	}
	var tensor, typ, m message
	tensor.int(1, p.typ)
	tensor.bytes(2, shape)
	typ.bytes(1, tensor)
	m.string(1, p.name)
	m.bytes(2, typ)
	return m
}

// The versions of the written format. ONNX 1.14 and later read them, and therefore every onnxruntime since 1.15.
const (
	irVersion    = 8
	opsetVersion = 17
)

// graph is the content of a model.
type graph struct {
	nodes           []node
	initializers    []initializer
	inputs, outputs []port
}

// prune removes the nodes and initializers that no output depends on, such as the zero of a rectifier.
func (g *graph) prune() {
	needed := map[string]bool{}
	for _, out := range g.outputs {
		needed[out.name] = true
	}
	for _, n := range slices.Backward(g.nodes) {
		for _, in := range n.inputs {
			needed[in] = needed[in] || needed[n.output]
		}
	}
	g.nodes = slices.DeleteFunc(g.nodes, func(n node) bool { return !needed[n.output] })
	g.initializers = slices.DeleteFunc(g.initializers, func(t initializer) bool { return !needed[t.name] })
}

func (g *graph) encode() []byte {
	var body message
	for i := range g.nodes {
		body.bytes(1, g.nodes[i].encode())
	}
	body.string(2, "gomlx")
	for i := range g.initializers {
		body.bytes(5, g.initializers[i].encode())
	}
	for i := range g.inputs {
		body.bytes(11, g.inputs[i].encode())
	}
	for i := range g.outputs {
		body.bytes(12, g.outputs[i].encode())
	}
	var opset, m message
	opset.string(1, "")
	opset.int(2, opsetVersion)
	m.int(1, irVersion)
	m.string(2, "millrace")
	m.bytes(7, body)
	m.bytes(8, opset)
	return m
}
