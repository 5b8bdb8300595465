import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo } from "react";
import { livePeriod } from "../../api/queries";
import { type TraceQuery, traceHead, traceList } from "../../api/traces";
import { useReadOn } from "../../lib/browser/hooks";
import { joinHead, unique } from "../../lib/traces/list";

/**
 * The traces that a query finds, as far as they are loaded. Live refresh reads the first page only: the rows after it
 * are those that were loaded before.
 */
export function useTraces(query: TraceQuery, live: boolean) {
  const list = useInfiniteQuery(traceList(query));
  const head = useQuery({
    ...traceHead(query),
    enabled: live && list.data !== undefined && !list.isPlaceholderData,
    refetchInterval: livePeriod(),
  });
  const newer = head.dataUpdatedAt > list.dataUpdatedAt ? head.data : undefined;
  const joined = useMemo(() => {
    const pages = (list.data?.pages ?? []).map((page) => page.traces);
    return newer ? joinHead(newer.traces, pages, !newer.nextPageToken) : unique(pages.flat());
  }, [list.data, newer]);
  const { refetch, hasNextPage, isFetchingNextPage } = list;
  // More new traces than a page holds: the pages are read again.
  useEffect(() => {
    if (!joined) void refetch();
  }, [joined, refetch]);
  const more = useReadOn(list);
  const { refetch: refetchHead } = head;
  return {
    traces: joined ?? unique((list.data?.pages ?? []).flatMap((page) => page.traces)),
    loaded: list.data !== undefined,
    stale: list.isPlaceholderData,
    error: list.error ?? head.error,
    complete: newer ? !newer.nextPageToken || !hasNextPage : !hasNextPage,
    fetching: list.isFetching || head.isFetching,
    fetchingMore: isFetchingNextPage,
    updatedMS: Math.max(list.dataUpdatedAt, head.dataUpdatedAt),
    more,
    refetch: useCallback(() => {
      void refetch();
      void refetchHead();
    }, [refetch, refetchHead]),
  };
}
