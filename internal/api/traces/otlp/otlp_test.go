package otlp

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/internal/span"
	"github.com/millrace-ml/millrace/internal/span/conventions"
)

// wrapped wraps the protobuf of a span in those of its groups.
func wrapped(message []byte) []byte {
	for _, n := range []number{2, 2, 1} {
		message = protowire.AppendBytes(protowire.AppendTag(nil, n, protowire.BytesType), message)
	}
	return message
}

// TestRecorded compares the attributes of spans with those that MLflow has stored.
func TestRecorded(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../span/conventions/testdata/recorded.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Request string
		Stored  map[string]string
		Content string
		Case    json.RawMessage
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		message, err := hex.DecodeString(c.Request)
		if err != nil {
			t.Fatal(err)
		}
		resources, err := Decode(wrapped(message))
		if err != nil {
			t.Errorf("%s: %v", c.Case, err)
			continue
		}
		s := resources[0].Spans[0]
		conventions.Translate(s)
		for _, a := range s.Attributes {
			// MLflow writes the format of Vercel AI without quotes.
			if c.Stored[a.Key] != a.JSON && !sameJSON(c.Stored[a.Key], a.JSON) && c.Stored[a.Key] != span.Text(a.JSON) {
				t.Errorf("%s: %s is %s, in MLflow %s", c.Case, a.Key, a.JSON, c.Stored[a.Key])
			}
			delete(c.Stored, a.Key)
		}
		if len(c.Stored) > 0 {
			t.Errorf("%s: missing %v", c.Case, c.Stored)
		}
		// MLflow writes the format of Vercel AI without quotes.
		if content := string(s.AppendContent(nil)); content != c.Content && !strings.Contains(content, "vercel_ai") {
			t.Errorf("%s:\n%s\nin MLflow\n%s", c.Case, content, c.Content)
		}
	}
}

// sameJSON reports whether two documents have the same value.
func sameJSON(a, b string) bool {
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return false
	}
	ax, _ := json.Marshal(x)
	by, _ := json.Marshal(y)
	return string(ax) == string(by)
}

// bytesField appends a field with bytes.
func bytesField(b []byte, n number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, n, protowire.BytesType), value)
}

// withIDs returns a span with ids, before what follows.
func withIDs(rest ...byte) []byte {
	b := bytesField(nil, 1, []byte{0: 1, 15: 9})
	return append(bytesField(b, 2, []byte{0: 2, 7: 9}), rest...)
}

// nested returns an AnyValue with lists around a text.
func nested(levels int) []byte {
	v := bytesField(nil, 1, []byte("x"))
	for range levels {
		v = bytesField(nil, 5, bytesField(nil, 1, v))
	}
	return v
}

func attributeField(key string, value []byte) []byte {
	return bytesField(nil, 9, bytesField(bytesField(nil, 1, []byte(key)), 2, value))
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for name, span := range map[string][]byte{
		"no ids":            bytesField(nil, 5, []byte("name")),
		"no span id":        bytesField(nil, 1, []byte{1}),
		"a long trace id":   bytesField(bytesField(nil, 1, make([]byte, 17)), 2, []byte{1}),
		"a long span id":    bytesField(bytesField(nil, 1, []byte{1}), 2, make([]byte, 9)),
		"a name in Latin-1": withIDs(bytesField(nil, 5, []byte("n\xe4"))...),
		"a name with NUL":   withIDs(bytesField(nil, 5, []byte("n\x00"))...),
		"a key in Latin-1":  withIDs(attributeField("n\xe4", nested(0))...),
		"deep lists":        withIDs(attributeField("k", nested(maxDepth+2))...),
		"a cut field":       withIDs(bytesField(nil, 5, []byte("name"))[:3]...),
		"a name as number":  withIDs(protowire.AppendVarint(protowire.AppendTag(nil, 5, protowire.VarintType), 7)...),
		"a time as bytes":   withIDs(bytesField(nil, 7, []byte("x"))...),
		"a time after 2262": withIDs(protowire.AppendFixed64(protowire.AppendTag(nil, 7, protowire.Fixed64Type), 1<<63)...),
	} {
		if resources, err := Decode(wrapped(span)); err == nil {
			t.Errorf("%s: %+v", name, resources[0].Spans[0])
		}
	}
	for _, body := range []string{
		`[]`, `{`, `{"resourceSpans":{}}`, `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"x","spanId":"01"}]}]}]}`,
		`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"01"}]}]}]}`,
		`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"01","spanId":"01","startTimeUnixNano":-1}]}]}]}`,
		`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"01","spanId":"01","status":{"code":7}}]}]}]}`,
	} {
		if _, err := DecodeJSON([]byte(body)); err == nil {
			t.Errorf("%s is accepted", body)
		}
	}
}

// TestFormsAreEqual reads the same spans as protobuf and as JSON.
func TestFormsAreEqual(t *testing.T) {
	t.Parallel()
	b := withIDs(attributeField("text", nested(0))...)
	b = append(b, attributeField("list", nested(2))...)
	b = append(b, attributeField("text", bytesField(nil, 1, []byte(`{"a":1}`)))...) // It is given again.
	b = append(b, attributeField("nothing", nil)...)
	b = append(b, attributeField("bytes", bytesField(nil, 7, []byte{0, 255}))...)
	b = bytesField(b, 5, []byte("name"))
	b = bytesField(b, 15, protowire.AppendVarint(protowire.AppendTag(nil, 3, protowire.VarintType), 2))
	fromProtobuf, err := Decode(wrapped(b))
	if err != nil {
		t.Fatal(err)
	}
	fromJSON, err := DecodeJSON([]byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[{
		"traceId":"01000000000000000000000000000009","spanId":"0200000000000009","name":"name","status":{"code":2},
		"attributes":[{"key":"text","value":{"stringValue":"x"}},
			{"key":"list","value":{"arrayValue":{"values":[{"arrayValue":{"values":[{"stringValue":"x"}]}}]}}},
			{"key":"text","value":{"stringValue":"{\"a\":1}"}},{"key":"nothing","value":{}},
			{"key":"bytes","value":{"bytesValue":"AP8="}}]}]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want, got := fromProtobuf[0].Spans[0].AppendContent(nil), fromJSON[0].Spans[0].AppendContent(nil)
	if string(got) != string(want) || !json.Valid(got) {
		t.Errorf("JSON: %s\nprotobuf: %s", got, want)
	}
}

// FuzzDecode checks that no body causes a panic or a content that is no JSON of Python.
func FuzzDecode(f *testing.F) {
	f.Add(wrapped(withIDs(attributeField("k", nested(3))...)))
	f.Add([]byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"01","spanId":"01"}]}]}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, decode := range []func([]byte) ([]*span.Resource, error){Decode, DecodeJSON} {
			resources, err := decode(body)
			if err != nil {
				continue
			}
			for _, r := range resources {
				for _, s := range r.Spans {
					conventions.Translate(s)
					if content := s.AppendContent(nil); !python.IsJSON(string(content)) {
						t.Errorf("%q", content)
					}
					if _, err := span.Message(string(s.AppendContent(nil))); err != nil {
						t.Error(err)
					}
				}
			}
		}
	})
}
