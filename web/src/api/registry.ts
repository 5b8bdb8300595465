// The model registry: MLflow's own calls, and what Millrace adds to them: comments, a log, one call for
// all versions with their metrics.
import { type Signature, toSignature, type WireSignature } from "../lib/models/signature";
import { get, millrace, patch, post, remove } from "./client";
import { toNumber, type WireNumber } from "./runs";

export type ModelStage = "None" | "Staging" | "Production" | "Archived";

export const modelStages: readonly ModelStage[] = ["None", "Staging", "Production", "Archived"];

export interface VersionMetric {
  key: string;
  value: number;
  step: number;
  timeMS: number;
  datasetName: string;
  datasetDigest: string;
}

export interface ModelVersion {
  name: string;
  version: string;
  stage: ModelStage;
  aliases: string[];
  createdMS: number;
  updatedMS: number;
  description: string;
  status: string;
  statusMessage: string;
  source: string;
  runID: string;
  runName: string;
  experimentID: string;
  experimentName: string;
  modelID: string;
  user: string;
  tags: Record<string, string>;
  metrics: VersionMetric[];
  datasets: { name: string; digest: string; context: string }[];
}

export interface RegisteredModel {
  name: string;
  description: string;
  createdMS: number;
  updatedMS: number;
  tags: Record<string, string>;
  aliases: { alias: string; version: string }[];
  /** The newest version of every stage. */
  latest: ModelVersion[];
}

/** A registered model with every version, the newest first. */
export interface MonitoredModel {
  model: RegisteredModel;
  versions: ModelVersion[];
}

export interface ModelChange {
  id: number;
  version: string;
  kind: "stage" | "alias" | "version" | "model";
  from: string;
  to: string;
  alias: string;
  user: string;
  comment: string;
  timeMS: number;
}

interface WireTag {
  key: string;
  value?: string;
}

interface WireVersion {
  name: string;
  version: string;
  current_stage?: string;
  aliases?: string[];
  creation_timestamp?: number;
  last_updated_timestamp?: number;
  description?: string;
  status?: string;
  status_message?: string;
  source?: string;
  run_id?: string;
  run_name?: string;
  run_user?: string;
  created_by?: string;
  experiment_id?: string;
  experiment_name?: string;
  model_id?: string;
  user_id?: string;
  tags?: WireTag[];
  metrics?: {
    key: string;
    value: WireNumber;
    step?: number;
    timestamp?: number;
    dataset_name?: string;
    dataset_digest?: string;
  }[];
  datasets?: { name: string; digest: string; context?: string }[];
}

interface WireModel {
  name: string;
  description?: string;
  creation_timestamp?: number;
  last_updated_timestamp?: number;
  tags?: WireTag[];
  aliases?: { alias: string; version: string }[];
  latest_versions?: WireVersion[];
}

export interface RegisteredPage {
  models: RegisteredModel[];
  nextPageToken: string | undefined;
}

export async function searchRegisteredModels(
  text: string,
  orderBy: string,
  pageToken: string | undefined,
  maxResults: number,
  signal?: AbortSignal,
): Promise<RegisteredPage> {
  const needle = text.trim().replaceAll("'", "''");
  const answer = await get<{ registered_models?: WireModel[]; next_page_token?: string }>(
    "registered-models/search",
    {
      filter: needle ? `name ILIKE '%${needle}%'` : undefined,
      max_results: maxResults,
      order_by: [orderBy],
      page_token: pageToken,
    },
    signal,
  );
  return {
    models: (answer.registered_models ?? []).map(toModel),
    nextPageToken: answer.next_page_token || undefined,
  };
}

/** The signature of a model version, or null if it has none. */
export async function modelSignature(
  name: string,
  version: string,
  signal?: AbortSignal,
): Promise<Signature | null> {
  const wire = await millrace.get<WireSignature>("models/signature", { name, version }, signal);
  return toSignature(wire) ?? null;
}

/** A model with all its versions; the server hands them out 500 at a time. */
export async function monitorModel(name: string, signal?: AbortSignal): Promise<MonitoredModel> {
  type Page = { registered_model: WireModel; versions?: WireVersion[]; next_page_token?: string };
  const page = (token?: string) =>
    millrace.get<Page>("registered-models/monitor", { name, page_token: token }, signal);
  const first = await page();
  const versions = first.versions ?? [];
  for (let token = first.next_page_token; token; ) {
    const next = await page(token);
    versions.push(...(next.versions ?? []));
    token = next.next_page_token;
  }
  return { model: toModel(first.registered_model), versions: versions.map(toVersion) };
}

/** The versions that name a run as their source, the newest first. */
export async function searchVersionsOfRun(runID: string, signal?: AbortSignal): Promise<ModelVersion[]> {
  const answer = await get<{ model_versions?: WireVersion[] }>(
    "model-versions/search",
    { filter: `run_id = '${runID}'`, max_results: 50, order_by: ["last_updated_timestamp DESC"] },
    signal,
  );
  return (answer.model_versions ?? []).map(toVersion);
}

export interface ChangePage {
  changes: ModelChange[];
  nextPageToken: string | undefined;
}

export async function modelChanges(
  name: string,
  pageToken: string | undefined,
  signal?: AbortSignal,
): Promise<ChangePage> {
  type Wire = Omit<ModelChange, "timeMS"> & { timestamp_ms?: number };
  const answer = await millrace.get<{ transitions?: Partial<Wire>[]; next_page_token?: string }>(
    "registered-models/transitions",
    { name, max_results: 100, page_token: pageToken },
    signal,
  );
  return {
    changes: (answer.transitions ?? []).map((t) => ({
      id: t.id ?? 0,
      version: t.version ?? "",
      kind: t.kind ?? "version",
      from: t.from ?? "",
      to: t.to ?? "",
      alias: t.alias ?? "",
      user: t.user ?? "",
      comment: t.comment ?? "",
      timeMS: t.timestamp_ms ?? 0,
    })),
    nextPageToken: answer.next_page_token || undefined,
  };
}

export interface Transition {
  name: string;
  version: string;
  /** Either a stage or an alias. */
  stage?: ModelStage;
  alias?: string;
  archiveOthers?: boolean;
  comment?: string;
}

/** Moves a version to a stage, or an alias to a version, and notes why. */
export function transitionVersion({ archiveOthers, ...rest }: Transition): Promise<unknown> {
  return millrace.post("model-versions/transition", {
    ...rest,
    ...(archiveOthers && { archive_existing_versions: true }),
  });
}

export const removeAlias = (name: string, alias: string): Promise<unknown> =>
  remove("registered-models/alias", { name, alias });

export const createRegisteredModel = (name: string): Promise<unknown> =>
  post("registered-models/create", { name });

export const describeRegisteredModel = (name: string, description: string): Promise<unknown> =>
  patch("registered-models/update", { name, description });

export const deleteRegisteredModel = (name: string): Promise<unknown> =>
  remove("registered-models/delete", { name });

export const setRegisteredModelTag = (name: string, key: string, value: string): Promise<unknown> =>
  post("registered-models/set-tag", { name, key, value });

export const deleteRegisteredModelTag = (name: string, key: string): Promise<unknown> =>
  remove("registered-models/delete-tag", { name, key });

/** Registers a logged model as the next version of a name and returns the version's number. */
export async function createModelVersion(name: string, modelID: string, runID: string): Promise<string> {
  const answer = await post<{ model_version: { version: string } }>("model-versions/create", {
    name,
    source: `models:/${modelID}`,
    run_id: runID || undefined,
    model_id: modelID,
  });
  return answer.model_version.version;
}

export const describeVersion = (name: string, version: string, description: string): Promise<unknown> =>
  patch("model-versions/update", { name, version, description });

export const deleteVersion = (name: string, version: string): Promise<unknown> =>
  remove("model-versions/delete", { name, version });

export const setVersionTag = (name: string, version: string, key: string, value: string): Promise<unknown> =>
  post("model-versions/set-tag", { name, version, key, value });

export const deleteVersionTag = (name: string, version: string, key: string): Promise<unknown> =>
  remove("model-versions/delete-tag", { name, version, key });

const toTags = (tags: WireTag[] | undefined) =>
  Object.fromEntries((tags ?? []).map((t) => [t.key, t.value ?? ""]));

function toModel(m: WireModel): RegisteredModel {
  return {
    name: m.name,
    description: m.description ?? "",
    createdMS: m.creation_timestamp ?? 0,
    updatedMS: m.last_updated_timestamp ?? 0,
    tags: toTags(m.tags),
    aliases: m.aliases ?? [],
    latest: (m.latest_versions ?? []).map(toVersion),
  };
}

function toVersion(v: WireVersion): ModelVersion {
  return {
    name: v.name,
    version: String(v.version),
    stage: modelStages.find((s) => s === v.current_stage) ?? "None",
    aliases: v.aliases ?? [],
    createdMS: v.creation_timestamp ?? 0,
    updatedMS: v.last_updated_timestamp ?? 0,
    description: v.description ?? "",
    status: v.status ?? "READY",
    statusMessage: v.status_message ?? "",
    source: v.source ?? "",
    runID: v.run_id ?? "",
    runName: v.run_name ?? "",
    experimentID: v.experiment_id ?? "",
    experimentName: v.experiment_name ?? "",
    // Versions made of a logged model name it in their source too.
    modelID: v.model_id || /^models:\/(m-[^/]+)$/.exec(v.source ?? "")?.[1] || "",
    user: v.created_by || v.user_id || v.run_user || "",
    tags: toTags(v.tags),
    metrics: (v.metrics ?? []).map((m) => ({
      key: m.key,
      value: toNumber(m.value),
      step: m.step ?? 0,
      timeMS: m.timestamp ?? 0,
      datasetName: m.dataset_name ?? "",
      datasetDigest: m.dataset_digest ?? "",
    })),
    datasets: (v.datasets ?? []).map((d) => ({ name: d.name, digest: d.digest, context: d.context ?? "" })),
  };
}
