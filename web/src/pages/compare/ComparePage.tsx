import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { comparedRuns } from "../../api/compare";
import { experimentDetail } from "../../api/queries";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { type Crumb, experimentsCrumb, PageHead } from "../../components/Page";
import { useTitle, useViewState } from "../../lib/browser/hooks";
import { plural } from "../../lib/text/format";
import { compareCodec } from "../../lib/view/compare";
import { CompareTabs } from "./CompareTabs";

/** Runs of any experiments beside each other. */
export function ComparePage() {
  const [view, change] = useViewState(compareCodec);
  const ids = useStable(view.runs);
  const experimentIDs = useStable(view.experiments);
  const query = useQuery(comparedRuns(ids, experimentIDs));
  const only = view.experiments.length === 1 ? view.experiments[0]! : "";
  const experiment = useQuery({ ...experimentDetail(only), enabled: only !== "" });
  useTitle(`Compare ${plural(ids.length, "run")}`);
  const { runs = [], absent = [] } = query.data ?? {};
  const path: Crumb[] = [
    experimentsCrumb,
    ...(experiment.data
      ? [
          {
            label: experiment.data.name,
            link: { to: "/experiments/$experimentID", params: { experimentID: only } },
          } as const,
        ]
      : []),
  ];
  const remove = (id: string) => () => change({ runs: view.runs.filter((other) => other !== id) });
  return (
    <div className="page fill">
      <PageHead
        path={path}
        title={ids.length < 2 ? "Compare runs" : `Compare ${plural(ids.length, "run")}`}
      />
      {query.error && (
        <ErrorNotice error={query.error} what="Could not load the runs" retry={() => query.refetch()} />
      )}
      {ids.length === 0 ? (
        <EmptyState title="No runs to compare">
          <p>Tick runs in the table of an experiment, then choose “Compare”.</p>
        </EmptyState>
      ) : (
        query.isPending && <Loading what={`Loading ${plural(ids.length, "run")}`} />
      )}
      {absent.length > 0 && runs.length === 0 && (
        <EmptyState title="None of these runs can be shown">
          <p>They were deleted for good, or they are not shared with you.</p>
        </EmptyState>
      )}
      {absent.length > 0 && runs.length > 0 && (
        <p className="compare-note" role="status">
          {plural(absent.length, "run")} cannot be shown: deleted for good, or not shared with you
          {absent.length <= 3 && ` (${absent.join(", ")})`}.
        </p>
      )}
      {runs.length > 0 && <CompareTabs runs={runs} view={view} change={change} remove={remove} />}
    </div>
  );
}

/** The same array as long as its contents are the same. */
function useStable(items: readonly string[]): readonly string[] {
  const text = JSON.stringify(items);
  return useMemo(() => JSON.parse(text) as string[], [text]);
}
