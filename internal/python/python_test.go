package python

import (
	"encoding/json"
	"testing"
)

// The expected values are the output of Python 3.13.
func TestRepr(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"":                                   `''`,
		"plain":                              `'plain'`,
		"it's":                               `"it's"`,
		`say "x"`:                            `'say "x"'`,
		`both ' and "`:                       `'both \' and "'`,
		`a\b`:                                `'a\\b'`,
		"\n\r\t\x00\x1b":                     `'\n\r\t\x00\x1b'`,
		"\x7f":                               `'\x7f'`,
		"ü日本🚀":                               `'ü日本🚀'`,
		"\u00a0\u200b\u2028\ufeff\U000e0001": `'\xa0\u200b\u2028\ufeff\U000e0001'`,
		"'\n":                                `"'\n"`,
	} {
		if got := Repr(s); got != want {
			t.Errorf("Repr(%q) = %s, want %s", s, got, want)
		}
	}
	for s, want := range map[string]string{
		"":              `b''`,
		"it's":          `b"it's"`,
		"\x00\xff\n'\"": `b'\x00\xff\n\'"'`,
		"ü":             `b'\xc3\xbc'`,
	} {
		if got := ReprBytes([]byte(s)); got != want {
			t.Errorf("ReprBytes(%q) = %s, want %s", s, got, want)
		}
	}
}

func TestReprOfLists(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ got, want string }{
		{ReprList(nil), `[]`},
		{ReprList([]string{"a", "b'"}), `['a', "b'"]`},
		{ReprTuple(nil), `()`},
		{ReprTuple([]string{"a"}), `('a',)`},
		{ReprTuple([]string{"a", "b"}), `('a', 'b')`},
		{ReprSet(nil), `set()`},
		{ReprSet([]string{"b", "a"}), `{'b', 'a'}`},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}

func TestReprJSON(t *testing.T) {
	t.Parallel()
	for document, want := range map[string]string{
		`null`:                          `None`,
		`[true, false, 1, 1.5, "it's"]`: `[True, False, 1, 1.5, "it's"]`,
		`{"b": {"c": []}, "a": 1e300}`:  `{'a': 1e+300, 'b': {'c': []}}`,
	} {
		var v any
		if err := json.Unmarshal([]byte(document), &v); err != nil {
			t.Fatal(err)
		}
		if got := ReprJSON(v); got != want {
			t.Errorf("%s: got %s, want %s", document, got, want)
		}
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"":                 `""`,
		`say "x" <\>`:      `"say \"x\" <\\>"`,
		"\n\t\b\f\x00\x7f": `"\n\t\b\f\u0000\u007f"`,
		"ü日本🚀\u2028":       `"\u00fc\u65e5\u672c\ud83d\ude80\u2028"`,
	} {
		if got := JSONString(s); got != want {
			t.Errorf("JSONString(%q) = %s, want %s", s, got, want)
		}
	}
	for document, want := range map[string]string{
		`{"a":1,"b":[2,3]}`:          `{"a": 1, "b": [2, 3]}`,
		"{\n  \"a\" : \"x:y, z\"\n}": `{"a": "x:y, z"}`,
		`["\\",":\"",","]`:           `["\\", ":\"", ","]`,
	} {
		if got := JSON([]byte(document)); got != want {
			t.Errorf("JSON(%s) = %s, want %s", document, got, want)
		}
	}
}
