package models

import (
	"io"
	"math"
	"os"
	"strconv"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models/internal/kernel"
)

// maxFile is the most bytes of one file that are read: what a protobuf may hold.
const maxFile = 2 << 30

// onnxDTypes maps ONNX's element types to NumPy's names.
var onnxDTypes = map[int64]string{
	1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 8: "str", 9: "bool",
	10: "float16", 11: "float64", 12: "uint32", 13: "uint64", 14: "complex64", 15: "complex128", 16: "bfloat16",
	17: "float8e4m3fn", 18: "float8e4m3fnuz", 19: "float8e5m2", 20: "float8e5m2fnuz", 21: "uint4", 22: "int4", 23: "float4e2m1",
}

// dtypeName is onnxDTypes with a name for what is not in it.
func dtypeName(t int64) string {
	if name, ok := onnxDTypes[t]; ok {
		return name
	}
	return "type " + strconv.FormatInt(t, 10)
}

// value makes a tensor of what the file stores. The root is the folder of the ONNX
// file, where other files with data lie; nil when there is none.
func (t *onnxTensor) value(root *os.Root) (*tensor, error) {
	shape, err := intsOf(t.dims)
	if err != nil {
		return nil, err
	}
	n, err := kernel.Count(shape)
	if err != nil {
		return nil, err
	}
	flat, err := t.elements(root)
	if err != nil {
		return nil, err
	}
	if flat.Len() != n {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "tensor '%s' of shape %v stores %d elements", t.name, shape, flat.Len())
	}
	flat.Shape = shape
	return flat, nil
}

func (t *onnxTensor) elements(root *os.Root) (*tensor, error) {
	dtype := dtypeName(t.dtype)
	raw := t.raw
	if t.external != nil {
		var err error
		if raw, err = t.readExternal(root); err != nil {
			return nil, err
		}
	}
	switch {
	case raw != nil:
		return decode(dtype, raw)
	case dtype == "str":
		return &tensor{Shape: []int{len(t.strings)}, Data: t.strings}, nil
	case dtype == "float32":
		return &tensor{Shape: []int{len(t.floats)}, Data: t.floats}, nil
	case dtype == "float64":
		return &tensor{Shape: []int{len(t.doubles)}, Data: t.doubles}, nil
	case dtype == "float16" || dtype == "bfloat16":
		// int32_data holds their bits.
		bits := each(2*len(t.ints), func(i int) byte { return byte(t.ints[i/2] >> (8 * (i % 2)) & 0xff) })
		return decode(dtype, bits)
	case elementSizes[dtype] > 0:
		return kernel.Cast(&tensor{Shape: []int{len(t.ints)}, Data: t.ints}, dtype)
	}
	return decode(dtype, nil)
}

// readExternal reads data from a file next to the ONNX file; the root sees to it
// that the path does not lead elsewhere.
func (t *onnxTensor) readExternal(root *os.Root) ([]byte, error) {
	path := t.external["location"]
	if root == nil || path == "" {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "tensor '%s' names no file for its data", t.name)
	}
	f, err := root.Open(path)
	if err != nil {
		return nil, openError(err, path)
	}
	defer func() { _ = f.Close() }() // Opened for reading.
	info, err := f.Stat()
	if err != nil {
		return nil, openError(err, path)
	}
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
		n = info.Size() - offset
	}
	if !info.Mode().IsRegular() || offset < 0 || n < 0 || offset > info.Size() || n > info.Size()-offset || n > maxFile {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "tensor '%s' lies at offset '%s' with length '%s' in '%s', which has %d bytes", t.name, t.external["offset"], t.external["length"], path, info.Size())
	}
	raw := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(f, offset, n), raw); err != nil {
		return nil, openError(err, path)
	}
	return raw, nil
}

// intsOf narrows numbers of a file, which must not be beyond any size.
func intsOf(list []int64) ([]int, error) {
	out := make([]int, len(list))
	for i, v := range list {
		if v > math.MaxInt || v < math.MinInt {
			return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "the number %d is too large", v)
		}
		out[i] = int(v)
	}
	return out, nil
}
