package span

import (
	"encoding/json"
	"slices"
	"unicode/utf8"
)

// maxPreview is the most characters of a preview.
const maxPreview = 1000

// RequestPreview returns the beginning of the inputs of a root span, or nil if it has none.
// It is the last message of the user if the inputs are a chat.
func (s *Span) RequestPreview() *string { return preview(s.Attributes.Get(AttrInputs), "user") }

// ResponsePreview returns the beginning of the outputs of a root span as
// [Span.RequestPreview] does with the last message of the assistant.
func (s *Span) ResponsePreview() *string { return preview(s.Attributes.Get(AttrOutputs), "assistant") }

func preview(document, role string) *string {
	if document == "" {
		return nil
	}
	text := document
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(document), &object) == nil {
		if content := lastMessage(messages(object), role).text(); content != "" {
			text = withoutNUL(content)
		}
	}
	if utf8.RuneCountInString(text) > maxPreview {
		text = First(text, maxPreview-3) + "..."
	}
	return &text
}

// message is a message of a chat in the form of OpenAI.
type message struct {
	Role    json.RawMessage `json:"role"`
	Content json.RawMessage `json:"content"`
}

// messages returns the messages of a request or a response of OpenAI's APIs.
func messages(object map[string]json.RawMessage) []message {
	if list := messageList(object["messages"]); list != nil {
		return list
	}
	var choices []struct {
		Message *message `json:"message"`
	}
	if json.Unmarshal(object["choices"], &choices) == nil && len(choices) > 0 && choices[0].Message.complete() {
		return []message{*choices[0].Message}
	}
	for _, key := range []string{"input", "output"} {
		if list := messageList(object[key]); list != nil {
			return list
		}
	}
	var request map[string]json.RawMessage
	if json.Unmarshal(object["request"], &request) == nil && request != nil {
		return messages(request)
	}
	return nil
}

// messageList returns the items of a list that are messages. It is nil if there is no list
// with items.
func messageList(raw json.RawMessage) []message {
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil || len(items) == 0 {
		return nil
	}
	list := []message{}
	for _, item := range items {
		var m message
		if json.Unmarshal(item, &m) == nil && m.complete() {
			list = append(list, m)
		}
	}
	return list
}

// complete reports whether a message has a role and a content.
func (m *message) complete() bool { return m != nil && m.Role != nil && m.Content != nil }

// lastMessage returns the last message of a role, or the last one of all.
func lastMessage(list []message, role string) message {
	for _, m := range slices.Backward(list) {
		if Text(string(m.Role)) == role {
			return m
		}
	}
	if len(list) == 0 {
		return message{}
	}
	return list[len(list)-1]
}

// text returns the text of a message, or that of its first part with one.
func (m message) text() string {
	var s string
	if json.Unmarshal(m.Content, &s) == nil {
		return s
	}
	var parts []json.RawMessage
	if json.Unmarshal(m.Content, &parts) != nil {
		return ""
	}
	for _, part := range parts {
		if json.Unmarshal(part, &s) == nil {
			return s
		}
		var p struct{ Type, Text string }
		if json.Unmarshal(part, &p) == nil && (p.Type == "text" || p.Type == "output_text") {
			return p.Text
		}
	}
	return ""
}
