package models

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// What follows is the part of torch.export's schema, version 8, that says what to
// compute. Unions are objects with one member.

type torchProgram struct {
	Module struct {
		Graph     torchGraph     `json:"graph"`
		Signature torchSignature `json:"signature"`
	} `json:"graph_module"`
	Schema struct {
		Major int `json:"major"`
		Minor int `json:"minor"`
	} `json:"schema_version"`
}

type torchGraph struct {
	Inputs  []torchArg           `json:"inputs"`
	Outputs []torchArg           `json:"outputs"`
	Nodes   []torchNode          `json:"nodes"`
	Values  map[string]torchMeta `json:"tensor_values"`
}

type torchNode struct {
	Target  string       `json:"target"`
	Inputs  []torchNamed `json:"inputs"`
	Outputs []torchArg   `json:"outputs"`
	Name    string       `json:"name"`
}

type torchNamed struct {
	Name string   `json:"name"`
	Arg  torchArg `json:"arg"`
}

type torchSignature struct {
	Inputs  []map[string]torchInput  `json:"input_specs"`
	Outputs []map[string]torchOutput `json:"output_specs"`
}

type torchInput struct {
	Arg       json.RawMessage `json:"arg"`
	Parameter string          `json:"parameter_name"`
	Buffer    string          `json:"buffer_name"`
	Constant  string          `json:"tensor_constant_name"`
}

type torchOutput struct {
	Arg torchArg `json:"arg"`
}

type torchName struct {
	Name string `json:"name"`
}

// torchArg is an argument or a result of a node.
type torchArg struct {
	None            *bool           `json:"as_none"`
	Tensor          *torchName      `json:"as_tensor"`
	Tensors         []torchName     `json:"as_tensors"`
	OptionalTensor  *torchOptional  `json:"as_optional_tensor"`
	OptionalTensors []torchOptional `json:"as_optional_tensors"`
	Int             *int64          `json:"as_int"`
	Ints            []int64         `json:"as_ints"`
	Float           *torchFloat     `json:"as_float"`
	Floats          []torchFloat    `json:"as_floats"`
	String          *string         `json:"as_string"`
	Bool            *bool           `json:"as_bool"`
	SymInt          *torchSym       `json:"as_sym_int"`
	SymInts         []torchSym      `json:"as_sym_ints"`
	ScalarType      *int            `json:"as_scalar_type"`
	MemoryFormat    *int            `json:"as_memory_format"`
	Layout          *int            `json:"as_layout"`
	Device          *torchDevice    `json:"as_device"`
	SymFloat        *torchSymFloat  `json:"as_sym_float"`
	Graph           *torchSub       `json:"as_graph"`
}

// torchSub is a graph that a node runs.
type torchSub struct {
	Graph torchGraph `json:"graph"`
}

// torchSymFloat is a number that is known or that a node computes.
type torchSymFloat struct {
	Name  string     `json:"as_name"`
	Float torchFloat `json:"as_float"`
}

type torchDevice struct {
	Type string `json:"type"`
}

type torchOptional struct {
	Tensor *torchName `json:"as_tensor"`
}

// torchSym is an integer that is known or that a node computes.
type torchSym struct {
	Name string `json:"as_name"`
	Int  int64  `json:"as_int"`
}

// torchFloat is a number, or one of the words for those that JSON cannot write.
type torchFloat float64

// UnmarshalJSON reads a number or "Infinity", "-Infinity" and "NaN".
func (f *torchFloat) UnmarshalJSON(data []byte) error {
	v, err := strconv.ParseFloat(string(bytes.Trim(data, `"`)), 64)
	*f = torchFloat(v)
	return err
}

// torchMeta describes a tensor: of the graph, or of a stored weight.
type torchMeta struct {
	DType   int        `json:"dtype"`
	Sizes   []torchDim `json:"sizes"`
	Strides []torchDim `json:"strides"`
	Offset  torchDim   `json:"storage_offset"`
	Layout  int        `json:"layout"`
}

// torchDim is a size that is known, or an expression.
type torchDim struct {
	Int  *int            `json:"as_int"`
	Expr json.RawMessage `json:"as_expr"`
}

// torchWeights is a file that says where tensors are stored.
type torchWeights struct {
	Config map[string]struct {
		Path   string     `json:"path_name"`
		Pickle bool       `json:"use_pickle"`
		Meta   *torchMeta `json:"tensor_meta"`
	} `json:"config"`
}

// torchDTypes maps torch.export's scalar types to NumPy's names.
var torchDTypes = map[int]string{
	1: "uint8", 2: "int8", 3: "int16", 4: "int32", 5: "int64", 6: "float16", 7: "float32", 8: "float64",
	9: "complex32", 10: "complex64", 11: "complex128", 12: "bool", 13: "bfloat16", 28: "uint16", 29: "float8e4m3fn",
	30: "float8e5m2", 31: "float8e4m3fnuz", 32: "float8e5m2fnuz", 33: "float8e8m0fnu", 34: "uint32", 35: "uint64",
}

// torchDType is torchDTypes with a name for what is not in it.
func torchDType(t int) string {
	if name, ok := torchDTypes[t]; ok {
		return name
	}
	return "type " + strconv.Itoa(t)
}

// dims returns the sizes; -1 for expressions.
func dims(list []torchDim) []int {
	out := make([]int, len(list))
	for i, d := range list {
		out[i] = -1
		if d.Int != nil {
			out[i] = max(*d.Int, -1)
		}
	}
	return out
}
