package conventions

import (
	"strings"

	"github.com/millrace-ml/millrace/internal/span"
)

// convention names the attributes of an instrumentation.
type convention struct {
	// kinds are the types of MLflow by the value of the first of kindKeys that has one.
	kindKeys []string
	kinds    map[string]string
	// tokens are the keys of the input, output, total, cache-read and cache-creation tokens.
	tokens [5][]string
	// withoutCache is whether the input tokens do not include those of the cache.
	withoutCache                   bool
	inputs, outputs, models, tools []string
	provider                       []string
	format                         string
	formatKeys                     []string // one of which is present if the format is the convention's
	needs                          func(span.Attributes) bool
	kind                           func(span.Attributes) string
	findInputs, findOutputs        func(*span.Attributes) string
}

// kindOf returns the type of a span, or "".
func (c *convention) kindOf(a span.Attributes) string {
	if c.needs != nil && !c.needs(a) {
		return ""
	}
	if c.kind != nil {
		return c.kind(a)
	}
	for _, key := range c.kindKeys {
		if kind := c.kinds[span.Text(a.Get(key))]; kind != "" {
			return kind
		}
	}
	return ""
}

// inputsOf returns the JSON of the inputs of a span, or "".
func (c *convention) inputsOf(a *span.Attributes) string {
	switch {
	case c.needs != nil && !c.needs(*a):
		return ""
	case c.findInputs != nil:
		return c.findInputs(a)
	}
	return present(*a, c.inputs)
}

// outputsOf returns the JSON of the outputs of a span, or "".
func (c *convention) outputsOf(a *span.Attributes) string {
	switch {
	case c.needs != nil && !c.needs(*a):
		return ""
	case c.findOutputs != nil:
		return c.findOutputs(a)
	}
	return present(*a, c.outputs)
}

// formatOf returns the format of the messages of a span, or "".
func (c *convention) formatOf(a span.Attributes) string {
	if c.format == "" || c.needs != nil && !c.needs(a) {
		return ""
	}
	if c.formatKeys == nil {
		return c.format
	}
	for i := range a {
		for _, key := range c.formatKeys {
			if prefix, cut := strings.CutSuffix(key, "*"); cut && strings.HasPrefix(a[i].Key, prefix) || a[i].Key == key {
				return c.format
			}
		}
	}
	return ""
}

// Types of spans.
const (
	agent, chain, chatModel, embedding = "AGENT", "CHAIN", "CHAT_MODEL", "EMBEDDING"
	evaluator, guardrail, llm, memory  = "EVALUATOR", "GUARDRAIL", "LLM", "MEMORY"
	reranker, retriever, task, tool    = "RERANKER", "RETRIEVER", "TASK", "TOOL"
	workflow                           = "WORKFLOW"
)

// genAITokens are the keys of OpenTelemetry's semantic conventions.
var genAITokens = [5][]string{
	{"gen_ai.usage.input_tokens"},
	{"gen_ai.usage.output_tokens"},
	nil,
	{"gen_ai.usage.cache_read.input_tokens"},
	{"gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens"},
}

var genAIModels = []string{"gen_ai.response.model", "gen_ai.request.model"}

// table has the conventions in the order in which they are asked.
var table = []convention{
	{ // OpenInference
		kindKeys: []string{"openinference.span.kind"},
		kinds: map[string]string{
			"TOOL": tool, "CHAIN": chain, "LLM": llm, "RETRIEVER": retriever, "EMBEDDING": embedding, "AGENT": agent,
			"RERANKER": reranker, "UNKNOWN": unknownType, "GUARDRAIL": guardrail, "EVALUATOR": evaluator,
		},
		tokens: [5][]string{
			{"llm.token_count.prompt"},
			{"llm.token_count.completion"},
			{"llm.token_count.total"},
			{"llm.token_count.prompt_details.cache_read"},
			{"llm.token_count.prompt_details.cache_write"},
		},
		inputs: []string{"input.value"}, outputs: []string{"output.value"},
		models: []string{
			"llm.response.model_name", "llm.model_name", "llm.request.model_name", "embedding.model_name",
		},
		provider: []string{"llm.provider"},
	},
	{ // Gemini CLI
		needs:    isGemini,
		kindKeys: []string{"gen_ai.operation.name"},
		kinds:    map[string]string{"llm_call": llm, "tool_call": tool, "agent_call": agent},
		format:   "gemini", findInputs: geminiInputs, findOutputs: geminiOutputs,
	},
	{ // Claude Code
		needs: isClaude, kind: claudeKind, findInputs: claudeInputs, findOutputs: claudeOutputs,
	},
	{ // Calls of a model by Claude Code
		needs: isClaudeRequest, withoutCache: true,
		tokens: [5][]string{
			{"input_tokens"}, {"output_tokens"}, nil, {"cache_read_tokens"}, {"cache_creation_tokens"},
		},
	},
	{ // OpenTelemetry's semantic conventions of generative AI
		kindKeys: []string{"gen_ai.operation.name"},
		kinds: map[string]string{
			"chat": chatModel, "create_agent": agent, "embeddings": embedding, "execute_tool": tool,
			"generate_content": llm, "invoke_agent": agent, "text_completion": llm, "response": llm,
		},
		tokens: genAITokens, models: genAIModels, provider: []string{"gen_ai.provider.name"},
		inputs:  []string{"gen_ai.input.messages", "gen_ai.tool.call.arguments"},
		outputs: []string{"gen_ai.output.messages", "gen_ai.tool.call.result"},
		tools:   []string{"gen_ai.tool.definitions"},
	},
	{ // Traceloop
		kindKeys: []string{"traceloop.span.kind"},
		kinds: map[string]string{
			"workflow": workflow, "task": task, "agent": agent, "tool": tool, "unknown": unknownType,
		},
		tokens: [5][]string{
			{"gen_ai.usage.prompt_tokens"}, {"gen_ai.usage.completion_tokens"}, {"llm.usage.total_tokens"},
		},
		inputs: []string{
			"traceloop.entity.input", "gen_ai.prompt.#.content", "gen_ai.completion.#.tool_calls.#.arguments",
		},
		outputs:  []string{"traceloop.entity.output", "gen_ai.completion.#.content"},
		provider: []string{"gen_ai.system"},
	},
	{ // Google ADK
		inputs:  []string{"gcp.vertex.agent.llm_request", "gcp.vertex.agent.tool_call_args"},
		outputs: []string{"gcp.vertex.agent.llm_response", "gcp.vertex.agent.tool_response"},
	},
	{ // Calls of a chat model by Vercel AI
		needs: vercelChat, findInputs: vercelInputs, findOutputs: vercelOutputs,
	},
	{ // Vercel AI
		kindKeys: []string{"ai.operationId"},
		kinds: map[string]string{
			"ai.generateText": llm, "ai.generateText.doGenerate": llm, "ai.toolCall": tool, "ai.streamText": llm,
			"ai.streamText.doStream": llm, "ai.generateObject": llm, "ai.generateObject.doGenerate": llm,
			"ai.streamObject": llm, "ai.streamObject.doStream": llm, "ai.embed": embedding, "ai.embed.doEmbed": embedding,
			"ai.embedMany": embedding,
		},
		inputs: []string{"ai.prompt", "ai.toolCall.args", "ai.value", "ai.values"},
		outputs: []string{
			"ai.response.text", "ai.toolCall.result", "ai.response.object", "ai.embedding", "ai.embeddings",
		},
	},
	{ // VoltAgent
		kindKeys: []string{"span.type", "entity.type"},
		kinds:    map[string]string{"agent": agent, "llm": llm, "tool": tool, "memory": memory},
		tokens: [5][]string{
			{"usage.prompt_tokens", "llm.usage.prompt_tokens"},
			{"usage.completion_tokens", "llm.usage.completion_tokens"},
			{"usage.total_tokens", "llm.usage.total_tokens"},
		},
		inputs: []string{"agent.messages", "llm.messages", "input"}, outputs: []string{"output"},
		format: "voltagent", formatKeys: []string{"voltagent.operation_id", "voltagent.conversation_id"},
	},
	{ // LiveKit
		kind: liveKitKind, tokens: genAITokens, models: genAIModels,
		inputs:  []string{"lk.user_input", "lk.user_transcript", "lk.chat_ctx", "lk.input_text"},
		outputs: []string{"lk.response.text", "lk.response.function_calls"},
		format:  "livekit", formatKeys: []string{"lk.*"},
	},
	{ // Laminar
		kindKeys: []string{"lmnr.span.type"},
		kinds: map[string]string{
			"LLM": llm, "TOOL": tool, "DEFAULT": chain, "PIPELINE": chain, "EXECUTOR": agent, "EVALUATOR": evaluator,
			"HUMAN_EVALUATOR": evaluator, "EVALUATION": evaluator, "CACHED": llm,
		},
		inputs: []string{"lmnr.span.input"}, outputs: []string{"lmnr.span.output"}, provider: []string{"gen_ai.system"},
		format: "openai", formatKeys: []string{"lmnr.span.type"},
	},
	{ // Langfuse
		kindKeys: []string{"langfuse.observation.type"},
		kinds: map[string]string{
			"generation": llm, "embedding": embedding, "tool": tool, "retriever": retriever, "agent": agent, "chain": chain,
			"evaluator": evaluator, "guardrail": guardrail, "span": unknownType,
		},
		inputs: []string{"langfuse.observation.input"}, outputs: []string{"langfuse.observation.output"},
	},
}
