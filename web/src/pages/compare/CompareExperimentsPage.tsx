import { useInfiniteQuery, useQueries } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Fragment, useMemo } from "react";
import { experimentDetail, runList } from "../../api/queries";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { experimentsCrumb, PageHead } from "../../components/Page";
import { SearchField } from "../../components/SearchField";
import { useDeferredText, useTitle, useViewState } from "../../lib/browser/hooks";
import { plural } from "../../lib/text/format";
import { type CompareView, compareCodec } from "../../lib/view/compare";
import type { Codec } from "../../lib/view/search";
import { CompareTabs } from "./CompareTabs";

/** The runs of several experiments come in rows, as they do for one. */
const codec: Codec<CompareView> = {
  decode: (s) => ({ ...compareCodec.decode(s), transposed: s.rows !== "keys" }),
  encode: (v) => {
    const { rows: _, ...search } = compareCodec.encode(v);
    return v.transposed ? search : { ...search, rows: "keys" };
  },
};

/** The runs of several experiments in one table, with the same charts and plots as chosen runs have. */
export function CompareExperimentsPage() {
  const [view, change] = useViewState(codec);
  const ids = view.experiments;
  const experiments = useQueries({ queries: ids.map((id) => experimentDetail(id)) });
  const list = useInfiniteQuery({
    ...runList({
      experimentIDs: ids,
      filter: view.filter,
      viewType: "ACTIVE_ONLY",
      orderBy: ["attributes.start_time DESC"],
    }),
    enabled: ids.length > 0,
  });
  const runs = useMemo(() => list.data?.pages.flatMap((page) => page.runs) ?? [], [list.data]);
  const [text, setText] = useDeferredText(view.filter, (filter) => change({ filter }, "replace"));
  useTitle(`Compare ${plural(ids.length, "experiment")}`);
  return (
    <div className="page fill">
      <PageHead
        path={[experimentsCrumb]}
        title={ids.length === 0 ? "Compare experiments" : `Runs of ${plural(ids.length, "experiment")}`}
      />
      {ids.length === 0 && (
        <EmptyState title="No experiments to compare">
          <p>The address names none.</p>
        </EmptyState>
      )}
      {ids.length > 0 && (
        <p className="compare-note plain">
          {ids.map((id, i) => (
            <Fragment key={id}>
              {i > 0 && ", "}
              <Link to="/experiments/$experimentID" params={{ experimentID: id }}>
                {experiments[i]?.data?.name ?? id}
              </Link>
            </Fragment>
          ))}
        </p>
      )}
      {ids.length > 0 && (
        <div className="toolbar compare-filter">
          <SearchField label="Filter, as in metrics.loss < 1" value={text} onChange={setText} />
          {list.hasNextPage && (
            <>
              <span className="muted">The newest {plural(runs.length, "run")}</span>
              <button
                type="button"
                className="button"
                disabled={list.isFetchingNextPage}
                onClick={() => void list.fetchNextPage()}
              >
                {list.isFetchingNextPage ? "Loading…" : "Load more runs"}
              </button>
            </>
          )}
        </div>
      )}
      {list.error && (
        <ErrorNotice error={list.error} what="Could not load the runs" retry={() => list.refetch()} />
      )}
      {ids.length > 0 && list.isPending && <Loading what="Loading runs" />}
      {list.data && runs.length === 0 && (
        <EmptyState title={view.filter ? "No run matches the filter" : "These experiments have no runs"} />
      )}
      {runs.length > 0 && <CompareTabs runs={runs} view={view} change={change} />}
    </div>
  );
}
