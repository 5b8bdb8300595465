package dbcopy

import (
	"math"
	"reflect"
	"testing"
	"time"
)

func TestCopyKeys(t *testing.T) {
	t.Parallel()
	for _, key := range [][]any{
		{int64(math.MinInt64), "a\"\\\n\x00\xff ü🚀", true, false},
		{5e-324, math.Inf(-1), -0.1, math.MaxFloat64},
		{time.Date(2026, 2, 28, 0, 0, 0, 1000, time.UTC), []byte{0, 255}, ""},
	} {
		got, err := decodeKey(encodeKey(key))
		if err != nil || !reflect.DeepEqual(got, key) {
			t.Errorf("%#v became %#v (%v)", key, got, err)
		}
	}
	for _, damaged := range []string{"", "x", `["q1"]`, `["i"]`, `[""]`, `["tx"]`} {
		if _, err := decodeKey(damaged); err == nil {
			t.Errorf("%q is taken for a key", damaged)
		}
	}
}

func TestCanonicalJSON(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{`{"a": 1, "b": [1.5, 100]}`, `{"b":[1.50,1e2],"a":1.0}`},
		{`"ü<"`, ` "\u00fc\u003c" `},
		{`1`, `1.0`},
	} {
		for _, text := range same {
			if canonicalJSON(text) != canonicalJSON(same[0]) {
				t.Errorf("%s is not %s", text, same[0])
			}
		}
	}
	seen := map[string]string{}
	for _, text := range []string{`1`, `"1"`, `[1]`, `null`, `9007199254740993`, `9007199254740992`, `{"a":null}`, `{}`, `not json`, `1 2`} {
		if other, ok := seen[canonicalJSON(text)]; ok {
			t.Errorf("%s and %s are taken for one", text, other)
		}
		seen[canonicalJSON(text)] = text
	}
}

// Equal values of different databases have one checksum, others have not.
func TestChecksum(t *testing.T) {
	t.Parallel()
	sum := func(k kind, rows ...any) [2]uint64 {
		table := &tablePlan{kinds: []kind{k}}
		var c checksum
		for _, v := range rows {
			c.add(table, []any{v})
		}
		return c.sum
	}
	if sum(kindFloat, math.NaN(), 0.0) != sum(kindFloat, math.Copysign(0, -1), math.Float64frombits(0x7ff8000000000099)) {
		t.Error("NaN or -0")
	}
	if sum(kindFloat32, 0.1) != sum(kindFloat32, float64(float32(0.1))) {
		t.Error("float32")
	}
	for _, pair := range [][2]any{{0.1, float64(float32(0.1))}, {"", nil}, {"a", "b"}, {int64(1), int64(2)}, {true, false}, {1.0, math.Inf(1)}, {"a ", "a"}} {
		if sum(kindFloat, pair[0]) == sum(kindFloat, pair[1]) {
			t.Errorf("%v and %v are taken for one", pair[0], pair[1])
		}
	}
	if sum(kindText, "a", "a") == sum(kindText, "b", "b") || sum(kindText, "a", "a", "b") == sum(kindText, "a", "b", "b") {
		t.Error("rows that come twice")
	}
}
