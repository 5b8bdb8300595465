package conventions

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/internal/span"
)

// isGemini reports whether a span is from Gemini CLI.
func isGemini(a span.Attributes) bool { return span.Text(a.Get("gen_ai.agent.name")) == "gemini-cli" }

// geminiInputs returns the messages of Gemini CLI as its API has them, which pages show as a chat.
func geminiInputs(a *span.Attributes) string {
	v := present(*a, []string{"gen_ai.input.messages", "gen_ai.tool.call.arguments"})
	if v == "" || v[0] != '[' && v[0] != '"' {
		return v
	}
	if span.Text(a.Get("gen_ai.operation.name")) == "system_prompt" {
		v = systemMessages(v)
	}
	return dumps(`{"contents": ` + v + `}`)
}

// systemMessages gives the messages of the user in a list the role of the system.
func systemMessages(list string) string {
	var items []map[string]json.RawMessage
	if json.Unmarshal([]byte(list), &items) != nil {
		return list
	}
	for _, item := range items {
		if string(item["role"]) == `"user"` {
			item["role"] = json.RawMessage(`"system"`)
		}
	}
	text, err := json.Marshal(items)
	if err != nil {
		return list
	}
	return python.JSON(text)
}

// geminiOutputs returns the answer of Gemini CLI as its API has it, which is one candidate
// with the parts of all messages.
func geminiOutputs(a *span.Attributes) string {
	v := present(*a, []string{"gen_ai.output.messages", "gen_ai.tool.call.result"})
	var items []struct {
		Parts []json.RawMessage `json:"parts"`
	}
	if json.Unmarshal([]byte(v), &items) != nil {
		return v
	}
	var parts []string
	for _, item := range items {
		for _, part := range item.Parts {
			parts = append(parts, string(part))
		}
	}
	if parts == nil {
		return v
	}
	return dumps(`{"candidates": [{"content": {"role": "model", "parts": ` + listOf(parts) + `}}]}`)
}

// Kinds of spans of Claude Code. Some versions write them without the prefix.
const (
	claudePrefix      = "claude_code."
	claudeInteraction = "interaction"
	claudeRequest     = "llm_request"
	claudeTool        = "tool"
)

// redacted is what Claude Code writes instead of contents that it does not export.
const redacted = "<REDACTED>"

// claudeSpan returns the kind of a span of Claude Code, or "".
func claudeSpan(a span.Attributes) string {
	kind := strings.TrimPrefix(span.Text(a.Get("span.type")), claudePrefix)
	if slices.Contains([]string{claudeInteraction, claudeRequest, claudeTool}, kind) {
		return kind
	}
	return ""
}

func isClaude(a span.Attributes) bool { return claudeSpan(a) != "" }

func isClaudeRequest(a span.Attributes) bool { return claudeSpan(a) == claudeRequest }

func claudeKind(a span.Attributes) string {
	return map[string]string{claudeInteraction: agent, claudeRequest: llm, claudeTool: tool}[claudeSpan(a)]
}

// exported returns the JSON of an attribute of Claude Code that is not redacted, or "".
func exported(a span.Attributes, keys ...string) string {
	for _, key := range keys {
		if v := a.Get(key); !empty(v) && span.Text(v) != redacted {
			return v
		}
	}
	return ""
}

func claudeInputs(a *span.Attributes) string {
	switch claudeSpan(*a) {
	case claudeInteraction:
		return exported(*a, "user_prompt", "new_context")
	case claudeRequest:
		return exported(*a, "new_context")
	}
	if v := exported(*a, "tool_input"); v != "" {
		return v
	}
	var members []string
	for _, key := range []string{"full_command", "file_path", "skill_name", "subagent_type"} {
		if v := exported(*a, key); v != "" {
			members = append(members, quote(key)+": "+v)
		}
	}
	if members == nil {
		return ""
	}
	return dumps("{" + strings.Join(members, ", ") + "}")
}

func claudeOutputs(a *span.Attributes) string {
	switch claudeSpan(*a) {
	case claudeRequest:
		return exported(*a, "response.model_output")
	case claudeTool:
		return exported(*a, "new_context")
	}
	return ""
}

// claudeToolOutput returns what a tool of Claude Code has answered, which is in an event.
func claudeToolOutput(s *span.Span) string {
	if claudeSpan(s.Attributes) != claudeTool {
		return ""
	}
	for i := range s.Events {
		if s.Events[i].Name == "tool.output" {
			if v := exported(s.Events[i].Attributes, "output", "content", "diff"); v != "" {
				return v
			}
		}
	}
	return ""
}
