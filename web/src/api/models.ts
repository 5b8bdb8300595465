import { get, post } from "./client";
import { toNumber, type WireNumber } from "./runs";

export interface ModelMetric {
  key: string;
  value: number;
  step: number;
  timeMS: number;
  datasetName: string;
  datasetDigest: string;
  runID: string;
}

export interface LoggedModel {
  id: string;
  name: string;
  experimentID: string;
  status: string;
  statusMessage: string;
  type: string;
  sourceRunID: string;
  artifactURI: string;
  createdMS: number;
  updatedMS: number;
  params: Record<string, string>;
  metrics: ModelMetric[];
  tags: Record<string, string>;
}

interface WireModel {
  info: {
    model_id: string;
    experiment_id: string;
    name?: string;
    status?: string;
    status_message?: string;
    model_type?: string;
    source_run_id?: string;
    artifact_uri?: string;
    creation_timestamp_ms?: number;
    last_updated_timestamp_ms?: number;
    tags?: { key: string; value?: string }[];
  };
  data?: {
    params?: { key: string; value?: string }[];
    metrics?: {
      key: string;
      value: WireNumber;
      step?: number;
      timestamp?: number;
      dataset_name?: string;
      dataset_digest?: string;
      run_id?: string;
    }[];
  };
}

export async function getLoggedModel(id: string, signal?: AbortSignal): Promise<LoggedModel> {
  const path = `logged-models/${encodeURIComponent(id)}`;
  return toModel((await get<{ model: WireModel }>(path, undefined, signal)).model);
}

export interface ModelPage {
  models: LoggedModel[];
  nextPageToken: string | undefined;
}

export async function searchLoggedModels(
  experimentID: string,
  pageToken: string | undefined,
  signal?: AbortSignal,
): Promise<ModelPage> {
  const body = {
    experiment_ids: [experimentID],
    order_by: [{ field_name: "creation_timestamp", ascending: false }],
    max_results: 100,
    page_token: pageToken,
  };
  const answer = await post<{ models?: WireModel[]; next_page_token?: string }>(
    "logged-models/search",
    body,
    signal,
  );
  return { models: (answer.models ?? []).map(toModel), nextPageToken: answer.next_page_token || undefined };
}

function toModel({ info, data }: WireModel): LoggedModel {
  return {
    id: info.model_id,
    name: info.name || info.model_id,
    experimentID: info.experiment_id,
    status: (info.status ?? "").replace("LOGGED_MODEL_", "") || "UNSPECIFIED",
    statusMessage: info.status_message ?? "",
    type: info.model_type ?? "",
    sourceRunID: info.source_run_id ?? "",
    artifactURI: info.artifact_uri ?? "",
    createdMS: info.creation_timestamp_ms ?? 0,
    updatedMS: info.last_updated_timestamp_ms ?? 0,
    params: Object.fromEntries((data?.params ?? []).map((p) => [p.key, p.value ?? ""])),
    metrics: (data?.metrics ?? []).map((m) => ({
      key: m.key,
      value: toNumber(m.value),
      step: m.step ?? 0,
      timeMS: m.timestamp ?? 0,
      datasetName: m.dataset_name ?? "",
      datasetDigest: m.dataset_digest ?? "",
      runID: m.run_id ?? "",
    })),
    tags: Object.fromEntries((info.tags ?? []).map((t) => [t.key, t.value ?? ""])),
  };
}
