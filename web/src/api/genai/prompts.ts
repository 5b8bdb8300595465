// Prompts: registered models and versions with tags that say so, which the registry's routes keep apart from models.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { promptFilter, runsWithPrompt, tracesWithPrompt } from "../../lib/genai/filters";
import { parseTemplate, type Template, templateText } from "../../lib/genai/template";
import { get, patch, post, remove } from "../client";
import { changedExperiments } from "../queries";
import { searchRuns } from "../runs";
import { searchTracesIn } from "../traces";

export interface Prompt {
  name: string;
  description: string;
  createdMS: number;
  updatedMS: number;
  /** Those of people. */
  tags: Record<string, string>;
  /** All of them. */
  allTags: Record<string, string>;
  aliases: { alias: string; version: string }[];
  /** Undefined for a prompt without versions. */
  newest: PromptVersion | undefined;
}

export interface PromptVersion {
  name: string;
  version: string;
  createdMS: number;
  updatedMS: number;
  /** The commit message. */
  message: string;
  user: string;
  template: Template;
  /** JSON objects. */
  modelConfig: unknown;
  responseFormat: unknown;
  /** Those of people. */
  tags: Record<string, string>;
}

interface WireTag {
  key: string;
  value?: string;
}

interface WireVersion {
  name: string;
  version: string;
  creation_timestamp?: number;
  last_updated_timestamp?: number;
  description?: string;
  user_id?: string;
  tags?: WireTag[];
}

interface WirePrompt {
  name: string;
  description?: string;
  creation_timestamp?: number;
  last_updated_timestamp?: number;
  tags?: WireTag[];
  aliases?: { alias: string; version: string }[];
  latest_versions?: WireVersion[];
}

const isPrompt = "mlflow.prompt.is_prompt";
const textTag = "mlflow.prompt.text";
const typeTag = "_mlflow_prompt_type";
const configTag = "_mlflow_prompt_model_config";
const formatTag = "_mlflow_prompt_response_format";
export const experimentsTag = "_mlflow_experiment_ids";

/** The server demands one of two placeholders for a source. */
const source = "dummy-source";

const tagsOf = (tags: WireTag[] | undefined) =>
  Object.fromEntries((tags ?? []).map((t) => [t.key, t.value ?? ""]));

const ofPeople = (tags: Record<string, string>) =>
  Object.fromEntries(Object.entries(tags).filter(([key]) => !/^(_?mlflow[._]|millrace\.view)/.test(key)));

function parsed(text: string | undefined): unknown {
  if (!text) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function toVersion(v: WireVersion): PromptVersion {
  const tags = tagsOf(v.tags);
  return {
    name: v.name,
    version: String(v.version),
    createdMS: v.creation_timestamp ?? 0,
    updatedMS: v.last_updated_timestamp ?? 0,
    message: v.description ?? "",
    user: tags["mlflow.user"] ?? v.user_id ?? "",
    template: parseTemplate(tags[textTag] ?? "", tags[typeTag] ?? ""),
    modelConfig: parsed(tags[configTag]),
    responseFormat: parsed(tags[formatTag]),
    tags: ofPeople(tags),
  };
}

function toPrompt(p: WirePrompt): Prompt {
  const allTags = tagsOf(p.tags);
  const versions = (p.latest_versions ?? []).map(toVersion);
  return {
    name: p.name,
    description: p.description ?? "",
    createdMS: p.creation_timestamp ?? 0,
    updatedMS: p.last_updated_timestamp ?? 0,
    tags: ofPeople(allTags),
    allTags,
    aliases: p.aliases ?? [],
    newest: versions.toSorted((a, b) => Number(b.version) - Number(a.version))[0],
  };
}

const perPage = 60;

/** Prompts by a text; those of an experiment if there is an id. */
export const promptList = (text: string, experimentID: string, orderBy: string) =>
  infiniteQueryOptions({
    queryKey: ["prompts", "list", text, experimentID, orderBy],
    queryFn: async ({ pageParam, signal }) => {
      const answer = await get<{ registered_models?: WirePrompt[]; next_page_token?: string }>(
        "registered-models/search",
        {
          filter: promptFilter(text, experimentID),
          max_results: perPage,
          order_by: [orderBy],
          page_token: pageParam,
        },
        signal,
      );
      return {
        prompts: (answer.registered_models ?? []).map(toPrompt),
        nextPageToken: answer.next_page_token || undefined,
      };
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextPageToken,
    placeholderData: keepPreviousData,
    retry: false,
  });

export const promptDetail = (name: string) =>
  queryOptions({
    queryKey: ["prompts", "detail", name],
    queryFn: async ({ signal }) => {
      const answer = await get<{ registered_model: WirePrompt }>("registered-models/get", { name }, signal);
      return {
        prompt: toPrompt(answer.registered_model),
        isPrompt: tagsOf(answer.registered_model.tags)[isPrompt]?.toLowerCase() === "true",
      };
    },
  });

const versionsPerPage = 100;

/** The versions of a prompt, the newest first. */
export const promptVersions = (name: string) =>
  infiniteQueryOptions({
    queryKey: ["prompts", "versions", name],
    queryFn: async ({ pageParam, signal }) => {
      const answer = await get<{ model_versions?: WireVersion[]; next_page_token?: string }>(
        "model-versions/search",
        {
          filter: `name = '${name.replaceAll("'", "''")}' AND tags.\`${isPrompt}\` = 'true'`,
          max_results: versionsPerPage,
          order_by: ["version_number DESC"],
          page_token: pageParam,
        },
        signal,
      );
      return {
        versions: (answer.model_versions ?? []).map(toVersion),
        nextPageToken: answer.next_page_token || undefined,
      };
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextPageToken,
  });

export const promptVersion = (name: string, version: string) =>
  queryOptions({
    queryKey: ["prompts", "version", name, version],
    queryFn: async ({ signal }) => {
      const answer = await get<{ model_version: WireVersion }>(
        "model-versions/get",
        { name, version },
        signal,
      );
      return toVersion(answer.model_version);
    },
  });

/** The experiments of a prompt; for a prompt without any, those that changed last. */
const mostExperiments = 50;

/** The newest traces and runs that have loaded a version. */
export const promptUses = (name: string, version: string, experimentIDs: readonly string[]) =>
  queryOptions({
    queryKey: ["prompts", "uses", name, version, experimentIDs],
    queryFn: async ({ client, signal }) => {
      const ids =
        experimentIDs.length > 0
          ? experimentIDs.slice(0, mostExperiments)
          : (await client.fetchQuery(changedExperiments())).slice(0, mostExperiments);
      if (ids.length === 0) return { traces: [], runs: [], experimentIDs: ids };
      const [traces, runs] = await Promise.all([
        searchTracesIn(
          ids,
          { filter: tracesWithPrompt(name, version), orderBy: "timestamp_ms DESC" },
          undefined,
          signal,
        ),
        searchRuns(
          {
            experimentIDs: ids,
            filter: runsWithPrompt(name, version),
            viewType: "ACTIVE_ONLY",
            orderBy: ["attributes.start_time DESC"],
          },
          undefined,
          100,
          signal,
        ),
      ]);
      return { traces: traces.traces, runs: runs.runs, experimentIDs: ids };
    },
    retry: false,
  });

export interface NewPromptVersion {
  template: Template;
  message: string;
  tags: readonly (readonly [string, string])[];
  modelConfig: object | undefined;
  responseFormat: object | undefined;
}

const toTags = (tags: readonly (readonly [string, string])[]) => tags.map(([key, value]) => ({ key, value }));

/** Creates a prompt without versions. */
export const createPrompt = (
  name: string,
  experimentID: string,
  tags: readonly (readonly [string, string])[],
): Promise<unknown> =>
  post("registered-models/create", {
    name,
    tags: toTags([
      [isPrompt, "true"],
      ...(experimentID ? [[experimentsTag, `,${experimentID},`] as const] : []),
      ...tags,
    ]),
  });

/** Adds a version to a prompt and returns its number. */
export async function createPromptVersion(name: string, v: NewPromptVersion): Promise<string> {
  const answer = await post<{ model_version: WireVersion }>("model-versions/create", {
    name,
    source,
    description: v.message || undefined,
    tags: toTags([
      [isPrompt, "true"],
      [textTag, templateText(v.template)],
      [typeTag, v.template.kind],
      ...(v.modelConfig ? [[configTag, JSON.stringify(v.modelConfig)] as const] : []),
      ...(v.responseFormat ? [[formatTag, JSON.stringify(v.responseFormat)] as const] : []),
      ...v.tags,
    ]),
  });
  return String(answer.model_version.version);
}

export const setPromptAlias = (name: string, alias: string, version: string): Promise<unknown> =>
  post("registered-models/alias", { name, alias, version });

export const removePromptAlias = (name: string, alias: string): Promise<unknown> =>
  remove("registered-models/alias", { name, alias });

export const describePromptVersion = (name: string, version: string, description: string): Promise<unknown> =>
  patch("model-versions/update", { name, version, description });

export const deletePrompt = (name: string): Promise<unknown> => remove("registered-models/delete", { name });

export const deletePromptVersion = (name: string, version: string): Promise<unknown> =>
  remove("model-versions/delete", { name, version });
