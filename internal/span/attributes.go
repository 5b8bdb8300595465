package span

import (
	"encoding/json"
	"strings"
)

// Attributes with a meaning for MLflow.
const (
	AttrType          = "mlflow.spanType"
	AttrInputs        = "mlflow.spanInputs"
	AttrOutputs       = "mlflow.spanOutputs"
	AttrUsage         = "mlflow.chat.tokenUsage"
	AttrTools         = "mlflow.chat.tools"
	AttrMessageFormat = "mlflow.message.format"
	AttrCost          = "mlflow.llm.cost"
	AttrModel         = "mlflow.llm.model"
	AttrProvider      = "mlflow.llm.provider"
	// AttrTraceTag precedes the key of a tag of the trace, on a root span.
	AttrTraceTag = "mlflow.traceTag."

	attrSession      = "session.id"
	attrConversation = "gen_ai.conversation.id"
	attrUser         = "user.id"
)

// maxModel is the most characters of the name of a model or of its provider that are kept.
const maxModel = 500

// Text returns the text that a JSON document has, or the document if it has another value. It
// removes NUL characters, which the columns of databases do not have.
func Text(document string) string {
	var s string
	if len(document) > 0 && json.Unmarshal([]byte(document), &s) == nil {
		return withoutNUL(s)
	}
	return document
}

func withoutNUL(s string) string { return strings.ReplaceAll(s, "\x00", "") }

// TypeOf returns the type in the attributes of a span, or "" if they have none.
func TypeOf(a Attributes) string {
	if raw := a.Get(AttrType); raw != "null" {
		return Text(raw)
	}
	return ""
}

// Session returns the session that the span names, or "".
func (s *Span) Session() string {
	for _, key := range []string{attrSession, attrConversation} {
		if raw := s.Attributes.Get(key); raw != "" {
			return Text(raw)
		}
	}
	return ""
}

// User returns the user that the span names, or "".
func (s *Span) User() string { return Text(s.Attributes.Get(attrUser)) }

// Model returns the name of the model that the span called, or "".
func (s *Span) Model() string { return s.modelName(AttrModel) }

// Provider returns the provider of the model that the span called, or "".
func (s *Span) Provider() string { return s.modelName(AttrProvider) }

func (s *Span) modelName(key string) string {
	raw := s.Attributes.Get(key)
	if raw == "null" {
		return ""
	}
	return First(Text(raw), maxModel)
}

// Cost returns the cost that the span has itself.
func (s *Span) Cost() Cost { return ParseCost(s.Attributes.Get(AttrCost)) }

// First returns the first n characters of a text.
func First(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}
