import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { millrace } from "./client";
import { restoreExperiment } from "./experiments";
import { restoreRun } from "./runs";

export type TrashKind = "run" | "logged_model" | "experiment";

export interface TrashItem {
  kind: TrashKind;
  id: string;
  name: string;
  experimentID: string;
  experimentName: string;
  user: string;
  deletedMS: number | undefined;
  /** The runs in an experiment. */
  runs: number;
}

export interface TrashSize {
  files: number;
  bytes: number;
  /** Why the files could not be counted. */
  error: string;
}

export interface Purged {
  removed: number;
  /** How many were removed without files that a registered model needs. */
  inUse: number;
  kept: { id: string; reason: string }[];
}

interface WireItem {
  kind: TrashKind;
  id: string;
  name?: string;
  experiment_id?: string;
  experiment_name?: string;
  user_id?: string;
  deleted_time?: number;
  runs?: number;
}

async function searchTrash(kind: TrashKind, text: string, pageToken?: string, signal?: AbortSignal) {
  const answer = await millrace.post<{ items?: WireItem[]; next_page_token?: string }>(
    "trash/search",
    { kind, text, page_token: pageToken },
    signal,
  );
  const items = (answer.items ?? []).map(
    (item): TrashItem => ({
      kind: item.kind,
      id: item.id,
      name: item.name || item.id.slice(0, 8),
      experimentID: item.experiment_id ?? "",
      experimentName: item.experiment_name ?? "",
      user: item.user_id ?? "",
      deletedMS: item.deleted_time || undefined,
      runs: item.runs ?? 0,
    }),
  );
  return { items, nextPageToken: answer.next_page_token || undefined };
}

const fields: Record<TrashKind, string> = {
  run: "run_ids",
  logged_model: "model_ids",
  experiment: "experiment_ids",
};

/** The most items that one request may name. */
export const maxTrashSelection = 200;

async function trashSizes(kind: TrashKind, ids: readonly string[], signal?: AbortSignal) {
  type Row = { id: string; files?: number; bytes?: number; error?: string };
  const answer = await millrace.post<{ sizes?: Row[] }>("trash/size", { [fields[kind]]: ids }, signal);
  return Object.fromEntries(
    (answer.sizes ?? []).map((row): [string, TrashSize] => [
      row.id,
      { files: row.files ?? 0, bytes: row.bytes ?? 0, error: row.error ?? "" },
    ]),
  );
}

/** Removes at most maxTrashSelection items for ever. */
export async function purge(kind: TrashKind, ids: readonly string[]): Promise<Purged> {
  type Answer = {
    runs: number;
    logged_models: number;
    experiments: number;
    in_use: number;
    kept?: { id: string; reason: string }[];
  };
  const answer = await millrace.post<Answer>("trash/purge", { [fields[kind]]: ids });
  const removed = { run: answer.runs, logged_model: answer.logged_models, experiment: answer.experiments };
  return { removed: removed[kind], inUse: answer.in_use, kept: answer.kept ?? [] };
}

export const restore: Record<TrashKind, (id: string) => Promise<unknown>> = {
  run: restoreRun,
  logged_model: (id) => millrace.post("models/restore", { model_id: id }),
  experiment: restoreExperiment,
};

export const trashList = (kind: TrashKind, text: string) =>
  infiniteQueryOptions({
    queryKey: ["trash", "list", kind, text],
    queryFn: ({ pageParam, signal }) => searchTrash(kind, text, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextPageToken,
    placeholderData: keepPreviousData,
  });

export const trashSizeList = (kind: TrashKind, ids: readonly string[]) =>
  queryOptions({
    queryKey: ["trash", "sizes", kind, ids],
    queryFn: ({ signal }) => trashSizes(kind, ids, signal),
    enabled: ids.length > 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
