package torch

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// The following types are the part of torch.export's schema, version 8, that is needed to run a graph. Unions are
// objects with one member.

type exportedProgram struct {
	Module struct {
		Graph     exportedGraph  `json:"graph"`
		Signature graphSignature `json:"signature"`
	} `json:"graph_module"`
	Schema struct {
		Major int `json:"major"`
		Minor int `json:"minor"`
	} `json:"schema_version"`
}

type exportedGraph struct {
	Inputs  []argument            `json:"inputs"`
	Outputs []argument            `json:"outputs"`
	Nodes   []node                `json:"nodes"`
	Values  map[string]tensorMeta `json:"tensor_values"`
}

type node struct {
	Target  string          `json:"target"`
	Inputs  []namedArgument `json:"inputs"`
	Outputs []argument      `json:"outputs"`
	Name    string          `json:"name"`
}

type namedArgument struct {
	Name string   `json:"name"`
	Arg  argument `json:"arg"`
}

type graphSignature struct {
	Inputs  []map[string]inputSpec  `json:"input_specs"`
	Outputs []map[string]outputSpec `json:"output_specs"`
}

type inputSpec struct {
	Arg       json.RawMessage `json:"arg"`
	Parameter string          `json:"parameter_name"`
	Buffer    string          `json:"buffer_name"`
	Constant  string          `json:"tensor_constant_name"`
}

type outputSpec struct {
	Arg argument `json:"arg"`
}

type nameRef struct {
	Name string `json:"name"`
}

// argument is an argument or a result of a node.
type argument struct {
	None            *bool            `json:"as_none"`
	Tensor          *nameRef         `json:"as_tensor"`
	Tensors         []nameRef        `json:"as_tensors"`
	OptionalTensor  *optionalTensor  `json:"as_optional_tensor"`
	OptionalTensors []optionalTensor `json:"as_optional_tensors"`
	Int             *int64           `json:"as_int"`
	Ints            []int64          `json:"as_ints"`
	Float           *jsonFloat       `json:"as_float"`
	Floats          []jsonFloat      `json:"as_floats"`
	String          *string          `json:"as_string"`
	Bool            *bool            `json:"as_bool"`
	SymInt          *symInt          `json:"as_sym_int"`
	SymInts         []symInt         `json:"as_sym_ints"`
	ScalarType      *int             `json:"as_scalar_type"`
	MemoryFormat    *int             `json:"as_memory_format"`
	Layout          *int             `json:"as_layout"`
	Device          *device          `json:"as_device"`
	SymFloat        *symFloat        `json:"as_sym_float"`
	Graph           *graphArgument   `json:"as_graph"`
}

// graphArgument is a graph that a node runs.
type graphArgument struct {
	Graph exportedGraph `json:"graph"`
}

// symFloat is a number that is constant or computed by a node.
type symFloat struct {
	Name  string    `json:"as_name"`
	Float jsonFloat `json:"as_float"`
}

type device struct {
	Type string `json:"type"`
}

type optionalTensor struct {
	Tensor *nameRef `json:"as_tensor"`
}

// symInt is an integer that is constant or computed by a node.
type symInt struct {
	Name string `json:"as_name"`
	Int  int64  `json:"as_int"`
}

// jsonFloat is a number, or a string for the values that JSON cannot represent.
type jsonFloat float64

// UnmarshalJSON parses a number, "Infinity", "-Infinity" or "NaN".
func (f *jsonFloat) UnmarshalJSON(data []byte) error {
	v, err := strconv.ParseFloat(string(bytes.Trim(data, `"`)), 64)
	*f = jsonFloat(v)
	return err
}

// tensorMeta describes a tensor of the graph or a stored weight.
type tensorMeta struct {
	DType   int         `json:"dtype"`
	Sizes   []dimension `json:"sizes"`
	Strides []dimension `json:"strides"`
	Offset  dimension   `json:"storage_offset"`
	Layout  int         `json:"layout"`
}

// dimension is a constant size or an expression.
type dimension struct {
	Int  *int            `json:"as_int"`
	Expr json.RawMessage `json:"as_expr"`
}

// weightsConfig is a file with the locations of tensors.
type weightsConfig struct {
	Config map[string]struct {
		Path   string      `json:"path_name"`
		Pickle bool        `json:"use_pickle"`
		Meta   *tensorMeta `json:"tensor_meta"`
	} `json:"config"`
}

// dtypeNames maps torch.export's scalar types to NumPy's names.
var dtypeNames = map[int]string{
	1: "uint8", 2: "int8", 3: "int16", 4: "int32", 5: "int64", 6: "float16", 7: "float32", 8: "float64",
	9: "complex32", 10: "complex64", 11: "complex128", 12: "bool", 13: "bfloat16", 28: "uint16", 29: "float8e4m3fn",
	30: "float8e5m2", 31: "float8e4m3fnuz", 32: "float8e5m2fnuz", 33: "float8e8m0fnu", 34: "uint32", 35: "uint64",
}

// dtypeName returns the name of a scalar type, which may be unknown.
func dtypeName(t int) string {
	if name, ok := dtypeNames[t]; ok {
		return name
	}
	return "type " + strconv.Itoa(t)
}

// dims returns the sizes, with -1 for expressions.
func dims(list []dimension) []int {
	out := make([]int, len(list))
	for i, d := range list {
		out[i] = -1
		if d.Int != nil {
			out[i] = max(*d.Int, -1)
		}
	}
	return out
}
