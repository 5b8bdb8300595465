package onnx

import (
	"encoding/binary"
	"math"
	"slices"
)

// message builds one protobuf message. ONNX's file format is a handful of them;
// field numbers are those of onnx.proto3.
type message []byte

func (m *message) tag(field, wire int) { *m = binary.AppendUvarint(*m, uint64(field<<3|wire)) } //nolint:gosec // Small constants.

func (m *message) int(field int, v int64) {
	m.tag(field, 0)
	*m = binary.AppendUvarint(*m, uint64(v)) //nolint:gosec // Protobuf's form of negative numbers.
}

func (m *message) bytes(field int, v []byte) {
	m.tag(field, 2)
	*m = append(binary.AppendUvarint(*m, uint64(len(v))), v...)
}

func (m *message) string(field int, v string) { m.bytes(field, []byte(v)) }

func (m *message) float(field int, v float32) {
	m.tag(field, 5)
	*m = binary.LittleEndian.AppendUint32(*m, math.Float32bits(v))
}

// attribute is one attribute of a node: an int64, []int64, float32 or string.
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

// node is one operation, with the names of its inputs and output.
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

// initializer is a constant tensor in little-endian bytes.
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

// port is an input or output of the graph; a dimension of -1 is the batch.
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

// The versions of the format that are written: what ONNX 1.14 and later, and so
// every onnxruntime since 1.15, reads.
const (
	irVersion    = 8
	opsetVersion = 17
)

// graph is a whole model.
type graph struct {
	nodes           []node
	initializers    []initializer
	inputs, outputs []port
}

// prune drops what no output needs, such as the zero of a rectifier.
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
