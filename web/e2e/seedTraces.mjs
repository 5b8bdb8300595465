// Fills experiments with traces over OTLP, as OpenTelemetry's exporters send them.
import { randomBytes } from "node:crypto";
import { server } from "./walk.mjs";

const hex = (bytes) => randomBytes(bytes).toString("hex");

function anyValue(value) {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (Number.isInteger(value)) return { intValue: String(value) };
  return { doubleValue: value };
}

const attributesOf = (values) =>
  Object.entries(values ?? {}).map(([key, value]) => ({ key, value: anyValue(value) }));

const nanos = (ms) => String(BigInt(Math.round(ms * 1000)) * 1000n);

/**
 * A trace as OTLP spans. Each span is { name, type, at, ms, parent, inputs, outputs, attributes, error, events }, where
 * parent is an index and at is in milliseconds after the start.
 */
export function trace(startMS, spans) {
  const traceID = hex(16);
  const ids = spans.map(() => hex(8));
  const list = spans.map((s, i) => ({
    traceId: traceID,
    spanId: ids[i],
    ...(s.parent !== undefined && { parentSpanId: ids[s.parent] }),
    name: s.name,
    startTimeUnixNano: nanos(startMS + (s.at ?? 0)),
    endTimeUnixNano: nanos(startMS + (s.at ?? 0) + s.ms),
    attributes: attributesOf({
      ...(s.type && { "mlflow.spanType": s.type }),
      ...(s.inputs !== undefined && { "mlflow.spanInputs": JSON.stringify(s.inputs) }),
      ...(s.outputs !== undefined && { "mlflow.spanOutputs": JSON.stringify(s.outputs) }),
      ...s.attributes,
    }),
    events: (s.events ?? []).map((e) => ({
      name: e.name,
      timeUnixNano: nanos(startMS + (e.at ?? 0)),
      attributes: attributesOf(e.attributes),
    })),
    status: s.error ? { code: 2, message: s.error } : { code: 1 },
  }));
  return { id: `tr-${traceID}`, spanIDs: ids, spans: list };
}

/** Sends traces to an experiment. */
export async function send(experimentID, traces) {
  const spans = traces.flatMap((t) => t.spans);
  for (let i = 0; i < spans.length; i += 2000) {
    const response = await fetch(`${server}/v1/traces`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "x-mlflow-experiment-id": experimentID },
      body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: spans.slice(i, i + 2000) }] }] }),
    });
    if (!response.ok) throw new Error(`v1/traces: ${response.status} ${await response.text()}`);
  }
}

const questions = [
  "What is the status of order 4711?",
  "Summarise the incident report of last Tuesday in three sentences.",
  "Which of our suppliers deliver to Norway?",
  "Translate “the mill grinds slowly” into German.",
];

/** The i-th of many traces of an agent: a tool call and two calls of a model. Every tenth fails. */
export function agentTrace(i, startMS) {
  const question = questions[i % questions.length];
  const failed = i % 10 === 9;
  const ms = 200 + ((i * 7919) % 2800);
  const usage = { "gen_ai.usage.input_tokens": 120 + (i % 50), "gen_ai.usage.output_tokens": 30 + (i % 20) };
  return trace(startMS, [
    {
      name: "support-agent",
      type: "AGENT",
      ms,
      inputs: { question },
      outputs: failed ? undefined : { answer: `Answer ${i} to “${question}”` },
      attributes: { "session.id": `session-${i % 12}`, "user.id": `user-${i % 5}` },
      error: failed ? "the tool timed out" : "",
    },
    {
      name: "chat",
      type: "CHAT_MODEL",
      parent: 0,
      at: 5,
      ms: ms * 0.4,
      inputs: {
        model: "gpt-4o-mini",
        messages: [
          { role: "system", content: "You are a **helpful** support agent." },
          { role: "user", content: question },
        ],
      },
      outputs: {
        choices: [
          {
            message: {
              role: "assistant",
              content: null,
              tool_calls: [
                {
                  id: "call_1",
                  type: "function",
                  function: { name: "lookup", arguments: '{"order": 4711}' },
                },
              ],
            },
          },
        ],
      },
      attributes: { "gen_ai.request.model": "gpt-4o-mini", ...usage },
    },
    {
      name: "lookup",
      type: "TOOL",
      parent: 0,
      at: ms * 0.45,
      ms: ms * 0.2,
      inputs: { order: 4711 },
      outputs: failed ? undefined : { state: "shipped", note: "<img src=x onerror=alert(1)>" },
      error: failed ? "the tool timed out" : "",
      events: failed
        ? [
            {
              name: "exception",
              at: ms * 0.6,
              attributes: {
                "exception.type": "TimeoutError",
                "exception.message": "the tool timed out",
                "exception.stacktrace":
                  'Traceback (most recent call last):\n  File "agent.py", line 12, in lookup\nTimeoutError: the tool timed out',
              },
            },
          ]
        : [],
    },
    ...(failed
      ? []
      : [
          {
            name: "chat",
            type: "CHAT_MODEL",
            parent: 0,
            at: ms * 0.66,
            ms: ms * 0.3,
            inputs: {
              model: "gpt-4o-mini",
              messages: [
                { role: "user", content: question },
                {
                  role: "assistant",
                  content: null,
                  tool_calls: [
                    {
                      id: "call_1",
                      type: "function",
                      function: { name: "lookup", arguments: '{"order": 4711}' },
                    },
                  ],
                },
                { role: "tool", tool_call_id: "call_1", content: '{"state": "shipped"}' },
              ],
            },
            outputs: {
              choices: [{ message: { role: "assistant", content: `Answer ${i} to “${question}”` } }],
            },
            attributes: { "gen_ai.request.model": "gpt-4o-mini", ...usage },
          },
        ]),
  ]);
}

/** A trace of a thousand steps per parent, as deep as the number of spans asks for. */
export function bigTrace(count, startMS) {
  const spans = [{ name: "root", type: "CHAIN", ms: count }];
  for (let i = 1; i < count; i++) {
    spans.push({
      name: `step-${i}`,
      type: ["TOOL", "RETRIEVER", "CHAT_MODEL", "CHAIN"][i % 4],
      parent: i % 100 === 1 ? 0 : i - ((i - 1) % 100),
      at: i,
      ms: i % 100 === 1 ? 100 : 1,
      inputs: { i },
    });
  }
  return trace(startMS, spans);
}
