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

// price is US dollars for a token by kind.
type price struct {
	input, output, cacheRead, cacheWrite, cacheWrite1h float64
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
		p := price{input: dollars(fields[2], 0), output: dollars(fields[3], 0)}
		p.cacheRead = dollars(fields[4], p.input)
		p.cacheWrite = dollars(fields[5], p.input)
		p.cacheWrite1h = dollars(fields[6], p.cacheWrite)
		provider, model := fields[0], fields[1]
		if all.providers[provider] == nil {
			all.providers[provider] = map[string]price{}
		}
		all.providers[provider][model] = p
		if other, ok := all.models[model]; !ok || other.input == 0 && p.input != 0 {
			all.models[model] = p
		}
	}
	return all
})

// dollars returns the price of a token, or another one if that of a million tokens is unknown.
func dollars(perMillionTokens string, other float64) float64 {
	v, err := strconv.ParseFloat(perMillionTokens, 64)
	if err != nil {
		return other
	}
	return v / perMillion
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
	input, output := p.ofInput(tokens), tokens.output*p.output
	if total := input + output; !math.IsInf(total, 0) && !math.IsNaN(total) {
		cost = span.Cost{Input: &input, Output: &output, Total: &total}
	}
	return cost
}

// ofInput returns the cost of the input. Those of its tokens that a cache has kept have prices of their
// own.
func (p price) ofInput(t tokens) float64 {
	cost := max(t.input-t.cacheRead-t.cacheWritten, 0) * p.input
	if t.cacheRead > 0 {
		cost += t.cacheRead * p.cacheRead
	}
	hour := min(t.writtenForHour, t.cacheWritten)
	if short := t.cacheWritten - hour; short > 0 {
		cost += short * p.cacheWrite
	}
	if hour > 0 {
		cost += hour * p.cacheWrite1h
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
