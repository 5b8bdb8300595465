import { get, millrace, post } from "./client";
import type { Stage, ViewType } from "./experiments";

export type RunStatus = "RUNNING" | "SCHEDULED" | "FINISHED" | "FAILED" | "KILLED";

export interface DatasetInput {
  name: string;
  digest: string;
  sourceType: string;
  source: string;
  schema: string;
  profile: string;
  context: string;
}

export interface Run {
  id: string;
  name: string;
  experimentID: string;
  user: string;
  status: RunStatus;
  stage: Stage;
  startMS: number | undefined;
  endMS: number | undefined;
  artifactURI: string;
  /** Last values; the only ones the compatible API carries. */
  metrics: Record<string, number>;
  /** The steps of these values. */
  metricSteps: Record<string, number>;
  params: Record<string, string>;
  tags: Record<string, string>;
  datasets: DatasetInput[];
  modelInputs: string[];
  modelOutputs: { modelID: string; step: number }[];
}

export type WireNumber = number | "NaN" | "Infinity" | "-Infinity";

export interface WireRunInfo {
  run_id: string;
  run_name?: string;
  experiment_id: string;
  user_id?: string;
  status?: RunStatus;
  lifecycle_stage?: string;
  start_time?: number;
  end_time?: number;
}

interface WireRun {
  info: WireRunInfo & { artifact_uri?: string };
  data?: {
    metrics?: { key: string; value: WireNumber; step?: number }[];
    params?: { key: string; value?: string }[];
    tags?: { key: string; value?: string }[];
  };
  inputs?: {
    dataset_inputs?: {
      tags?: { key: string; value?: string }[];
      dataset: {
        name: string;
        digest: string;
        source_type?: string;
        source?: string;
        schema?: string;
        profile?: string;
      };
    }[];
    model_inputs?: { model_id: string }[];
  };
  outputs?: { model_outputs?: { model_id: string; step?: number }[] };
}

export interface RunQuery {
  experimentIDs: readonly string[];
  filter: string;
  viewType: ViewType;
  orderBy: readonly string[];
}

export interface RunPage {
  runs: Run[];
  nextPageToken: string | undefined;
}

export async function searchRuns(
  query: RunQuery,
  pageToken: string | undefined,
  maxResults: number,
  signal?: AbortSignal,
): Promise<RunPage> {
  const body = {
    experiment_ids: query.experimentIDs,
    filter: query.filter,
    run_view_type: query.viewType,
    order_by: query.orderBy,
    max_results: maxResults,
    page_token: pageToken,
  };
  const answer = await post<{ runs?: WireRun[]; next_page_token?: string }>("runs/search", body, signal);
  return { runs: (answer.runs ?? []).map(toRun), nextPageToken: answer.next_page_token || undefined };
}

/** The runs with some ids, in any stage, that are in one experiment. */
export async function runsByID(
  experimentID: string,
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<Run[]> {
  const query: RunQuery = {
    experimentIDs: [experimentID],
    filter: `attributes.run_id IN (${ids.map((id) => `'${id}'`).join(", ")})`,
    viewType: "ALL",
    orderBy: [],
  };
  return (await searchRuns(query, undefined, ids.length, signal)).runs;
}

export async function getRun(id: string, signal?: AbortSignal): Promise<Run> {
  return toRun((await get<{ run: WireRun }>("runs/get", { run_id: id }, signal)).run);
}

/** The first children of a run. */
export interface Children {
  runs: RunInfo[];
  /** There are more. */
  bounded: boolean;
}

export async function childRuns(id: string, signal?: AbortSignal): Promise<Children> {
  type Answer = { runs?: WireRunInfo[]; bounded?: boolean };
  const answer = await millrace.get<Answer>("runs/children", { run_id: id }, signal);
  return { runs: (answer.runs ?? []).map(toRunInfo), bounded: answer.bounded ?? false };
}

export const renameRun = (id: string, name: string) => post("runs/update", { run_id: id, run_name: name });

export const deleteRun = (id: string) => post("runs/delete", { run_id: id });

export const restoreRun = (id: string) => post("runs/restore", { run_id: id });

export const setRunTag = (id: string, key: string, value: string) =>
  post("runs/set-tag", { run_id: id, key, value });

export const deleteRunTag = (id: string, key: string) => post("runs/delete-tag", { run_id: id, key });

export function toNumber(value: WireNumber | undefined): number {
  return value === undefined ? 0 : Number(value);
}

/** What identifies and describes a run, without its data. */
export type RunInfo = Pick<
  Run,
  "id" | "name" | "experimentID" | "user" | "status" | "stage" | "startMS" | "endMS"
>;

export function toRunInfo(info: WireRunInfo): RunInfo {
  return {
    id: info.run_id,
    name: info.run_name || info.run_id.slice(0, 8),
    experimentID: info.experiment_id,
    user: info.user_id ?? "",
    status: info.status ?? "RUNNING",
    stage: info.lifecycle_stage === "deleted" ? "deleted" : "active",
    startMS: info.start_time || undefined,
    endMS: info.end_time || undefined,
  };
}

function toRun(wire: WireRun): Run {
  const { info, data, inputs, outputs } = wire;
  return {
    ...toRunInfo(info),
    artifactURI: info.artifact_uri ?? "",
    metrics: Object.fromEntries((data?.metrics ?? []).map((m) => [m.key, toNumber(m.value)])),
    metricSteps: Object.fromEntries((data?.metrics ?? []).map((m) => [m.key, m.step ?? 0])),
    params: Object.fromEntries((data?.params ?? []).map((p) => [p.key, p.value ?? ""])),
    tags: Object.fromEntries((data?.tags ?? []).map((t) => [t.key, t.value ?? ""])),
    datasets: (inputs?.dataset_inputs ?? []).map(({ dataset, tags }) => ({
      name: dataset.name,
      digest: dataset.digest,
      sourceType: dataset.source_type ?? "",
      source: dataset.source ?? "",
      schema: dataset.schema ?? "",
      profile: dataset.profile ?? "",
      context: tags?.find((t) => t.key === "mlflow.data.context")?.value ?? "",
    })),
    modelInputs: (inputs?.model_inputs ?? []).map((m) => m.model_id),
    modelOutputs: (outputs?.model_outputs ?? []).map((m) => ({ modelID: m.model_id, step: m.step ?? 0 })),
  };
}
