package npy

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
)

func npyFile(descr, order, shape, values string) []byte {
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n", descr, order, shape)
	return append([]byte("\x93NUMPY\x01\x00"+string([]byte{byte(len(header)), byte(len(header) >> 8)})), header+values...)
}

func TestTensor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		descr, order, shape, values string
		wantShape                   []int
		want                        any
	}{
		{"<f4", "False", "(1, 2)", "\x00\x00\x80\x3f\x00\x00\x00\xc0", []int{1, 2}, []float32{1, -2}},
		{">f4", "False", "(2,)", "\x3f\x80\x00\x00\xc0\x00\x00\x00", []int{2}, []float32{1, -2}},
		{"<f8", "False", "()", "\x00\x00\x00\x00\x00\x00\xf0\x3f", []int{}, []float64{1}},
		{"<f2", "False", "(1,)", "\x00\x3c", []int{1}, []float32{1}},
		{"|i1", "True", "(2, 3)", "\x01\x04\x02\x05\x03\x06", []int{2, 3}, []int8{1, 2, 3, 4, 5, 6}},
		{"|u1", "True", "(2, 1, 3)", "\x01\x04\x02\x05\x03\x06", []int{2, 1, 3}, []uint8{1, 2, 3, 4, 5, 6}},
		{"<i2", "False", "(1,)", "\xfe\xff", []int{1}, []int16{-2}},
		{"<u2", "False", "(1,)", "\xfe\xff", []int{1}, []uint16{65534}},
		{"<i4", "False", "(1,)", "\xfe\xff\xff\xff", []int{1}, []int32{-2}},
		{"<u4", "False", "(1,)", "\xfe\xff\xff\xff", []int{1}, []uint32{1<<32 - 2}},
		{"<i8", "True", "(1,)", "\xfe\xff\xff\xff\xff\xff\xff\xff", []int{1}, []int64{-2}},
		{"<u8", "False", "(1,)", "\xfe\xff\xff\xff\xff\xff\xff\xff", []int{1}, []uint64{1<<64 - 2}},
		{"|b1", "False", "(2,)", "\x01\x00", []int{2}, []bool{true, false}},
		{"<f4", "True", "(0, 5)", "", []int{0, 5}, []float32{}},
	} {
		got, err := Tensor(npyFile(c.descr, c.order, c.shape, c.values))
		if err != nil || !slices.Equal(got.Shape, c.wantShape) || !reflect.DeepEqual(got.Data, c.want) {
			t.Errorf("%s %s %s: %+v %v", c.descr, c.order, c.shape, got, err)
		}
	}
	for _, file := range [][]byte{
		nil, []byte("\x93NUMPY"), npyFile("<f4", "False", "(2,)", "\x00\x00\x00\x00"), npyFile("|O", "False", "(1,)", "\x00"),
		npyFile("<U2", "False", "(1,)", "12345678"), npyFile("<f4", "False", "(4294967296, 4294967296)", "1234"),
		npyFile("<c8", "False", "(1,)", "12345678"), npyFile("<f4", "False", "(-1,)", "1234"),
	} {
		if got, err := Tensor(file); err == nil {
			t.Errorf("%q is %+v", file, got)
		}
	}
}
