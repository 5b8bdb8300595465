package python

import (
	"strings"
	"testing"
)

// TestLoads compares values with what Python 3.13 prints.
func TestLoads(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ document, dumps, sorted, repr string }{
		{
			`{"b": 1, "a": {"d": 2.50, "c": [1,2, null, true, false]}}`,
			`{"b": 1, "a": {"d": 2.5, "c": [1, 2, null, true, false]}}`,
			`{"a": {"c": [1, 2, null, true, false], "d": 2.5}, "b": 1}`,
			`{'b': 1, 'a': {'d': 2.5, 'c': [1, 2, None, True, False]}}`,
		},
		{`"x"`, `"x"`, `"x"`, `'x'`},
		{`1e5`, `100000.0`, `100000.0`, `100000.0`},
		{`1.0`, `1.0`, `1.0`, `1.0`},
		{`-0`, `0`, `0`, `0`},
		{`-0.0`, `-0.0`, `-0.0`, `-0.0`},
		{
			`123456789012345678901234567890`,
			`123456789012345678901234567890`,
			`123456789012345678901234567890`,
			`123456789012345678901234567890`,
		},
		{`1e400`, `Infinity`, `Infinity`, `inf`},
		{
			`[NaN, Infinity, -Infinity, "NaN"]`,
			`[NaN, Infinity, -Infinity, "NaN"]`,
			`[NaN, Infinity, -Infinity, "NaN"]`,
			`[nan, inf, -inf, 'NaN']`,
		},
		{
			`{"ü": "日本🚀\ud83d\ude80", "\u0000": "\/\b\f"}`,
			`{"\u00fc": "\u65e5\u672c\ud83d\ude80\ud83d\ude80", "\u0000": "/\b\f"}`,
			`{"\u0000": "/\b\f", "\u00fc": "\u65e5\u672c\ud83d\ude80\ud83d\ude80"}`,
			`{'ü': '日本🚀🚀', '\x00': '/\x08\x0c'}`,
		},
		{`{"a": 1, "b": 2, "a": 3}`, `{"a": 3, "b": 2}`, `{"a": 3, "b": 2}`, `{'a': 3, 'b': 2}`},
		{` [ ] `, `[]`, `[]`, `[]`},
		{`{}`, `{}`, `{}`, `{}`},
		{
			`{"B":1,"a":2,"A":3,"é":4,"z":5, "😀": 6, "中": 7}`,
			`{"B": 1, "a": 2, "A": 3, "\u00e9": 4, "z": 5, "\ud83d\ude00": 6, "\u4e2d": 7}`,
			`{"A": 3, "B": 1, "a": 2, "z": 5, "\u00e9": 4, "\u4e2d": 7, "\ud83d\ude00": 6}`,
			`{'B': 1, 'a': 2, 'A': 3, 'é': 4, 'z': 5, '😀': 6, '中': 7}`,
		},
		{
			`{"NaN": "NaN,Infinity", "x": 1e-07, "y": 1.5e16}`,
			`{"NaN": "NaN,Infinity", "x": 1e-07, "y": 1.5e+16}`,
			`{"NaN": "NaN,Infinity", "x": 1e-07, "y": 1.5e+16}`,
			`{'NaN': 'NaN,Infinity', 'x': 1e-07, 'y': 1.5e+16}`,
		},
		{`"\\u12 \"q\\"`, `"\\u12 \"q\\"`, `"\\u12 \"q\\"`, `'\\u12 "q\\'`},
	} {
		v, err := Loads(c.document, 3)
		if err != nil {
			t.Errorf("%s: %v", c.document, err)
			continue
		}
		if Dumps(v) != c.dumps || DumpsSorted(v) != c.sorted || ReprValue(v) != c.repr {
			t.Errorf("%s:\n%s\n%s\n%s", c.document, Dumps(v), DumpsSorted(v), ReprValue(v))
		}
	}
}

func TestLoadsErrors(t *testing.T) {
	t.Parallel()
	for _, document := range []string{
		"", " ", "{", "[", "[1", "[1,]", "[1 2]", `{"a"}`, `{"a":}`, `{"a":1,}`, `{1:2}`, `"`, `"\`, `"\x"`, "\"\n\"", "'a'", "01",
		"1.", "-", "+1", ".5", "nul", "nulla", "[1] 2", `"\ud800"`, `"\udc00\ud800"`, `"\ud800\u0041"`, `"\ud83d`, "\"\xff\"",
		"[[[[]]]]", `{"a":[{"b":{}}]}`, strings.Repeat("[", 1e6), strings.Repeat("1", maxDigits+1),
	} {
		if v, err := Loads(document, 3); err == nil {
			t.Errorf("%.20q: %v", document, v)
		}
	}
}

func TestIsFinite(t *testing.T) {
	t.Parallel()
	for document, want := range map[string]bool{
		`[1, {"a": [1.5]}]`: true, `[1, {"a": [NaN]}]`: false, `1e999`: false, `"NaN"`: true, `{"NaN": null}`: true,
	} {
		v, err := Loads(document, 3)
		if err != nil || IsFinite(v) != want {
			t.Errorf("%s: finite: %t, %v", document, !want, err)
		}
	}
}
