package onnx

import (
	"strconv"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/files"
	"github.com/millrace-ml/millrace/models/internal/graph"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// dtypeNames maps ONNX's element types to NumPy's names.
var dtypeNames = map[int64]string{
	1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 8: "str", 9: "bool",
	10: "float16", 11: "float64", 12: "uint32", 13: "uint64", 14: "complex64", 15: "complex128", 16: "bfloat16",
	17: "float8e4m3fn", 18: "float8e4m3fnuz", 19: "float8e5m2", 20: "float8e5m2fnuz", 21: "uint4", 22: "int4",
	23: "float4e2m1",
}

// dtypeName returns the name of an element type, which may be unknown.
func dtypeName(t int64) string {
	if name, ok := dtypeNames[t]; ok {
		return name
	}
	return "type " + strconv.FormatInt(t, 10)
}

// value returns the stored tensor. dir is the directory of the ONNX file, which contains the files with external
// data.
func (t *tensorProto) value(dir files.Dir) (*tensor, error) {
	shape, err := graph.ToInts(t.dims)
	if err != nil {
		return nil, err
	}
	n, err := kernel.Count(shape)
	if err != nil {
		return nil, err
	}
	flat, err := t.elements(dir)
	if err != nil {
		return nil, err
	}
	if flat.Len() != n {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue,
			"tensor '%s' of shape %v stores %d elements", t.name, shape, flat.Len())
	}
	flat.Shape = shape
	return flat, nil
}

func (t *tensorProto) elements(dir files.Dir) (*tensor, error) {
	dtype := dtypeName(t.dtype)
	raw := t.raw
	if t.external != nil {
		var err error
		if raw, err = t.readExternal(dir); err != nil {
			return nil, err
		}
	}
	switch {
	case raw != nil:
		return graph.Decode(dtype, raw)
	case dtype == "str":
		return &tensor{Shape: []int{len(t.strings)}, Data: t.strings}, nil
	case dtype == "float32":
		return &tensor{Shape: []int{len(t.floats)}, Data: t.floats}, nil
	case dtype == "float64":
		return &tensor{Shape: []int{len(t.doubles)}, Data: t.doubles}, nil
	case dtype == "float16" || dtype == "bfloat16":
		// The field int32_data contains the bits.
		bits := graph.Generate(2*len(t.ints), func(i int) byte { return byte(t.ints[i/2] >> (8 * (i % 2)) & 0xff) })
		return graph.Decode(dtype, bits)
	case graph.ElementSizes[dtype] > 0:
		return kernel.Cast(&tensor{Shape: []int{len(t.ints)}, Data: t.ints}, dtype)
	}
	return graph.Decode(dtype, nil)
}

// readExternal reads the tensor's data from another file. The path cannot leave dir.
func (t *tensorProto) readExternal(dir files.Dir) ([]byte, error) {
	path := t.external["location"]
	if dir.FS == nil || path == "" {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "tensor '%s' names no file for its data", t.name)
	}
	f, err := dir.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // Nothing was written.
	offset, n := int64(0), int64(-1)
	if s := t.external["offset"]; s != "" {
		if offset, err = strconv.ParseInt(s, 10, 64); err != nil {
			offset = -1
		}
	}
	if s := t.external["length"]; s != "" {
		if n, err = strconv.ParseInt(s, 10, 64); err != nil || n < 0 {
			offset = -1
		}
	}
	if n < 0 {
		n = f.Size - offset
	}
	if offset < 0 || n < 0 || offset > f.Size || n > f.Size-offset || n > files.MaxSize {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue,
			"the data of tensor '%s' is at offset '%s' with length '%s' in '%s', which has %d bytes", t.name,
			t.external["offset"],
			t.external["length"], f.Name, f.Size)
	}
	return f.Section(offset, n)
}
