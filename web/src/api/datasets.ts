import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { millrace } from "./client";
import type { DatasetInput } from "./runs";

/** A dataset of an experiment, and what uses it. */
export interface DatasetUsage {
  name: string;
  digest: string;
  sourceType: string;
  contexts: string[];
  runs: number;
  models: number;
  lastUsedMS: number | undefined;
}

interface WireUsage {
  name: string;
  digest: string;
  source_type?: string;
  contexts?: string[];
  runs?: number;
  models?: number;
  last_used?: number;
}

const perPage = 200;

export const datasetList = (experimentID: string, text: string) =>
  infiniteQueryOptions({
    queryKey: ["datasets", "list", experimentID, text],
    queryFn: async ({ pageParam, signal }) => {
      const answer = await millrace.post<{ datasets?: WireUsage[]; next_page_token?: string }>(
        "datasets/search",
        { experiment_id: experimentID, text, max_results: perPage, page_token: pageParam },
        signal,
      );
      const datasets = (answer.datasets ?? []).map(
        (d): DatasetUsage => ({
          name: d.name,
          digest: d.digest,
          sourceType: d.source_type ?? "",
          contexts: d.contexts ?? [],
          runs: d.runs ?? 0,
          models: d.models ?? 0,
          lastUsedMS: d.last_used || undefined,
        }),
      );
      return { datasets, nextPageToken: answer.next_page_token || undefined };
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextPageToken,
    placeholderData: keepPreviousData,
  });

export const datasetDetail = (experimentID: string, name: string, digest: string) =>
  queryOptions({
    queryKey: ["datasets", "detail", experimentID, name, digest],
    queryFn: async ({ signal }): Promise<DatasetInput> => {
      type Wire = {
        dataset: { source_type?: string; source?: string; schema?: string; profile?: string };
      };
      const { dataset } = await millrace.post<Wire>(
        "datasets/get",
        { experiment_id: experimentID, name, digest },
        signal,
      );
      return {
        name,
        digest,
        sourceType: dataset.source_type ?? "",
        source: dataset.source ?? "",
        schema: dataset.schema ?? "",
        profile: dataset.profile ?? "",
        context: "",
      };
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
