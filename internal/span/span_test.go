package span

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestUsageAndCost(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"input_tokens": 5, "output_tokens": 7, "total_tokens": 12, "other": 1}`: `{"input_tokens": 5, "output_tokens": 7, "total_tokens": 12}`,
		`{"total_tokens": 1.0, "input_tokens": "3", "output_tokens": true}`:       `{"input_tokens": 3, "total_tokens": 1}`,
		`{"input_tokens": 1.5, "output_tokens": 1e3}`:                             `{"output_tokens": 1000}`,
		`{"input_tokens": 99999999999999999999, "output_tokens": 1e999999999}`:    ``,
		`[1]`: ``, `x`: ``, ``: ``, `null`: ``,
	} {
		got := ""
		if p := ParseUsage(text).JSON(); p != nil {
			got = *p
		}
		if got != want {
			t.Errorf("usage of %s: %s, want %s", text, got, want)
		}
	}
	for text, want := range map[string]string{
		`{"input_cost": 1e-05, "total_cost": 2}`:                              `{"input_cost": 1e-05, "total_cost": 2.0}`,
		`{"input_cost": "0.5", "output_cost": NaN}`:                           ``,
		`{"input_cost": "0.5", "output_cost": "nan", "total_cost": 1e999999}`: `{"input_cost": 0.5}`,
	} {
		got := ""
		if p := ParseCost(text).JSON(); p != nil {
			got = *p
		}
		if got != want {
			t.Errorf("cost of %s: %s, want %s", text, got, want)
		}
	}
}

func TestTotals(t *testing.T) {
	t.Parallel()
	use := func(n string) string { return `{"input_tokens": ` + n + `, "total_tokens": ` + n + `}` }
	nodes := []Node{
		{ID: "1"},
		{ID: "2", Parent: "1", Usage: use("10")},
		{ID: "3", Parent: "2", Usage: use("4")}, // It is part of the usage of its parent.
		{ID: "4", Parent: "3", Usage: use("1")},
		{ID: "5", Parent: "1", Usage: use("2"), Cost: `{"input_cost": 0.5}`},
		{ID: "6", Parent: "missing", Usage: `{"cache_read_input_tokens": 7}`},
		{ID: "7", Parent: "1", Usage: `"no object"`},
	}
	want := `{"input_tokens": 12, "output_tokens": 0, "total_tokens": 12, "cache_read_input_tokens": 7}`
	if got := TotalUsage(nodes).JSON(); got == nil || *got != want {
		t.Errorf("usage: %v, want %s", got, want)
	}
	want = `{"input_cost": 0.5, "output_cost": 0.0, "total_cost": 0.0}`
	if got := TotalCost(nodes).JSON(); got == nil || *got != want {
		t.Errorf("cost: %v, want %s", got, want)
	}
	if got := TotalUsage(nodes[:1]).JSON(); got != nil {
		t.Errorf("a trace without a usage has %s", *got)
	}
}

// TestTotalsOfCycles gives spans that are their own ancestors, and one that is deep.
func TestTotalsOfCycles(t *testing.T) {
	t.Parallel()
	cycle := []Node{
		{ID: "1", Parent: "2", Usage: `{"total_tokens": 1}`},
		{ID: "2", Parent: "1"},
		{ID: "3", Parent: "3", Usage: `{"total_tokens": 1}`},
	}
	if got := TotalUsage(cycle); got.Total == nil || *got.Total != 2 {
		t.Errorf("a cycle has %v", got.JSON())
	}
	deep := make([]Node, 100_000)
	for i := range deep {
		deep[i] = Node{ID: strings.Repeat("x", i%7) + string(rune('a'+i%26)) + itoa(i), Parent: ""}
		if i > 0 {
			deep[i].Parent = deep[i-1].ID
		}
	}
	deep[len(deep)-1].Usage = `{"total_tokens": 3}`
	if got := TotalUsage(deep); got.Total == nil || *got.Total != 3 {
		t.Errorf("a deep trace has %v", got.JSON())
	}
}

func itoa(n int) string {
	text, _ := json.Marshal(n)
	return string(text)
}

// The expected previews are those of MLflow 3.17.2.
func TestPreviews(t *testing.T) {
	t.Parallel()
	for inputs, want := range map[string]string{
		`{"q": 1}`: `{"q": 1}`, `"text"`: `"text"`,
		`{"messages": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}, {"role": "x", "content": "c"}]}`: "b",
		`{"messages": [{"role": "system", "content": "only"}]}`:                                                             "only",
		`{"messages": []}`: `{"messages": []}`,
		`{"input": [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "t"}]}]}`: "t",
		`{"request": {"input": [{"role": "user", "content": "deep"}]}}`:                                "deep",
		`{"choices": [{"message": {"role": "assistant", "content": "answer"}}]}`:                       "answer",
		`{"messages": [{"role": "user", "content": "nul \u0000"}]}`:                                    "nul ",
		`"` + strings.Repeat("ü", 2000) + `"`:                                                          `"` + strings.Repeat("ü", 996) + "...",
	} {
		s := &Span{Attributes: Attributes{{AttrInputs, inputs}}}
		if got := s.RequestPreview(); got == nil || *got != want {
			t.Errorf("preview of %.80s: %v, want %s", inputs, got, want)
		}
	}
	if got := (&Span{}).ResponsePreview(); got != nil {
		t.Errorf("a span without outputs has the preview %s", *got)
	}
}

func TestMessage(t *testing.T) {
	t.Parallel()
	s := &Span{
		TraceID: TraceID{15: 1}, ID: ID{7: 2}, Parent: ID{7: 3}, Name: "n", Start: 5, End: 9, Status: StatusError, Message: "m",
		Attributes: Attributes{
			{"text", `"x"`},
			{"n", "5"},
			{"f", "1.0"},
			{"big", "99999999999999999999"},
			{"nan", "NaN"},
			{"null", "null"},
			{"list", `[1, null, {"a": true}]`},
			{"broken", `{"a"`},
			{"surrogate", `"\ud800"`},
		},
		Events: []Event{{"e", 7, Attributes{{"a", "-Infinity"}}}},
		Links:  []Link{{TraceID{15: 4}, ID{7: 5}, Attributes{{"l", `"y"`}}}},
	}
	m, err := Message(string(s.AppendContent(nil)))
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"trace_id":"AAAAAAAAAAAAAAAAAAAAAQ==","span_id":"AAAAAAAAAAI=","parent_span_id":"AAAAAAAAAAM=","name":"n",` +
		`"start_time_unix_nano":5,"end_time_unix_nano":9,"attributes":[{"key":"text","value":{"string_value":"x"}},` +
		`{"key":"n","value":{"int_value":5}},{"key":"f","value":{"double_value":1}},` +
		`{"key":"big","value":{"double_value":100000000000000000000}},{"key":"nan","value":{"string_value":"NaN"}},` +
		`{"key":"null"},{"key":"list","value":{"array_value":{"values":[{"int_value":1},{},` +
		`{"kvlist_value":{"values":[{"key":"a","value":{"bool_value":true}}]}}]}}},` +
		`{"key":"broken","value":{"string_value":"{\"a\""}},{"key":"surrogate","value":{"string_value":"�"}}],` +
		`"events":[{"time_unix_nano":7,"name":"e","attributes":[{"key":"a","value":{"string_value":"-Infinity"}}]}],` +
		`"links":[{"trace_id":"AAAAAAAAAAAAAAAAAAAABA==","span_id":"AAAAAAAAAAU=","attributes":[{"key":"l",` +
		`"value":{"string_value":"y"}}]}],"status":{"code":"STATUS_CODE_ERROR","message":"m"}}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func BenchmarkMessage(b *testing.B) {
	s := &Span{TraceID: TraceID{15: 1}, ID: ID{7: 2}, Parent: ID{7: 3}, Name: "step", Start: 5, End: 9, Status: StatusOK}
	for key, value := range map[string]string{
		"mlflow.traceRequestId": `"tr-00000000000000000000000000000001"`, "mlflow.spanType": `"TOOL"`, "service": `"bench"`,
		"mlflow.spanInputs":  `{"question": "What is the answer?", "context": "` + strings.Repeat("words ", 20) + `"}`,
		"mlflow.spanOutputs": `{"answer": "A text of some length, as tools return it to models."}`,
	} {
		s.Attributes.Set(key, value)
	}
	text := string(s.AppendContent(nil))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Message(text); err != nil {
			b.Fatal(err)
		}
	}
}
