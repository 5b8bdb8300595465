import { get, millrace, post } from "./client";

export type Stage = "active" | "deleted";
export type ViewType = "ACTIVE_ONLY" | "DELETED_ONLY" | "ALL";

export interface Experiment {
  id: string;
  name: string;
  stage: Stage;
  artifactLocation: string;
  createdMS: number;
  updatedMS: number;
  tags: Record<string, string>;
}

export interface Activity {
  runs: number;
  running: number;
  /** Milliseconds since the epoch, 0 when nothing ever ran. */
  lastActivityMS: number;
}

interface WireTag {
  key: string;
  value?: string;
}

interface WireExperiment {
  experiment_id: string;
  name: string;
  artifact_location?: string;
  lifecycle_stage?: string;
  creation_time?: number;
  last_update_time?: number;
  tags?: WireTag[];
}

export interface ExperimentPage {
  experiments: Experiment[];
  nextPageToken: string | undefined;
}

export interface ExperimentQuery {
  text: string;
  viewType: ViewType;
  orderBy: string;
}

export async function searchExperiments(
  query: ExperimentQuery,
  pageToken: string | undefined,
  maxResults: number,
  signal?: AbortSignal,
): Promise<ExperimentPage> {
  const body = {
    max_results: maxResults,
    view_type: query.viewType,
    order_by: [query.orderBy],
    filter: nameFilter(query.text),
    page_token: pageToken,
  };
  type Answer = { experiments?: WireExperiment[]; next_page_token?: string };
  const answer = await post<Answer>("experiments/search", body, signal);
  return {
    experiments: (answer.experiments ?? []).map(toExperiment),
    nextPageToken: answer.next_page_token || undefined,
  };
}

/** The filter behind the search box: the name contains the text, in any case. */
export function nameFilter(text: string): string {
  const needle = text.trim();
  if (!needle) return "";
  const quote = needle.includes("'") ? '"' : "'";
  return `name ILIKE ${quote}%${needle.replaceAll(quote, "_")}%${quote}`;
}

export async function getExperiment(id: string, signal?: AbortSignal): Promise<Experiment> {
  const answer = await get<{ experiment: WireExperiment }>("experiments/get", { experiment_id: id }, signal);
  return toExperiment(answer.experiment);
}

export async function experimentActivity(ids: readonly string[], signal?: AbortSignal) {
  type Row = { experiment_id: string; runs?: number; running?: number; last_activity?: number };
  const answer = await millrace.post<{ experiments?: Row[] }>(
    "experiments/activity",
    { experiment_ids: ids },
    signal,
  );
  const found: Record<string, Activity> = {};
  for (const row of answer.experiments ?? []) {
    found[row.experiment_id] = {
      runs: row.runs ?? 0,
      running: row.running ?? 0,
      lastActivityMS: row.last_activity ?? 0,
    };
  }
  return found;
}

/** The number of runs that started on each day, by experiment; those without runs are left out. */
export async function dailyRuns(ids: readonly string[], fromMS: number, days: number, signal?: AbortSignal) {
  const answer = await millrace.post<{ experiments?: { experiment_id: string; runs: number[] }[] }>(
    "experiments/daily-runs",
    { experiment_ids: ids, from: fromMS, days },
    signal,
  );
  return Object.fromEntries((answer.experiments ?? []).map((e) => [e.experiment_id, e.runs]));
}

/** Users, and roles, that have a grant to manage experiments, by experiment. */
export async function experimentManagers(ids: readonly string[], signal?: AbortSignal) {
  type Row = { experiment_id: string; users?: string[]; roles?: string[] };
  const answer = await millrace.post<{ experiments?: Row[] }>(
    "experiments/managers",
    { experiment_ids: ids },
    signal,
  );
  return Object.fromEntries(
    (answer.experiments ?? []).map((e) => [
      e.experiment_id,
      [...(e.users ?? []), ...(e.roles ?? []).map((role) => `role ${role}`)],
    ]),
  );
}

export async function createExperiment(name: string): Promise<string> {
  const answer = await post<{ experiment_id: string }>("experiments/create", { name });
  return answer.experiment_id;
}

export const renameExperiment = (id: string, name: string) =>
  post("experiments/update", { experiment_id: id, new_name: name });

export const deleteExperiment = (id: string) => post("experiments/delete", { experiment_id: id });

export const restoreExperiment = (id: string) => post("experiments/restore", { experiment_id: id });

export const setExperimentTag = (id: string, key: string, value: string) =>
  post("experiments/set-experiment-tag", { experiment_id: id, key, value });

export const deleteExperimentTag = (id: string, key: string) =>
  post("experiments/delete-experiment-tag", { experiment_id: id, key });

function toExperiment(wire: WireExperiment): Experiment {
  return {
    id: wire.experiment_id,
    name: wire.name,
    stage: wire.lifecycle_stage === "deleted" ? "deleted" : "active",
    artifactLocation: wire.artifact_location ?? "",
    createdMS: wire.creation_time ?? 0,
    updatedMS: wire.last_update_time ?? 0,
    tags: Object.fromEntries((wire.tags ?? []).map((t) => [t.key, t.value ?? ""])),
  };
}
