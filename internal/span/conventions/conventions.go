// Package conventions gives spans of other instrumentations the attributes that MLflow's
// pages and aggregates read: the type, the inputs and outputs, the token usage, the model,
// its provider, the tools, the format of messages, and the cost.
//
// Attributes that a span has already are not replaced, except for a type that is UNKNOWN.
// Each convention is a row of a table; the first one that has an answer counts.
package conventions

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/internal/span"
	"github.com/millrace-ml/millrace/internal/span/prices"
)

// unknownType is the type of spans whose client knows none.
const unknownType = "UNKNOWN"

// Translate adds what MLflow reads to the attributes of a span.
func Translate(s *span.Span) {
	a := &s.Attributes
	if current := span.TypeOf(*a); current == "" || current == unknownType {
		if kind := first(func(c *convention) string { return c.kindOf(*a) }); kind != "" {
			a.Set(span.AttrType, quote(kind))
		}
	}
	add(a, span.AttrInputs, func() string { return inputsOf(s) })
	add(a, span.AttrOutputs, func() string { return outputsOf(s) })
	add(a, span.AttrUsage, func() string { return usageOf(*a) })
	add(a, span.AttrMessageFormat, func() string {
		return quote(first(func(c *convention) string { return c.formatOf(*a) }))
	})
	add(a, span.AttrTools, func() string {
		return first(func(c *convention) string { return present(*a, c.tools) })
	})
	add(a, span.AttrModel, func() string { return quote(modelOf(*a)) })
	add(a, span.AttrProvider, func() string {
		return quote(first(func(c *convention) string { return span.Text(present(*a, c.provider)) }))
	})
	add(a, span.AttrCost, func() string { return costOf(*a) })
}

// costOf returns the JSON of what the usage costs by the list of prices, or "".
func costOf(a span.Attributes) string {
	model, usage := a.Get(span.AttrModel), a.Get(span.AttrUsage)
	if model == "" || usage == "" {
		return ""
	}
	cost := prices.Cost(span.Text(model), span.Text(a.Get(span.AttrProvider)), usage).JSON()
	if cost == nil {
		return ""
	}
	return *cost
}

// add sets an attribute that is missing to a value, unless there is none.
func add(a *span.Attributes, key string, value func() string) {
	if a.Get(key) != "" {
		return
	}
	if v := value(); v != "" {
		a.Set(key, v)
	}
}

func quote(text string) string {
	if text == "" {
		return ""
	}
	return string(python.AppendJSONString(nil, text))
}

// first returns the first answer of a convention, or "".
func first(of func(*convention) string) string {
	for i := range table {
		if answer := of(&table[i]); answer != "" {
			return answer
		}
	}
	return ""
}

// inputsOf returns the JSON of the inputs of a span.
func inputsOf(s *span.Span) string {
	if v := first(func(c *convention) string { return c.inputsOf(&s.Attributes) }); v != "" {
		return v
	}
	for _, of := range []func(*span.Span) string{springPrompt, chatInputs} {
		if v := of(s); v != "" {
			return v
		}
	}
	return ""
}

// outputsOf returns the JSON of the outputs of a span.
func outputsOf(s *span.Span) string {
	if v := first(func(c *convention) string { return c.outputsOf(&s.Attributes) }); v != "" {
		return v
	}
	for _, of := range []func(*span.Span) string{springCompletion, chatOutputs, claudeToolOutput} {
		if v := of(s); v != "" {
			return v
		}
	}
	return ""
}

// usageOf returns the JSON of the token usage in some attributes.
func usageOf(a span.Attributes) string {
	for i := range table {
		c := &table[i]
		if c.needs != nil && !c.needs(a) {
			continue
		}
		in, out, total := integer(a, c.tokens[0]), integer(a, c.tokens[1]), integer(a, c.tokens[2])
		read, created := integer(a, c.tokens[3]), integer(a, c.tokens[4])
		if c.withoutCache && in != nil {
			in = sum(in, read, created)
		}
		if total == nil && in != nil && out != nil {
			total = sum(in, out)
		}
		if in != nil || out != nil || total != nil {
			u := span.Usage{Input: in, Output: out, Total: total, CacheRead: read, CacheCreation: created}
			return *u.JSON()
		}
	}
	return ""
}

func sum(values ...*int64) *int64 {
	var total int64
	for _, v := range values {
		if v != nil {
			total += *v
		}
	}
	return &total
}

// integer returns the first attribute of keys that is an integer or a text of one.
func integer(a span.Attributes, keys []string) *int64 {
	for _, key := range keys {
		text := strings.TrimSpace(span.Text(a.Get(key)))
		if n, ok := new(big.Int).SetString(text, 10); ok && n.IsInt64() {
			v := n.Int64()
			return &v
		}
	}
	return nil
}

// modelOf returns the name of the model in some attributes, or in inputs or outputs that are
// objects with one.
func modelOf(a span.Attributes) string {
	if name := first(func(c *convention) string { return span.Text(present(a, c.models)) }); name != "" {
		return name
	}
	for _, key := range []string{span.AttrInputs, span.AttrOutputs} {
		var object struct {
			Model json.RawMessage `json:"model"`
		}
		var name string
		if json.Unmarshal([]byte(a.Get(key)), &object) == nil && json.Unmarshal(object.Model, &name) == nil && name != "" {
			return name
		}
	}
	return ""
}

// present returns the JSON of the first attribute of keys that has a value other than null,
// false, 0 and empty ones. A key that ends with * stands for all keys that match it, in which
// each # is a number.
func present(a span.Attributes, keys []string) string {
	for _, key := range keys {
		if !strings.Contains(key, "#") {
			if v := a.Get(key); !empty(v) {
				return v
			}
			continue
		}
		for i := range a {
			if numbered(a[i].Key, key) && !empty(a[i].JSON) {
				return a[i].JSON
			}
		}
	}
	return ""
}

// empty reports whether Python takes a JSON value for false.
func empty(document string) bool {
	switch strings.TrimSpace(document) {
	case "", "null", "false", `""`, "[]", "{}":
		return true
	}
	f, err := strconv.ParseFloat(document, 64)
	return err == nil && f == 0
}

// numbered reports whether a key begins as a pattern, in which each # is a number.
func numbered(key, pattern string) bool {
	for {
		before, after, found := strings.Cut(pattern, "#")
		rest, ok := strings.CutPrefix(key, before)
		if !ok || !found {
			return ok
		}
		digits := strings.TrimLeft(rest, "0123456789")
		if len(digits) == len(rest) {
			return false
		}
		key, pattern = digits, after
	}
}
