// Package prices has the cost of tokens of language models. The list of prices is that of MLflow 3.18,
// which has it from LiteLLM; record.py writes it.
package prices

import (
	_ "embed"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"sync"

	"github.com/millrace-ml/millrace/internal/span"
)

//go:embed prices.tsv
var list string

// price is US dollars for a token by kind. nil is unknown.
type price struct {
	input, output, cacheRead, cacheWrite, cacheWrite1h *float64
}

// perMillion is the number of tokens that the list has the prices of.
const perMillion = 1_000_000

// prices are the lines of the list by provider and model. The price of a model is that of the first
// provider that charges for its input or, if there is none, of the first provider.
type prices struct {
	providers map[string]map[string]price
	models    map[string]price
}

// parsed reads the list when the first cost is computed, in a few milliseconds.
var parsed = sync.OnceValue(func() *prices {
	all := &prices{map[string]map[string]price{}, map[string]price{}}
	for line := range strings.Lines(list) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		var p price
		for i, of := range []**float64{&p.input, &p.output, &p.cacheRead, &p.cacheWrite, &p.cacheWrite1h} {
			if v, err := strconv.ParseFloat(fields[2+i], 64); err == nil {
				v /= perMillion
				*of = &v
			}
		}
		provider, model := fields[0], fields[1]
		if all.providers[provider] == nil {
			all.providers[provider] = map[string]price{}
		}
		all.providers[provider][model] = p
		if other, ok := all.models[model]; !ok || value(other.input) == 0 && value(p.input) != 0 {
			all.models[model] = p
		}
	}
	return all
})

func value(v *float64) float64 {
	if v == nil {
		return 0
	}
	return *v
}

// or returns v or, if it is unknown, the value of another price.
func or(v *float64, other float64) float64 {
	if v == nil {
		return other
	}
	return *v
}

// of returns the price of a model. Endpoints of Databricks have the prices of Databricks whatever the
// provider is.
func (all *prices) of(model, provider string) (price, bool) {
	if strings.HasPrefix(model, "databricks-") || strings.HasPrefix(model, "databricks/") {
		provider = "databricks"
	}
	if _, name, found := strings.Cut(model, "/"); found {
		model = name
	}
	if p, ok := all.providers[strings.ToLower(provider)][model]; ok {
		return p, true
	}
	p, ok := all.models[model]
	return p, ok
}

// Cost returns the cost of a usage, the JSON of a span's [span.AttrUsage], by a model of a provider, which
// may be "". Nothing is known if the list does not have the model, if the model is a route of MLflow's
// gateway, or if the counts of tokens are not numbers or 0.
func Cost(model, provider, usage string) (cost span.Cost) {
	if model == "" || strings.HasPrefix(model, "gateway:/") || strings.HasPrefix(model, "endpoints:/") {
		return cost
	}
	tokens, ok := parseTokens(usage)
	if !ok {
		return cost
	}
	p, ok := parsed().of(model, provider)
	if !ok {
		return cost
	}
	input, output := p.ofInput(tokens), tokens.output*value(p.output)
	if total := input + output; !math.IsInf(total, 0) && !math.IsNaN(total) {
		cost = span.Cost{Input: &input, Output: &output, Total: &total}
	}
	return cost
}

// ofInput returns the cost of the input. Those of its tokens that a cache has kept have prices of their
// own.
func (p price) ofInput(t tokens) float64 {
	input := value(p.input)
	cost := max(t.input-t.cacheRead-t.cacheWritten, 0) * input
	if t.cacheRead > 0 {
		cost += t.cacheRead * or(p.cacheRead, input)
	}
	hour := min(t.writtenForHour, t.cacheWritten)
	forWrite := or(p.cacheWrite, input)
	if short := t.cacheWritten - hour; short > 0 {
		cost += short * forWrite
	}
	if hour > 0 {
		cost += hour * or(p.cacheWrite1h, forWrite)
	}
	return cost
}

// tokens are the counts of a usage. The input includes those of the cache, and those that were written
// to it include those that are kept for an hour.
type tokens struct {
	input, output, cacheRead, cacheWritten, writtenForHour float64
}

// parseTokens returns the counts of a usage. ok is whether all are numbers, and there are some.
func parseTokens(usage string) (t tokens, ok bool) {
	var members map[string]any
	if json.Unmarshal([]byte(usage), &members) != nil {
		return t, false
	}
	for key, of := range map[string]*float64{
		"input_tokens": &t.input, "output_tokens": &t.output, "cache_read_input_tokens": &t.cacheRead,
		"cache_creation_input_tokens": &t.cacheWritten, "cache_creation_input_tokens_above_1hr": &t.writtenForHour,
	} {
		switch v := members[key].(type) {
		case nil:
		case float64:
			*of = v
		default:
			return t, false
		}
	}
	return t, t.input != 0 || t.output != 0
}
