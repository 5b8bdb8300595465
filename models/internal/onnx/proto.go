package onnx

import (
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/graph"
)

// The messages of onnx.proto, with the fields that a runtime needs.

type modelProto struct {
	opsets    map[string]int64
	graph     *graphProto
	functions bool // The model defines operators of its own.
}

type graphProto struct {
	nodes           []*nodeProto
	initializers    []*tensorProto
	inputs, outputs []*valueInfoProto
}

type nodeProto struct {
	name, op, domain string
	inputs, outputs  []string
	attributes       map[string]*attributeProto
}

type attributeProto struct {
	f       float32
	i       int64
	s       string
	t       *tensorProto
	floats  []float32
	ints    []int64
	strings []string
	graph   *graphProto // The nodes inside of an operator such as If.
	graphs  bool        // Several of them, which no known operator has.
}

type tensorProto struct {
	name     string
	dims     []int64
	dtype    int64
	raw      []byte
	floats   []float32
	ints     []int64 // int32_data, int64_data or uint64_data.
	doubles  []float64
	strings  []string
	external map[string]string // Where the data lies in another file; nil if here.
}

// valueInfoProto describes an input or output. Dims is nil where the rank is unknown.
type valueInfoProto struct {
	name  string
	dtype int64
	dims  []int
	other bool // Not a tensor but a sequence, map or the like.
}

func parseModel(data []byte) (*modelProto, error) {
	m := &modelProto{opsets: map[string]int64{}}
	err := eachField(data, func(f field) (err error) {
		switch f.id {
		case 7:
			m.graph, err = parseGraph(f.bytes, 0)
		case 8:
			domain, version := "", int64(0)
			err = eachField(f.bytes, func(f field) error {
				switch f.id {
				case 1:
					domain = string(f.bytes)
				case 2:
					version = f.int64()
				}
				return nil
			})
			if domain == "ai.onnx" {
				domain = ""
			}
			m.opsets[domain] = version
		case 25:
			m.functions = true
		}
		return err
	})
	if err == nil && m.graph == nil {
		err = mlflow.Errorf(mlflow.InvalidParameterValue, "the file holds no ONNX graph")
	}
	return m, err
}

// maxDepth is how many graphs may lie in one another.
const maxDepth = 4

func parseGraph(data []byte, depth int) (*graphProto, error) {
	if depth > maxDepth {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "more than %d graphs in one another", maxDepth)
	}
	g := &graphProto{}
	return g, eachField(data, func(f field) error {
		switch f.id {
		case 1:
			n, err := parseNode(f.bytes, depth)
			if len(g.nodes) >= graph.MaxNodes {
				return mlflow.Errorf(mlflow.InvalidParameterValue, "a graph of more than %d nodes", graph.MaxNodes)
			}
			g.nodes = append(g.nodes, n)
			return err
		case 5:
			t, err := parseTensor(f.bytes)
			g.initializers = append(g.initializers, t)
			return err
		case 11:
			v, err := parseValueInfo(f.bytes)
			g.inputs = append(g.inputs, v)
			return err
		case 12:
			v, err := parseValueInfo(f.bytes)
			g.outputs = append(g.outputs, v)
			return err
		case 15:
			return mlflow.Errorf(mlflow.NotImplemented, "the model stores sparse tensors, which Millrace cannot read")
		}
		return nil
	})
}

func parseNode(data []byte, depth int) (*nodeProto, error) {
	n := &nodeProto{attributes: map[string]*attributeProto{}}
	return n, eachField(data, func(f field) error {
		switch f.id {
		case 1:
			n.inputs = append(n.inputs, string(f.bytes))
		case 2:
			n.outputs = append(n.outputs, string(f.bytes))
		case 3:
			n.name = string(f.bytes)
		case 4:
			n.op = string(f.bytes)
		case 5:
			name, a, err := parseAttribute(f.bytes, depth)
			n.attributes[name] = a
			return err
		case 7:
			n.domain = string(f.bytes)
		}
		return nil
	})
}

func parseAttribute(data []byte, depth int) (name string, a *attributeProto, err error) {
	a = &attributeProto{}
	err = eachField(data, func(f field) (err error) {
		switch f.id {
		case 1:
			name = string(f.bytes)
		case 2:
			var v []float32
			if v, err = f.float32s(nil); len(v) == 1 {
				a.f = v[0]
			}
		case 3:
			a.i = f.int64()
		case 4:
			a.s = string(f.bytes)
		case 5:
			a.t, err = parseTensor(f.bytes)
		case 6:
			a.graph, err = parseGraph(f.bytes, depth+1)
		case 11:
			a.graphs = true
		case 7:
			a.floats, err = f.float32s(a.floats)
		case 8:
			a.ints, err = f.int64s(a.ints)
		case 9:
			a.strings = append(a.strings, string(f.bytes))
		}
		return err
	})
	return name, a, err
}

func parseTensor(data []byte) (*tensorProto, error) {
	t := &tensorProto{}
	external, elsewhere := map[string]string{}, false
	err := eachField(data, func(f field) (err error) {
		switch f.id {
		case 1:
			t.dims, err = f.int64s(t.dims)
		case 2:
			t.dtype = f.int64()
		case 4:
			t.floats, err = f.float32s(t.floats)
		case 5, 7, 11:
			t.ints, err = f.int64s(t.ints)
		case 6:
			t.strings = append(t.strings, string(f.bytes))
		case 8:
			t.name = string(f.bytes)
		case 9:
			t.raw = f.bytes
		case 10:
			t.doubles, err = f.float64s(t.doubles)
		case 13:
			var key, value string
			err = eachField(f.bytes, func(f field) error {
				switch f.id {
				case 1:
					key = string(f.bytes)
				case 2:
					value = string(f.bytes)
				}
				return nil
			})
			external[key] = value
		case 14:
			elsewhere = f.value == 1
		}
		return err
	})
	if elsewhere {
		t.external = external
	}
	return t, err
}

func parseValueInfo(data []byte) (*valueInfoProto, error) {
	v := &valueInfoProto{}
	return v, eachField(data, func(f field) error {
		switch f.id {
		case 1:
			v.name = string(f.bytes)
		case 2:
			return eachField(f.bytes, func(f field) error {
				if f.id != 1 {
					v.other = v.other || f.id < 6 || f.id > 8
					return nil
				}
				return v.parseTensorType(f.bytes)
			})
		}
		return nil
	})
}

func (v *valueInfoProto) parseTensorType(data []byte) error {
	return eachField(data, func(f field) error {
		switch f.id {
		case 1:
			v.dtype = f.int64()
		case 2:
			v.dims = []int{}
			return eachField(f.bytes, func(f field) error {
				dim := -1
				err := eachField(f.bytes, func(f field) error {
					if f.id == 1 {
						dim = int(int64(f.value)) //nolint:gosec // Compared with real sizes alone.
					}
					return nil
				})
				v.dims = append(v.dims, max(dim, -1))
				return err
			})
		}
		return nil
	})
}
