package conventions

import (
	"strings"

	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/internal/span"
)

// eventValue returns the JSON of an attribute of the first event with a name that has it.
func eventValue(s *span.Span, event, key string) string {
	for i := range s.Events {
		if s.Events[i].Name == event {
			if v := s.Events[i].Attributes.Get(key); !empty(v) {
				return unwrapped(v)
			}
		}
	}
	return ""
}

// unwrapped returns the JSON for the value of an attribute of an event. A text may hold JSON,
// which is then the value.
func unwrapped(v string) string {
	if text := span.Text(v); strings.HasPrefix(v, `"`) && python.IsJSON(text) {
		return text
	}
	return v
}

// springPrompt and springCompletion return what Spring AI writes into events.
func springPrompt(s *span.Span) string {
	return eventValue(s, "gen_ai.content.prompt", "gen_ai.prompt")
}

func springCompletion(s *span.Span) string {
	return eventValue(s, "gen_ai.content.completion", "gen_ai.completion")
}

// roles are the roles of messages by the names of the events that have them.
var roles = map[string]string{
	"gen_ai.system.message": "system", "gen_ai.user.message": "user", "gen_ai.assistant.message": "assistant",
}

// chatInputs returns the messages to a model in the events of OpenTelemetry's conventions.
func chatInputs(s *span.Span) string {
	var list []string
	for i := range s.Events {
		e := &s.Events[i]
		if content := e.Attributes.Get("content"); roles[e.Name] != "" && !empty(content) {
			list = append(list, `{"role": `+quote(roles[e.Name])+`, "content": `+unwrapped(content)+`}`)
		}
	}
	return listOf(list)
}

// chatOutputs returns the answers of a model in the events of OpenTelemetry's conventions.
func chatOutputs(s *span.Span) string {
	var list []string
	for i := range s.Events {
		e := &s.Events[i]
		content := e.Attributes.Get("content")
		if e.Name != "gen_ai.choice" || empty(content) {
			continue
		}
		role := e.Attributes.Get("role")
		if role == "" {
			role = `"assistant"`
		}
		list = append(list, `{"role": `+unwrapped(role)+`, "content": `+unwrapped(content)+`}`)
	}
	return listOf(list)
}

func listOf(items []string) string {
	if items == nil {
		return ""
	}
	return dumps("[" + strings.Join(items, ", ") + "]")
}

// dumps returns a document as json.dumps writes it.
func dumps(document string) string { return python.JSON([]byte(document)) }

// vercelChat reports whether a span of Vercel AI is the call of a chat model.
func vercelChat(a span.Attributes) bool {
	kind := span.Text(a.Get("ai.operationId"))
	return kind == "ai.generateText.doGenerate" || kind == "ai.streamText.doStream"
}

func vercelInputs(a *span.Attributes) string {
	if a.Get(span.AttrMessageFormat) == "" {
		a.Set(span.AttrMessageFormat, `"vercel_ai"`)
	}
	return membersOf(*a, "ai.prompt.")
}

func vercelOutputs(a *span.Attributes) string { return membersOf(*a, "ai.response.") }

// membersOf returns an object of the attributes whose keys begin with a prefix.
func membersOf(a span.Attributes, prefix string) string {
	var members []string
	for i := range a {
		if key, found := strings.CutPrefix(a[i].Key, prefix); found {
			members = append(members, quote(key)+": "+unwrapped(a[i].JSON))
		}
	}
	if members == nil {
		return ""
	}
	return dumps("{" + strings.Join(members, ", ") + "}")
}

// liveKitKind returns the type of a span of LiveKit's agents.
func liveKitKind(a span.Attributes) string {
	if a.Get("gen_ai.request.model") != "" {
		return llm
	}
	for i := range a {
		switch key := a[i].Key; {
		case key == "lk.retry_count":
			return llm
		case strings.HasPrefix(key, "lk.function_tool"):
			return tool
		case key == "lk.agent_name" || key == "lk.instructions" || key == "lk.generation_id":
			return agent
		case strings.HasPrefix(key, "lk.tts"), key == "lk.input_text", key == "lk.user_transcript",
			key == "lk.transcript_confidence", key == "lk.transcription_delay":
			return unknownType
		}
	}
	return ""
}
