package search

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

// loggedModelGrammar is parsed by rules of its own: prefixes are matched exactly,
// comparators may be written in lower case, and values need no quotes.
var loggedModelGrammar = &grammar{
	table:    "lm",
	id:       "model_id",
	prefixes: map[string]entity{"attributes": entAttribute, "metrics": entMetric, "params": entParam, "tags": entTag},
	attrs: []attr{
		{name: "model_id", column: "model_id", values: modelText},
		{name: "experiment_id", column: "experiment_id", values: modelInteger},
		{name: "name", column: "name", values: modelText},
		{name: "artifact_location", column: "artifact_location", values: modelText},
		{
			name: "creation_timestamp_ms", aliases: []string{"creation_time", "creation_timestamp"},
			column: "creation_timestamp_ms", values: modelNumber,
		},
		{
			name: "last_updated_timestamp_ms", aliases: []string{"last_updated_timestamp"},
			column: "last_updated_timestamp_ms", values: modelNumber,
		},
		{name: "status", column: "status", values: modelInteger},
		{name: "lifecycle_stage", column: "lifecycle_stage", values: modelText},
		{name: "model_type", column: "model_type", values: modelText},
		{name: "source_run_id", column: "source_run_id", values: modelText},
		{name: "status_message", column: "status_message", values: modelText},
	},
	keyed: map[entity]keyed{
		entMetric: {
			table:  "logged_model_metrics",
			owner:  "model_id",
			key:    "metric_name",
			value:  "metric_value",
			values: modelMetric,
		},
		entParam: {
			table:  "logged_model_params",
			owner:  "model_id",
			key:    "param_key",
			value:  "param_value",
			values: modelText,
		},
		entTag: {table: "logged_model_tags", owner: "model_id", key: "tag_key", value: "tag_value", values: modelText},
	},
}

// Comparators of logged models, in the order in which messages print them.
var (
	modelOpsNumber = []string{"<", "<=", ">", ">=", "=", "!="}
	modelOpsString = []string{"=", "!=", opLike, opILike, opIn, opNotIn}
)

// badOpModel is the message for a comparator that a type lacks, with the name of
// the field, the comparator and the list of comparators.
const badOpModel = "Invalid comparison operator for %[2]s: %[1]s. Expected one of %[3]s."

// The parsers of these types check that the comparator takes what they parse. MLflow
// fails with an internal error for most of the values that they refuse.
var (
	modelText    = &valueType{ops: modelOpsString, badOp: badOpModel, lists: true, parse: parseModelText}
	modelInteger = &valueType{ops: modelOpsString, badOp: badOpModel, lists: true, parse: parseModelInteger}
	modelNumber  = &valueType{ops: modelOpsNumber, badOp: badOpModel, parse: parseModelNumber}
	modelMetric  = &valueType{ops: modelOpsNumber, badOp: badOpModel, parse: parseModelFloat}
)

var modelName = regexp.MustCompile(`^([a-z]+)\.(.+)`)

// checkModelList returns an error if only one of the value and the comparator is
// about a list.
func checkModelList(src source, c *condition, v atom) error {
	if (v.kind == atomList) != (c.op == opIn || c.op == opNotIn) {
		return src.errAt(v.pos, "Invalid value for %s '%s' with comparator %s: %s", c.ent, c.key, c.op, v.text)
	}
	return nil
}

func parseModelFloat(_ *grammar, src source, c *condition, v atom) ([]any, error) {
	if err := checkModelList(src, c, v); err != nil {
		return nil, err
	}
	x, err := strconv.ParseFloat(v.text, 64)
	if math.IsInf(x, 0) {
		return nil, tooLarge(src, v)
	}
	if err != nil || math.IsNaN(x) {
		return nil, src.errAt(v.pos, "Expected numeric value type for %s '%s'. Found %s", c.ent, c.key, v.text)
	}
	return []any{x}, nil
}

// parseModelNumber is parseModelFloat for columns of integers.
func parseModelNumber(g *grammar, src source, c *condition, v atom) ([]any, error) {
	values, err := parseModelFloat(g, src, c, v)
	if err != nil {
		return nil, err
	}
	return []any{wholeNumber(c.op, values[0].(float64))}, nil
}

func parseModelText(_ *grammar, src source, c *condition, v atom) ([]any, error) {
	if err := checkModelList(src, c, v); err != nil {
		return nil, err
	}
	values := []any{strings.Trim(v.text, "'")}
	if v.kind == atomList {
		var err error
		if values, err = stringList(src, v); err != nil {
			return nil, err
		}
	} else if bare, ok := unquote(v.text, '"'); ok {
		values[0] = bare
	}
	for i, value := range values {
		if item, ok := value.(listItem); ok {
			values[i] = string(item)
		}
		if err := checkPattern(src, v.pos, c.op, values[i].(string)); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// parseModelInteger is parseModelText for integers, which may be quoted.
func parseModelInteger(g *grammar, src source, c *condition, v atom) ([]any, error) {
	values, err := parseModelText(g, src, c, v)
	if err != nil {
		return nil, err
	}
	for i, value := range values {
		n, err := strconv.ParseInt(strings.TrimSpace(value.(string)), 10, 64)
		if err != nil || c.op == opLike || c.op == opILike {
			return nil, src.errAt(v.pos, "Attribute '%s' is compared with an integer by =, !=, IN or NOT IN. Found %s",
				c.key, v.text)
		}
		values[i] = n
	}
	return values, nil
}
