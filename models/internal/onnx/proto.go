package onnx

import (
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/graph"
)

// The following types are the messages of onnx.proto, with the fields that are needed to run a model.

type modelProto struct {
	opsets    map[string]int64
	graph     *graphProto
	functions bool // The model defines its own operators.
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
	graph   *graphProto // The graph of an operator such as If.
	graphs  bool        // The attribute has several graphs, which no supported operator uses.
}

type tensorProto struct {
	name     string
	dims     []int64
	dtype    int64
	raw      []byte
	floats   []float32
	ints     []int64 // The fields int32_data, int64_data and uint64_data.
	doubles  []float64
	strings  []string
	external map[string]string // The location of data in another file; nil if the data is in this file.
}

// valueInfoProto describes an input or an output. dims is nil if the rank is unknown.
type valueInfoProto struct {
	name  string
	dtype int64
	dims  []int
	other bool // The value is not a tensor but, for example, a sequence or a map.
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
		err = mlflow.Errorf(mlflow.InvalidParameterValue, "the file contains no ONNX graph")
	}
	return m, err
}

// maxDepth limits the nesting of graphs.
const maxDepth = 4

func parseGraph(data []byte, depth int) (*graphProto, error) {
	if depth > maxDepth {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "graphs are nested more than %d levels deep", maxDepth)
	}
	g := &graphProto{}
	return g, eachField(data, func(f field) error {
		switch f.id {
		case 1:
			n, err := parseNode(f.bytes, depth)
			if len(g.nodes) >= graph.MaxNodes {
				return mlflow.Errorf(mlflow.InvalidParameterValue, "the graph has more than %d nodes", graph.MaxNodes)
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
						dim = int(int64(f.value)) //nolint:gosec // The value is only compared with sizes.
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
