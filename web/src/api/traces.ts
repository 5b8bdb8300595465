// Traces: what one request to an agent or another program did, with its spans and assessments.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { type Assessment, toAssessment, type WireAssessment } from "./assessments";
import { ApiError, millrace, send, serverURL, v3 } from "./client";

export type TraceState = "OK" | "ERROR" | "IN_PROGRESS" | "STATE_UNSPECIFIED";

export interface Trace {
  id: string;
  experimentID: string;
  state: TraceState;
  /** In lists, that of the root span if the program has set none. Empty if there is neither. */
  name: string;
  startMS: number;
  /** Undefined while the trace is in progress. */
  durationMS: number | undefined;
  /** The beginnings of the inputs and outputs, of at most 1,000 characters. */
  request: string;
  response: string;
  tokens: TokenUsage | undefined;
  /** In US dollars. */
  cost: number | undefined;
  session: string;
  user: string;
  runID: string;
  tags: Record<string, string>;
  metadata: Record<string, string>;
  assessments: readonly Assessment[];
}

export interface TokenUsage {
  input: number | undefined;
  output: number | undefined;
  total: number | undefined;
}

interface WireTrace {
  trace_id: string;
  client_request_id?: string;
  trace_location?: { mlflow_experiment?: { experiment_id: string } };
  request_time: string;
  execution_duration?: string;
  state?: TraceState;
  trace_metadata?: Record<string, string>;
  assessments?: WireAssessment[];
  tags?: Record<string, string>;
  request_preview?: string;
  response_preview?: string;
}

function numbersOf(text: string | undefined): Record<string, number | undefined> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return typeof value === "object" && value !== null ? (value as Record<string, number>) : undefined;
  } catch {
    return undefined;
  }
}

export function toTrace(w: WireTrace): Trace {
  const metadata = w.trace_metadata ?? {};
  const tags = w.tags ?? {};
  const usage = numbersOf(metadata["mlflow.trace.tokenUsage"]);
  return {
    id: w.trace_id,
    experimentID: w.trace_location?.mlflow_experiment?.experiment_id ?? "",
    state: w.state ?? "STATE_UNSPECIFIED",
    name: tags["mlflow.traceName"] ?? "",
    startMS: Date.parse(w.request_time),
    durationMS: w.execution_duration === undefined ? undefined : parseFloat(w.execution_duration) * 1000,
    request: w.request_preview ?? "",
    response: w.response_preview ?? "",
    tokens: usage && { input: usage.input_tokens, output: usage.output_tokens, total: usage.total_tokens },
    cost: numbersOf(metadata["mlflow.trace.cost"])?.total_cost,
    session: metadata["mlflow.trace.session"] ?? "",
    user: metadata["mlflow.trace.user"] ?? "",
    runID: metadata["mlflow.sourceRun"] ?? "",
    tags,
    metadata,
    assessments: (w.assessments ?? []).map(toAssessment),
  };
}

export interface TraceQuery {
  experimentID: string;
  filter: string;
  orderBy: string;
}

export interface TracePage {
  traces: Trace[];
  nextPageToken: string | undefined;
}

export const tracesPerPage = 100;

const searchTraces = (query: TraceQuery, pageToken: string | undefined, signal: AbortSignal) =>
  searchTracesIn([query.experimentID], query, pageToken, signal);

/** A page of the traces of several experiments. */
export async function searchTracesIn(
  experimentIDs: readonly string[],
  query: Pick<TraceQuery, "filter" | "orderBy">,
  pageToken: string | undefined,
  signal: AbortSignal,
): Promise<TracePage> {
  const answer = await v3.post<{ traces?: WireTrace[]; next_page_token?: string }>(
    "traces/search",
    {
      locations: experimentIDs.map((id) => ({
        type: "MLFLOW_EXPERIMENT",
        mlflow_experiment: { experiment_id: id },
      })),
      filter: query.filter,
      max_results: tracesPerPage,
      order_by: [query.orderBy],
      page_token: pageToken,
    },
    signal,
  );
  const traces = (answer.traces ?? []).map(toTrace);
  return { traces: await named(traces, signal), nextPageToken: answer.next_page_token || undefined };
}

/** The names of root spans by trace, so that a refresh asks for those of new traces only. */
const rootNames = new Map<string, string>();

/** Gives traces without a name that of their root span: only MLflow's own clients name traces. */
async function named(traces: Trace[], signal: AbortSignal): Promise<Trace[]> {
  const unknown = traces.filter((trace) => trace.name === "" && !rootNames.has(trace.id)).map(({ id }) => id);
  if (unknown.length > 0) {
    const answer = await millrace.post<{ names?: Record<string, string> }>(
      "traces/root-names",
      { trace_ids: unknown },
      signal,
    );
    for (const [id, name] of Object.entries(answer.names ?? {})) rootNames.set(id, name);
  }
  return traces.map((trace) => (trace.name ? trace : { ...trace, name: rootNames.get(trace.id) ?? "" }));
}

export const traceList = (query: TraceQuery) =>
  infiniteQueryOptions({
    queryKey: ["traces", "list", query],
    queryFn: ({ pageParam, signal }) => searchTraces(query, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: TracePage) => page.nextPageToken,
    placeholderData: keepPreviousData,
    retry: false,
  });

/** The first page alone: what live refresh reads, however many pages are loaded. */
export const traceHead = (query: TraceQuery) =>
  queryOptions({
    queryKey: ["traces", "head", query],
    queryFn: ({ signal }) => searchTraces(query, undefined, signal),
    retry: false,
  });

export const traceDetail = (id: string) =>
  queryOptions({
    queryKey: ["traces", "detail", id],
    queryFn: async ({ signal }) => {
      const path = `traces/${encodeURIComponent(id)}`;
      const answer = await v3.get<{ trace: { trace_info: WireTrace } }>(path, undefined, signal);
      return toTrace(answer.trace.trace_info);
    },
  });

/** A span as the server stores it. The values of attributes are texts that hold JSON. */
export interface WireSpan {
  span_id: string;
  parent_span_id?: string | null;
  name: string;
  start_time_unix_nano: number;
  end_time_unix_nano?: number | null;
  attributes?: Record<string, string>;
  events?: {
    name: string;
    timestamp?: number;
    time_unix_nano?: number;
    attributes?: Record<string, unknown>;
  }[];
  links?: { trace_id: string; span_id: string; attributes?: Record<string, unknown> }[];
  status?: { code?: string; message?: string };
}

export const traceSpans = (id: string) =>
  queryOptions({
    queryKey: ["traces", "spans", id],
    queryFn: async ({ signal }) => {
      const url = serverURL("ajax-api/3.0/mlflow/get-trace-artifact", { request_id: id });
      try {
        const answer = (await (await send(url, { signal })).json()) as { spans?: WireSpan[] };
        return answer.spans ?? [];
      } catch (error) {
        // Information of a trace may come before its spans, or without any.
        if (error instanceof ApiError && error.status === 404) return [];
        throw error;
      }
    },
    // Comparing the payloads of 10,000 spans on each refresh costs more than drawing them.
    structuralSharing: false,
    retry: false,
  });

interface AttachmentID {
  traceID: string;
  id: string;
}

/** The address of a file that is kept beside a trace. */
export const attachmentURL = ({ traceID, id }: AttachmentID) =>
  serverURL("ajax-api/3.0/mlflow/get-trace-artifact", { request_id: traceID, path: id });

export const attachmentBytes = (attachment: AttachmentID) =>
  queryOptions({
    queryKey: ["traces", "spans", attachment.traceID, "attachment", attachment.id],
    queryFn: async ({ signal }) => (await send(attachmentURL(attachment), { signal })).arrayBuffer(),
    staleTime: Number.POSITIVE_INFINITY,
    structuralSharing: false,
    retry: false,
  });

/** What has to be read again after a change of a trace: everything but the spans, which do not change with it. */
export const changedTraces = {
  queryKey: ["traces"],
  predicate: ({ queryKey }: { queryKey: readonly unknown[] }) => queryKey[1] !== "spans",
};

export const setTraceTag = (id: string, key: string, value: string) =>
  v3.send("PATCH", `traces/${encodeURIComponent(id)}/tags`, { key, value });

export const deleteTraceTag = (id: string, key: string) =>
  v3.send("DELETE", `traces/${encodeURIComponent(id)}/tags`, { key });

/** Deletes traces for good and returns how many there were. */
export async function deleteTraces(experimentID: string, ids: readonly string[]): Promise<number> {
  let count = 0;
  for (let i = 0; i < ids.length; i += tracesPerPage) {
    const answer = await v3.send<{ traces_deleted: number }>("POST", "traces/delete-traces", {
      experiment_id: experimentID,
      request_ids: ids.slice(i, i + tracesPerPage),
    });
    count += answer.traces_deleted;
  }
  return count;
}
