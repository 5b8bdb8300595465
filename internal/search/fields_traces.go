package search

import (
	"slices"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// attributesPrefix precedes the name of an attribute of spans in a key.
const attributesPrefix = "attributes."

// traceGrammar has the fields of traces. Fields of spans and assessments, and keys with columns
// of their own, are resolved by traceField.
var traceGrammar = &grammar{
	table: "ti",
	id:    "request_id",
	prefixes: map[string]entity{
		"attribute": entAttribute, "attributes": entAttribute, "trace": entAttribute,
		"tag": entTag, "tags": entTag, "metadata": entMetadata, "request_metadata": entMetadata,
		"span": entSpan, "feedback": entFeedback, "expectation": entExpectation, "issue": entIssue,
	},
	badPrefix: "Invalid entity type '%s'. Valid values are {'attribute', 'attributes', 'expectation', 'feedback', " +
		"'issue', 'metadata', 'request_metadata', 'span', 'tag', 'tags', 'trace'}",
	attrs: []attr{
		{name: "request_id", column: "request_id", values: traceText},
		{name: "timestamp_ms", aliases: []string{"timestamp"}, column: "timestamp_ms", values: traceNumber},
		{name: "execution_time_ms", aliases: []string{"execution_time"}, column: "execution_time_ms", values: traceNumber},
		{name: "end_time_ms", aliases: []string{"end_time"}, column: columnEndTime, values: traceNumber},
		{name: "status", column: "status", values: traceText},
		{name: "client_request_id", column: "client_request_id", values: traceText, use: filterOnly},
		{name: "name", column: "trace_name", values: traceName},
		{name: "run_id", column: columnRun, values: traceRun},
		{name: "prompt", column: columnPrompt, values: tracePrompt, use: filterOnly},
		{name: "text", column: columnText, values: spanContent, use: filterOnly},
		{name: "experiment_id", column: "experiment_id", values: traceNumber, use: orderOnly},
	},
	keyed: map[entity]keyed{
		entTag: {
			table: "trace_tags", owner: "request_id", key: "`key`", value: "value", values: traceTagValue,
			byValue: "millrace_trace_tags_by_value",
		},
		entMetadata: {
			table: "trace_request_metadata", owner: "request_id", key: "`key`", value: "value", values: traceMetadataValue,
			byValue: "millrace_trace_metadata_by_value",
		},
		entFeedback:    {values: traceAssessment},
		entExpectation: {values: traceAssessment},
	},
	nullable: []entity{entAttribute, entTag, entMetadata, entSpan, entFeedback, entExpectation, entIssue},
	foldOps:  true, quoteStrays: true, describe: traceField,
}

// These are columns of attributes that are no columns of trace_info.
const (
	columnEndTime = "end_time"
	columnRun     = "run"
	columnPrompt  = "prompt"
	columnText    = "text"
)

// jsonColumns are the columns that a key of the metadata stands for, by the JSON key of each.
var jsonColumns = map[string][]string{
	tracing.MetadataTokenUsage: {
		"input_tokens", "output_tokens", "total_tokens", "cache_read_input_tokens", "cache_creation_input_tokens",
		"cache_creation_input_tokens_above_1hr",
	},
	tracing.MetadataCost: {"input_cost", "output_cost", "total_cost"},
}

// Sets of comparators, in the order in which messages print them.
var (
	opsTraceText       = []string{"!=", "=", opILike, opIn, opLike, opNotIn, opRLike}
	opsTraceKeyed      = []string{"!=", "=", opILike, opIsNotNull, opIsNull, opLike, opRLike}
	opsTraceAssessment = []string{"!=", "<", "<=", "=", ">", ">=", opILike, opIsNotNull, opIsNull, opLike, opRLike}
	opsReserved        = []string{"!=", "=", opIsNotNull, opIsNull}
	opsOrdered         = []string{"<", "<=", ">", ">="}
)

const badTraceTag = "Expected a quoted string value for tag (e.g. 'my-value'). Got value %s"

const badOpSpan = "span.%[2]s comparator '%[1]s' not one of '%[3]s'"

var (
	traceText          = &valueType{ops: opsTraceText, badOp: badOpQuoted, lists: true, parse: parseTraceAttribute}
	traceNumber        = &valueType{ops: opsNumber, badOp: badOpQuoted, parse: parseTraceNumber}
	traceName          = &valueType{ops: opsTraceKeyed, badOp: badOp, parse: parseTraceAttribute}
	traceRun           = &valueType{ops: opsTraceKeyed, badOp: badOpQuoted, parse: parseTraceAttribute}
	traceTagValue      = &valueType{ops: opsTraceKeyed, badOp: badOp, parse: parseText(badTraceTag, true)}
	traceMetadataValue = &valueType{ops: opsTraceKeyed, badOp: badOpQuoted, parse: parseTraceKeyed}
	reservedMetadata   = &valueType{
		ops: opsReserved, parse: parseTraceKeyed, badOp: "Comparator '%[1]s' is not supported for reserved metadata " +
			"'%[2]s'. Only '=', '!=', 'IS NULL', and 'IS NOT NULL' are supported.",
	}
	tracePrompt = &valueType{
		ops: []string{"="}, parse: parsePrompt, badOp: "Invalid comparator '%[1]s' for prompts filter. " +
			"Only '=' is supported with format: prompt = \"name/version\"",
	}
	traceAssessment = &valueType{
		ops: opsTraceAssessment, badOp: "assessment.%[2]s comparator '%[1]s' not one of '%[3]s'", parse: parseAssessment,
	}
	spanText    = &valueType{ops: opsTraceText, badOp: badOpSpan, lists: true, parse: parseSpan}
	spanContent = &valueType{
		ops: []string{opILike, opLike}, badOp: "span.content comparator '%[1]s' not one of '%[3]s'", lists: true,
		parse: parseSpan,
	}
	spanOther = &valueType{ops: []string{"!=", "=", opILike, opLike, opRLike}, badOp: badOpSpan, parse: parseSpan}
	issueID   = &valueType{
		ops: []string{"="}, badOp: "issue.%[2]s comparator '%[1]s' not one of '%[3]s'", parse: parseTraceKeyed,
	}

	// These types have no comparators, so that the name is the error.
	noSpanKey = &valueType{
		parse: parseSpan, badOp: "Invalid span attribute '%[2]s'. Supported attributes: name, status, type, " +
			"attributes.<attribute_name>.",
	}
	noSpanAttribute = &valueType{parse: parseSpan, badOp: "Span attribute name cannot be empty after '%[2]s'"}
	noIssueKey      = &valueType{
		parse: parseTraceKeyed, badOp: "Invalid issue attribute '%[2]s'. Supported attributes: id",
	}
	noAssessment = &valueType{parse: parseAssessment, badOp: "Assessment field name cannot be empty%[2]s"}
)

// traceField gives a field that is no attribute of traces the attribute that describes it: those
// of spans and assessments, and keys that columns of trace_info have.
func traceField(f field) field {
	a := &attr{name: f.key}
	switch f.ent {
	case entSpan:
		spanField(a)
	case entIssue:
		if a.values = noIssueKey; f.key == "id" {
			a.values = issueID
		}
	case entFeedback, entExpectation:
		if a.values = traceAssessment; f.key == "" {
			a.values = noAssessment
		}
	case entTag:
		switch f.key {
		case tracing.TagTraceName:
			a.column, a.values = "trace_name", traceTagValue
		case tracing.TagLinkedPrompts:
			a.column, a.values = columnPrompt, tracePrompt
		}
	case entMetadata:
		switch {
		case f.key == tracing.MetadataSession:
			a.column, a.values = "session_id", traceMetadataValue
		case f.key == tracing.MetadataSourceRun:
			a.column, a.values = columnRun, traceMetadataValue
		case jsonColumns[f.key] != nil:
			a.values = reservedMetadata
		}
	}
	if a.values != nil {
		f.attr = a
	}
	return f
}

func spanField(a *attr) {
	name, isAttribute := strings.CutPrefix(a.name, attributesPrefix)
	name, _ = unquote(name, '`')
	switch {
	case isAttribute && name == "":
		a.values = noSpanAttribute
	case isAttribute:
		a.values, a.tag = spanOther, name
	case a.name == "content":
		a.values, a.column = spanContent, "content"
	case slices.Contains([]string{"name", "type", "status"}, a.name):
		a.values, a.column = spanText, a.name
	default:
		a.values = noSpanKey
	}
}

// parseTraceAttribute parses the value of a text attribute of traces.
func parseTraceAttribute(g *grammar, src source, c *condition, v atom) ([]any, error) {
	if v.isNumber() {
		return nil, src.errAt(v.pos, "Only the '%s' attributes support comparison with numeric values.",
			python.ReprSet([]string{
				"end_time", "end_time_ms", "execution_time", "execution_time_ms", "timestamp", "timestamp_ms",
			}))
	}
	return parseText("Expected a quoted string value or a list of quoted string values for attributes. Got value %s",
		true)(g, src, c, v)
}

// parseTraceNumber parses a number of milliseconds, which columns of integers have.
func parseTraceNumber(g *grammar, src source, c *condition, v atom) ([]any, error) {
	if v.kind == atomList {
		return nil, src.errAt(v.pos, "Only attributes in %s supports comparison with a list of quoted string values.",
			python.ReprSet([]string{"client_request_id", "name", "request_id", "run_id", "status"}))
	}
	values, err := parseNumber(g, src, c, v)
	if err != nil {
		return nil, err
	}
	if x, isFloat := values[0].(float64); isFloat {
		return []any{wholeNumber(c.op, x)}, nil
	}
	return values, nil
}

func parseTraceKeyed(_ *grammar, src source, c *condition, v atom) ([]any, error) {
	if v.isText() {
		return quotedText(src, v)
	}
	return nil, badKeyed(src, c, v)
}

func badKeyed(src source, c *condition, v atom) error {
	return src.errAt(v.pos, "Expected a quoted string value for %s (e.g. 'my-value'). Got value %s", c.ent, v.text)
}

func parseSpan(g *grammar, src source, c *condition, v atom) ([]any, error) {
	if v.kind == atomList && c.attr.values.lists {
		return stringList(src, v)
	}
	return parseTraceKeyed(g, src, c, v)
}

func parsePrompt(g *grammar, src source, c *condition, v atom) ([]any, error) {
	values, err := parseTraceKeyed(g, src, c, v)
	if err == nil && c.op == "=" && strings.Count(values[0].(string), "/") != 1 {
		return nil, src.errAt(v.pos, "Invalid prompts filter value '%s'. Expected format: prompt = \"name/version\"",
			values[0])
	}
	return values, err
}

// parseAssessment parses the value of an assessment: a number where the comparator orders, a text
// otherwise.
func parseAssessment(_ *grammar, src source, c *condition, v atom) ([]any, error) {
	ordered := slices.Contains(opsOrdered, c.op)
	if ordered && v.isNumber() {
		if x, err := strconv.ParseFloat(v.text, 64); err == nil {
			return []any{x}, nil
		}
		return nil, tooLarge(src, v)
	}
	if ordered {
		return nil, src.errAt(v.pos, "Expected a numeric value for %s when using comparator '%s'. Got value %s",
			c.ent, c.op, v.text)
	}
	if v.isText() {
		return quotedText(src, v)
	}
	return nil, badKeyed(src, c, v)
}
