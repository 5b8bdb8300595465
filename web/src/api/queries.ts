// What the pages read, as query options: the cache key beside the call it stands for.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { activityDays, firstDay } from "../lib/experiments/activity";
import { mediaTag } from "../lib/runs/media";
import { runNameFilter } from "../lib/text/commands";
import { preferences } from "../lib/text/preferences";
import { type FileSource, readPart, readTail } from "./artifacts";
import { send, serverURL } from "./client";
import {
  dailyRuns,
  type ExperimentQuery,
  experimentActivity,
  experimentManagers,
  getExperiment,
  searchExperiments,
} from "./experiments";
import { type FileWindow, readFileTable } from "./fileTables";
import { listMedia } from "./media";
import { metricSummary } from "./metrics";
import { getLoggedModel, searchLoggedModels } from "./models";
import {
  modelChanges,
  modelSignature,
  monitorModel,
  searchRegisteredModels,
  searchVersionsOfRun,
} from "./registry";
import { childRuns, getRun, type RunQuery, runsByID, searchRuns } from "./runs";

/** How often live pages ask again. */
export const livePeriod = () => preferences().refreshS * 1000;

const experimentsPerPage = 200;
const runsPerPage = 100;

export const serverInfo = () =>
  queryOptions({
    queryKey: ["version"],
    queryFn: async ({ signal }) => (await send(serverURL("version"), { signal })).text(),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const experimentList = (query: ExperimentQuery) =>
  infiniteQueryOptions({
    queryKey: ["experiments", "list", query],
    queryFn: ({ pageParam, signal }) => searchExperiments(query, pageParam, experimentsPerPage, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextPageToken,
    // Programs create experiments while people look at the list.
    refetchInterval: 10_000,
    placeholderData: keepPreviousData,
  });

export const experimentDetail = (id: string) =>
  queryOptions({
    queryKey: ["experiments", "detail", id],
    queryFn: ({ signal }) => getExperiment(id, signal),
  });

/** Run counts and last activity for a page of experiments. */
export const activity = (ids: readonly string[]) =>
  queryOptions({
    queryKey: ["experiments", "activity", ids],
    queryFn: ({ signal }) => experimentActivity(ids, signal),
    enabled: ids.length > 0,
    refetchInterval: 15_000,
    placeholderData: keepPreviousData,
  });

/** Runs per day of a page of experiments, up to today. The days are those of this browser's time zone. */
export const dailyActivity = (ids: readonly string[], nowMS: number) => {
  const fromMS = firstDay(nowMS);
  return queryOptions({
    queryKey: ["experiments", "daily", ids, fromMS],
    queryFn: ({ signal }) => dailyRuns(ids, fromMS, activityDays, signal),
    enabled: ids.length > 0,
    refetchInterval: 60_000,
    placeholderData: keepPreviousData,
  });
};

export const managersOf = (ids: readonly string[]) =>
  queryOptions({
    queryKey: ["experiments", "managers", ids],
    queryFn: ({ signal }) => experimentManagers(ids, signal),
    staleTime: 60_000,
    placeholderData: keepPreviousData,
  });

export const runList = (query: RunQuery) =>
  infiniteQueryOptions({
    queryKey: ["runs", "list", query],
    queryFn: ({ pageParam, signal }) => searchRuns(query, pageParam, runsPerPage, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextPageToken,
    placeholderData: keepPreviousData,
  });

/** The newest active runs that a filter finds. name tells the queries apart. */
const newestRuns = (name: string, experimentIDs: readonly string[], filter: string, count: number) =>
  queryOptions({
    queryKey: ["runs", name, experimentIDs, count],
    queryFn: async ({ signal }) => {
      const query: RunQuery = {
        experimentIDs,
        filter,
        viewType: "ACTIVE_ONLY",
        orderBy: ["attributes.start_time DESC"],
      };
      return (await searchRuns(query, undefined, count, signal)).runs;
    },
    enabled: experimentIDs.length > 0,
    refetchInterval: livePeriod,
    placeholderData: keepPreviousData,
  });

export const recentRuns = (experimentIDs: readonly string[], count: number) =>
  newestRuns("recent", experimentIDs, "", count);

/** The newest runs that have ended. */
export const endedRuns = (experimentIDs: readonly string[], count: number) =>
  newestRuns("ended", experimentIDs, "attributes.status != 'RUNNING'", count);

/** The runs that go on. */
export const runningRuns = (experimentIDs: readonly string[], count: number) =>
  newestRuns("running", experimentIDs, "attributes.status = 'RUNNING'", count);

const hourMS = 3_600_000;

/**
 * The runs that failed within a day. Those that started more than a week ago are left out, so that the
 * server reads the runs of a week and not all.
 */
export const failedRuns = (experimentIDs: readonly string[], count: number, nowMS: number) => {
  const hour = Math.floor(nowMS / hourMS) * hourMS;
  const started = `attributes.start_time > ${hour - 7 * 24 * hourMS}`;
  const failed = `attributes.status = 'FAILED' AND attributes.end_time > ${hour - 24 * hourMS}`;
  return newestRuns("failed", experimentIDs, `${started} AND ${failed}`, count);
};

/** The runs of an experiment that log images by step. */
export const runsWithMedia = (experimentID: string, count: number) =>
  newestRuns("media", [experimentID], `tags.\`${mediaTag}\` IS NOT NULL`, count);

/** The IDs of the experiments that changed last. */
export const changedExperiments = () =>
  queryOptions({
    queryKey: ["experiments", "changed"],
    queryFn: async ({ signal }) => {
      const query: ExperimentQuery = { text: "", viewType: "ACTIVE_ONLY", orderBy: "last_update_time DESC" };
      return (await searchExperiments(query, undefined, 1000, signal)).experiments.map((e) => e.id);
    },
    staleTime: 30_000,
  });

/** The newest runs with a text in their names, in the experiments that changed last. */
export const runsNamed = (text: string, count: number) =>
  queryOptions({
    queryKey: ["runs", "named", text, count],
    queryFn: async ({ client, signal }) => {
      const experimentIDs = await client.fetchQuery(changedExperiments());
      if (experimentIDs.length === 0) return [];
      const query: RunQuery = {
        experimentIDs,
        filter: runNameFilter(text),
        viewType: "ACTIVE_ONLY",
        orderBy: ["attributes.start_time DESC"],
      };
      return (await searchRuns(query, undefined, count, signal)).runs;
    },
    placeholderData: keepPreviousData,
  });

export const runDetail = (id: string) =>
  queryOptions({ queryKey: ["runs", "detail", id], queryFn: ({ signal }) => getRun(id, signal) });

/** Runs by id: those that made the models of a page. */
export const sourceRuns = (experimentID: string, ids: readonly string[]) =>
  queryOptions({
    queryKey: ["runs", "sources", experimentID, ids],
    queryFn: async ({ signal }) =>
      new Map((await runsByID(experimentID, ids, signal)).map((run) => [run.id, run])),
    enabled: ids.length > 0,
    placeholderData: keepPreviousData,
  });

export const runChildren = (id: string) =>
  queryOptions({ queryKey: ["runs", "children", id], queryFn: ({ signal }) => childRuns(id, signal) });

export const versionsOfRun = (id: string) =>
  queryOptions({
    queryKey: ["registry", "of run", id],
    queryFn: ({ signal }) => searchVersionsOfRun(id, signal),
  });

export const runMetricSummary = (id: string) =>
  queryOptions({ queryKey: ["runs", "summary", id], queryFn: ({ signal }) => metricSummary(id, signal) });

export const loggedModel = (id: string) =>
  queryOptions({ queryKey: ["models", "detail", id], queryFn: ({ signal }) => getLoggedModel(id, signal) });

export const loggedModelList = (experimentID: string) =>
  infiniteQueryOptions({
    queryKey: ["models", "list", experimentID],
    queryFn: ({ pageParam, signal }) => searchLoggedModels(experimentID, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextPageToken,
  });

const registeredPerPage = 50;

export const registeredModelList = (text: string, orderBy = "last_updated_timestamp DESC") =>
  infiniteQueryOptions({
    queryKey: ["registry", "list", text, orderBy],
    queryFn: ({ pageParam, signal }) =>
      searchRegisteredModels(text, orderBy, pageParam, registeredPerPage, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextPageToken,
    placeholderData: keepPreviousData,
  });

/** A registered model with all its versions and their metrics. */
export const monitoredModel = (name: string) =>
  queryOptions({
    queryKey: ["registry", "monitor", name],
    queryFn: ({ signal }) => monitorModel(name, signal),
    refetchInterval: 10_000,
  });

export const modelChangeLog = (name: string) =>
  infiniteQueryOptions({
    queryKey: ["registry", "changes", name],
    queryFn: ({ pageParam, signal }) => modelChanges(name, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextPageToken,
    refetchInterval: 10_000,
  });

/** The signature of a model version, or null if it has none. */
export const versionSignature = (name: string, version: string) =>
  queryOptions({
    queryKey: ["registry", "signature", name, version],
    queryFn: ({ signal }) => modelSignature(name, version, signal),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });

export const directory = (source: FileSource, path: string) =>
  queryOptions({
    queryKey: ["files", source.id, "list", path],
    queryFn: ({ signal }) => source.list(path, signal),
  });

/** How much of a file is read at a time. */
export const filePartBytes = 1_000_000;

/** The first bytes of a file, as text. */
export const fileHead = (source: FileSource, path: string, bytes: number) =>
  queryOptions({
    queryKey: ["files", source.id, "head", path, bytes],
    queryFn: async ({ signal }) => {
      const part = await readPart(source.url(path), 0, bytes, signal);
      return { text: new TextDecoder().decode(part.bytes), complete: part.bytes.length >= part.total };
    },
    staleTime: 60_000,
  });

/** The media files of runs. */
export const mediaFiles = (runIDs: readonly string[]) =>
  queryOptions({
    queryKey: ["media", runIDs],
    queryFn: ({ signal }) => listMedia(runIDs, signal),
    placeholderData: keepPreviousData,
  });

/** The end of a text file: whole lines of the last part. */
export const fileTail = (source: FileSource, path: string) =>
  queryOptions({
    queryKey: ["files", source.id, "tail", path],
    queryFn: ({ signal }) => readTail(source.url(path), tailBytes, signal),
    placeholderData: keepPreviousData,
  });

const tailBytes = 500_000;

/** A part of the table in a binary file; while another part is read, the last one remains. */
export const fileTable = (source: FileSource, path: string, window: FileWindow) =>
  queryOptions({
    queryKey: ["files", source.id, "table", path, window],
    queryFn: ({ signal }) => readFileTable(source, path, window, signal),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });

/** The text of the server's plotly, which runs in frames without an origin only. */
export const plotlyText = () =>
  queryOptions({
    queryKey: ["plotly"],
    queryFn: async ({ signal }) => {
      const { default: url } = await import("plotly.js-cartesian-dist-min/plotly-cartesian.min.js?url");
      return (await send(new URL(url, document.baseURI).href, { signal })).text();
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

export const fileParts = (source: FileSource, path: string, partBytes = filePartBytes) =>
  infiniteQueryOptions({
    queryKey: ["files", source.id, "parts", path, partBytes],
    queryFn: ({ pageParam, signal }) => readPart(source.url(path), pageParam, partBytes, signal),
    initialPageParam: 0,
    getNextPageParam: (last, pages) => {
      const read = pages.reduce((sum, part) => sum + part.bytes.length, 0);
      return last.bytes.length > 0 && read < last.total ? read : undefined;
    },
    // Bytes are compared by reference only: walking through a megabyte on each refresh helps nobody.
    structuralSharing: false,
    staleTime: 60_000,
  });
