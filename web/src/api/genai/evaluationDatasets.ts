// Datasets of examples for evaluations, and their records.
import {
  infiniteQueryOptions,
  keepPreviousData,
  type QueryClient,
  queryOptions,
} from "@tanstack/react-query";
import { inBatches } from "../../lib/batches";
import { datasetFilter } from "../../lib/genai/filters";
import { recordOfTrace, type TraceRecord } from "../../lib/genai/fromTraces";
import { type DatasetRecord, toRecord } from "../../lib/genai/records";
import { spanTree } from "../../lib/traces/spans";
import { v3 } from "../client";
import { traceDetail, traceSpans } from "../traces";

export interface EvaluationDataset {
  id: string;
  name: string;
  digest: string;
  createdMS: number;
  updatedMS: number;
  createdBy: string;
  updatedBy: string;
  tags: Record<string, string>;
  /** Types of fields by "inputs", "outputs" and "expectations". */
  schema: unknown;
  /** Undefined for a dataset that never had records. */
  records: number | undefined;
}

interface WireDataset {
  dataset_id: string;
  name: string;
  tags?: string;
  schema?: string;
  profile?: string;
  digest?: string;
  created_time?: number;
  last_update_time?: number;
  created_by?: string;
  last_updated_by?: string;
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}

function toDataset(d: WireDataset): EvaluationDataset {
  const profile = parsed(d.profile) as { num_records?: number } | undefined;
  const tags = (parsed(d.tags) ?? {}) as Record<string, unknown>;
  return {
    id: d.dataset_id,
    name: d.name,
    digest: d.digest ?? "",
    createdMS: d.created_time ?? 0,
    updatedMS: d.last_update_time ?? 0,
    createdBy: d.created_by ?? "",
    updatedBy: d.last_updated_by ?? "",
    tags: Object.fromEntries(
      Object.entries(tags)
        .filter(([key]) => !key.startsWith("mlflow."))
        .map(([key, value]) => [key, String(value)]),
    ),
    schema: parsed(d.schema),
    records: profile?.num_records,
  };
}

const perPage = 100;

export const evaluationDatasetList = (experimentID: string, text: string, orderBy: string) =>
  infiniteQueryOptions({
    queryKey: ["evaluation datasets", "list", experimentID, text, orderBy],
    queryFn: async ({ pageParam, signal }) => {
      const answer = await v3.post<{ datasets?: WireDataset[]; next_page_token?: string }>(
        "datasets/search",
        {
          experiment_ids: [experimentID],
          filter_string: datasetFilter(text),
          order_by: [orderBy],
          max_results: perPage,
          page_token: pageParam,
        },
        signal,
      );
      return {
        datasets: (answer.datasets ?? []).map(toDataset),
        nextPageToken: answer.next_page_token || undefined,
      };
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextPageToken,
    placeholderData: keepPreviousData,
    retry: false,
  });

const path = (id: string, rest = "") => `datasets/${encodeURIComponent(id)}${rest}`;

export const evaluationDataset = (id: string) =>
  queryOptions({
    queryKey: ["evaluation datasets", "detail", id],
    queryFn: async ({ signal }) =>
      toDataset((await v3.get<{ dataset: WireDataset }>(path(id), undefined, signal)).dataset),
  });

/** The experiments of a dataset. */
export const datasetExperiments = (id: string) =>
  queryOptions({
    queryKey: ["evaluation datasets", "experiments", id],
    queryFn: async ({ signal }) =>
      (await v3.get<{ experiment_ids?: string[] }>(path(id, "/experiment-ids"), undefined, signal))
        .experiment_ids ?? [],
  });

const recordsPerPage = 500;

/** The records in the order in which they were added. */
export const datasetRecords = (id: string) =>
  infiniteQueryOptions({
    queryKey: ["evaluation datasets", "records", id],
    queryFn: async ({ pageParam, signal }) => {
      const answer = await v3.get<{ records: string; next_page_token?: string }>(
        path(id, "/records"),
        { max_results: recordsPerPage, page_token: pageParam },
        signal,
      );
      return {
        records: (JSON.parse(answer.records) as unknown[]).map(toRecord),
        nextPageToken: answer.next_page_token || undefined,
      };
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: { records: DatasetRecord[]; nextPageToken: string | undefined }) =>
      page.nextPageToken,
    // Comparing thousands of records on each refresh costs more than drawing those in sight.
    structuralSharing: false,
  });

/** Creates a dataset in an experiment and returns its id. */
export async function createDataset(
  name: string,
  experimentID: string,
  tags: Readonly<Record<string, string>>,
  user: string,
): Promise<string> {
  const answer = await v3.post<{ dataset: WireDataset }>("datasets/create", {
    name,
    experiment_ids: [experimentID],
    tags: JSON.stringify({ ...tags, ...(user && { "mlflow.user": user }) }),
  });
  return answer.dataset.dataset_id;
}

export const deleteDataset = (id: string): Promise<unknown> => v3.send("DELETE", path(id), {});

export const setDatasetTag = (id: string, key: string, value: string): Promise<unknown> =>
  v3.send("PATCH", path(id, "/tags"), { tags: JSON.stringify({ [key]: value }) });

export const deleteDatasetTag = (id: string, key: string): Promise<unknown> =>
  v3.send("DELETE", path(id, `/tags/${encodeURIComponent(key)}`), {});

export interface NewRecord {
  inputs: object;
  /** A JSON value; undefined leaves those of a known record as they are. */
  outputs: unknown;
  expectations: object;
  tags: Readonly<Record<string, string>>;
}

/** Adds a record that a person wrote, or changes the one with the same inputs. Returns whether it is new. */
export async function putRecord(id: string, record: NewRecord, user: string): Promise<boolean> {
  const wire = {
    inputs: record.inputs,
    ...(record.outputs !== undefined && { outputs: record.outputs }),
    expectations: record.expectations,
    tags: { ...record.tags, ...(user && { "mlflow.user": user }) },
    source: { source_type: "HUMAN", source_data: user ? { user_name: user } : {} },
  };
  const answer = await v3.post<{ inserted_count?: number }>(path(id, "/records"), {
    records: JSON.stringify([wire]),
  });
  return (answer.inserted_count ?? 0) > 0;
}

const deletedAtOnce = 500;

/** Deletes records and returns how many there were. */
export async function deleteRecords(id: string, recordIDs: readonly string[]): Promise<number> {
  let count = 0;
  for (const batch of inBatches(recordIDs, deletedAtOnce)) {
    const answer = await v3.send<{ deleted_count?: number }>("DELETE", path(id, "/records"), {
      dataset_record_ids: batch,
    });
    count += answer.deleted_count ?? 0;
  }
  return count;
}

const readAtOnce = 4;

/**
 * Adds records that are made of traces, whose spans are read here. Returns how many are new, how many were there with the
 * same inputs, and how many traces have no inputs.
 */
export async function putTraces(id: string, client: QueryClient, traces: readonly string[], user: string) {
  const records: (TraceRecord | undefined)[] = [];
  for (const batch of inBatches(traces, readAtOnce)) {
    const read = batch.map(async (traceID) => {
      const [trace, spans] = await Promise.all([
        client.fetchQuery({ ...traceDetail(traceID), staleTime: 60_000 }),
        client.fetchQuery({ ...traceSpans(traceID), staleTime: 60_000 }),
      ]);
      return recordOfTrace(trace, spanTree(spans)[0]);
    });
    records.push(...(await Promise.all(read)));
  }
  const found = records.filter((r) => r !== undefined);
  const wire = found.map((r) => ({ ...r, ...(user && { tags: { "mlflow.user": user } }) }));
  const answer =
    wire.length === 0
      ? {}
      : await v3.post<{ inserted_count?: number; updated_count?: number }>(path(id, "/records"), {
          records: JSON.stringify(wire),
        });
  return {
    inserted: answer.inserted_count ?? 0,
    updated: answer.updated_count ?? 0,
    without: traces.length - found.length,
  };
}
