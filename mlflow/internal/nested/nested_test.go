package nested

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// oracle reads a tensor by encoding/json and strconv.
func oracle(text []byte, dtype string) (shape []int, elements any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil || !json.Valid(text) {
		return nil, nil, errors.Join(errors.New("it is no JSON"), err)
	}
	shape, items, err := flatten(tree, 0)
	if err != nil {
		return nil, nil, err
	}
	switch dtype {
	case "float32":
		elements, err = convert(items, func(s string) (float32, error) {
			v, err := strconv.ParseFloat(s, 32)
			return float32(v), err
		})
	case "float64":
		elements, err = convert(items, func(s string) (float64, error) { return strconv.ParseFloat(s, 64) })
	case "int64":
		elements, err = convert(items, func(s string) (int64, error) { return wholeByText(s, 64) })
	case "int8":
		elements, err = convert(items, func(s string) (int8, error) {
			v, err := wholeByText(s, 8)
			return int8(v), err
		})
	case "str":
		elements, err = convertTo[string](items)
	case "bool":
		elements, err = convertTo[bool](items)
	}
	return shape, elements, err
}

func flatten(tree any, depth int) (shape []int, items []any, err error) {
	list, ok := tree.([]any)
	if !ok {
		return []int{}, []any{tree}, nil
	}
	if depth == maxRank {
		return nil, nil, errors.New("too deep")
	}
	var inner []int
	for i, item := range list {
		s, more, err := flatten(item, depth+1)
		if err != nil || i > 0 && !slices.Equal(s, inner) {
			return nil, nil, errors.Join(errors.New("uneven"), err)
		}
		inner, items = s, append(items, more...)
	}
	return append([]int{len(list)}, inner...), items, nil
}

func convert[T any](items []any, one func(string) (T, error)) (out []T, err error) {
	for _, item := range items {
		var v T
		switch item := item.(type) {
		case json.Number:
			v, err = one(string(item))
		case nil:
			v, err = one("NaN")
		case bool:
			if reflect.TypeFor[T]().Kind() < reflect.Float32 {
				return nil, errors.New("no number")
			}
			v, err = one(map[bool]string{true: "1", false: "0"}[item])
		default:
			return nil, errors.New("no number")
		}
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func convertTo[T any](items []any) (out []T, err error) {
	for _, item := range items {
		v, ok := item.(T)
		if !ok {
			return nil, errors.New("another type")
		}
		out = append(out, v)
	}
	return out, nil
}

func wholeByText(s string, bits int) (int64, error) {
	v, err := strconv.ParseInt(s, 10, bits)
	if err == nil {
		return v, nil
	}
	f, asFloat := strconv.ParseFloat(s, 64)
	low, high := math.Ldexp(-1, bits-1), math.Ldexp(1, bits-1)-1
	if asFloat == nil && strings.ContainsAny(s, ".eE") && f == math.Trunc(f) &&
		f >= max(low, math.MinInt32) && f <= min(high, math.MaxInt32) {
		return int64(f), nil
	}
	return 0, err
}

// check compares a text with the oracle. Words that JSON has not are not compared.
func check(t *testing.T, text []byte, dtype string) {
	t.Helper()
	if bytes.Contains(text, []byte("NaN")) || bytes.Contains(text, []byte("Infinity")) {
		return
	}
	wantShape, want, wantErr := oracle(text, dtype)
	shape, got, known, err := Read(text, dtype)
	if !known || (err == nil) != (wantErr == nil) {
		t.Fatalf("%.300q as %s: %v, want %v", text, dtype, err, wantErr)
	}
	if err == nil && (!slices.Equal(shape, wantShape) || bitsOf(got) != bitsOf(want)) {
		t.Fatalf("%.300q as %s is %v %v, want %v %v", text, dtype, shape, got, wantShape, want)
	}
}

// bitsOf tells -0 from 0, and takes one NaN for another.
func bitsOf(elements any) string { return fmt.Sprintf("%q %v", elements, elements) }

func FuzzRead(f *testing.F) {
	for _, text := range []string{
		"[[1,2.5],[-3,0.001]]", "7", "[]", "[[],[]]", "[1,[2]]", "[[1],2]", `["a","\ud800","` + "\xff" + `"]`, "[null,true]",
		"[1.7976931348623157e308,5e-324,-0,-0.0,1e400]", "[01]", "[1.]", "[.5]", "[+1]", "[1e]", "[1e+]", "[-]", "[0x1]",
		"[9007199254740993, 9223372036854775808, 18446744073709551616]", "[1] 2", "[1,]", "[,1]", "[", "]", "{}", "[{}]",
		"[16777217, 16777219, 33554435.0, 0.50000001490116119384765625]", "[127,-128,128]", "[2.0,2.5,1e2]", "\ufeff[1]",
		strings.Repeat("[", 40) + strings.Repeat("]", 40), "[\"\x01\"]", `["` + "\u2028" + `\n"]`, "[1 2]", "[tru]", "[1,nul]",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, dtype := range []string{"float32", "float64", "int64", "int8", "str", "bool"} {
			check(t, text, dtype)
		}
	})
}

// TestNumbers compares numbers of every length and exponent with strconv.
func TestNumbers(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	numbers := make([]string, 0, 200_000)
	for range 50_000 {
		digits := strconv.FormatUint(random.Uint64()>>random.IntN(64), 10)
		point := random.IntN(len(digits) + 1)
		text := digits[:point] + "." + digits[point:]
		if text = strings.TrimSuffix(text, "."); text[0] == '.' {
			text = "0" + text
		}
		numbers = append(numbers,
			text,
			fmt.Sprintf("%se%d", digits, random.IntN(60)-30),
			strconv.FormatFloat(random.NormFloat64(), 'g', -1, 64),
			// The middle between two neighbours of float32, and of float64.
			fmt.Sprintf("%d", random.Uint64()>>39|1),
			fmt.Sprintf("%d", 1<<53+random.Uint64()>>11|1),
			fmt.Sprintf("-%s%s", digits, digits),
		)
	}
	text := []byte("[" + strings.Join(numbers, ",") + "]")
	check(t, text, "float32")
	check(t, text, "float64")
}

// TestMiddles compares decimals that are exactly between two floats, or just beside.
func TestMiddles(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		v := math.Float32frombits(random.Uint32()&(1<<23-1) | uint32(100+random.IntN(50))<<23)
		next := math.Nextafter32(v, 1000)
		middle := strconv.FormatFloat((float64(v)+float64(next))/2, 'f', -1, 64)
		for _, text := range []string{middle, middle + "1", middle + "00000000000000001", middle[:len(middle)-1] + "4"} {
			check(t, []byte(text), "float32")
			check(t, []byte(text), "float64")
		}
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	shape, got, _, err := Read([]byte("[NaN, Infinity, -Infinity, null, true, false]"), "float32")
	if err != nil || !slices.Equal(shape, []int{6}) || fmt.Sprint(got) != "[NaN +Inf -Inf NaN 1 0]" {
		t.Errorf("%v %v %v", shape, got, err)
	}
	if text, ok := Append(nil, shape, got); !ok || string(text) != "[NaN,Infinity,-Infinity,NaN,1,0]" {
		t.Errorf("%s %v", text, ok)
	}
	for _, text := range []string{"[NaN]", "[null]", "[true]", "[2.5]", "[1e10]"} {
		if _, got, _, err := Read([]byte(text), "int64"); err == nil {
			t.Errorf("%s is %v", text, got)
		}
	}
	for dtype, texts := range map[string][2]string{
		"int8": {"[-128,127]", "[128]"}, "int16": {"[-32768,32767]", "[-32769]"},
		"int32": {"[-2147483648,2147483647]", "[2147483648]"}, "int64": {"[-9223372036854775808]", "[9223372036854775808]"},
		"uint8": {"[0,255]", "[-1]"}, "uint16": {"[65535]", "[65536]"}, "uint32": {"[4294967295]", "[4294967296]"},
		"uint64": {"[18446744073709551615]", "[18446744073709551616]"}, "bool": {"[true,false]", "[1]"}, "str": {`["a"]`, "[1]"},
	} {
		shape, got, known, err := Read([]byte(texts[0]), dtype)
		if err != nil || !known {
			t.Errorf("%s of %s: %v", texts[0], dtype, err)
			continue
		}
		if text, ok := Append(nil, shape, got); !ok || string(text) != texts[0] {
			t.Errorf("%s of %s is %s", texts[0], dtype, text)
		}
		if _, got, _, err := Read([]byte(texts[1]), dtype); err == nil {
			t.Errorf("%s of %s is %v", texts[1], dtype, got)
		}
	}
}

// TestAllocations reads 100,000 numbers with a handful of allocations.
func TestAllocations(t *testing.T) {
	text := image(1, 100_000)
	for _, dtype := range []string{"float32", "float64"} {
		n := testing.AllocsPerRun(5, func() {
			if _, _, _, err := Read(text, dtype); err != nil {
				t.Error(err)
			}
		})
		if n > 16 {
			t.Errorf("%s: %v allocations", dtype, n)
		}
	}
}

// image returns rows of numbers as Python writes float32 that became float64.
func image(rows, columns int) []byte {
	random := rand.New(rand.NewPCG(5, 6))
	b := []byte("[")
	for i := range rows {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, '[')
		for j := range columns {
			if j > 0 {
				b = append(b, ", "...)
			}
			b = strconv.AppendFloat(b, float64(float32(random.NormFloat64())), 'g', -1, 64)
		}
		b = append(b, ']')
	}
	return append(b, ']')
}
