package prices

import (
	"math"
	"testing"
)

// TestList checks the whole list: every line has a provider, a model and prices that are numbers.
func TestList(t *testing.T) {
	all := parsed()
	models := 0
	for provider, of := range all.providers {
		for model, p := range of {
			models++
			for _, v := range []float64{p.input, p.output, p.cacheRead, p.cacheWrite, p.cacheWrite1h} {
				if !(v >= 0 && v < 1) {
					t.Errorf("%s of %s costs %v dollars for a token", model, provider, v)
				}
			}
			if _, ok := all.models[model]; !ok {
				t.Errorf("%s of %s is not found by its name", model, provider)
			}
		}
	}
	if models < 4000 || len(all.providers) < 100 {
		t.Errorf("%d models of %d providers", models, len(all.providers))
	}
}

// TestHostile computes the cost of usages that cannot be one.
func TestHostile(t *testing.T) {
	for _, usage := range []string{
		"", "null", "[]", "5", "{", `{"input_tokens": 1e999}`, `{"input_tokens": {}}`, `{"input_tokens": true}`,
		`{"input_tokens": "9"}`, `{"input_tokens": 0}`, `{"Input_Tokens": 9}`, `{"output_tokens": 1e308, "input_tokens": []}`,
	} {
		if cost := Cost("gpt-4o", "openai", usage); !cost.IsZero() {
			t.Errorf("%s costs %v", usage, *cost.JSON())
		}
	}
	cost := Cost("gpt-4o", "openai", `{"input_tokens": 1.7e308, "output_tokens": 1.7e308}`)
	if !cost.IsZero() && math.IsInf(*cost.Total, 0) {
		t.Error("the cost is infinite")
	}
	for _, model := range []string{"", "/", "no-such-model", "gateway:/gpt-4o", "endpoints:/gpt-4o", "../gpt-4o/x"} {
		if cost := Cost(model, "../openai", `{"input_tokens": 5}`); !cost.IsZero() {
			t.Errorf("%q costs %v", model, *cost.JSON())
		}
	}
}

func BenchmarkCost(b *testing.B) {
	for b.Loop() {
		Cost("gpt-4o-mini", "openai", `{"input_tokens": 1000, "output_tokens": 500, "total_tokens": 1500}`)
	}
}
