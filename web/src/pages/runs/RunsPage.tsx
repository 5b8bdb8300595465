import { useParams } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { LiveControl } from "../../components/LiveControl";
import { Loading } from "../../components/Notice";
import { useViewState } from "../../lib/hooks";
import { runsCodec } from "../../lib/view/runs";
import { ExperimentGate } from "./ExperimentGate";
import { ExperimentHead } from "./ExperimentHead";
import { RunsTableView } from "./RunsTableView";
import { useRuns } from "./useRuns";
import "./runs.css";

// The table needs no chart library.
const RunsCharts = lazy(async () => ({ default: (await import("./RunsCharts")).RunsCharts }));

/** The runs of one experiment, as a table or as charts. */
export function RunsPage() {
  const { experimentID = "" } = useParams({ strict: false });
  const [view, change] = useViewState(runsCodec);
  const data = useRuns(experimentID, view);
  const shared = { experimentID, view, change, data };
  return (
    <ExperimentGate experimentID={experimentID}>
      <div className="page fill">
        <ExperimentHead experimentID={experimentID} tab={view.view === "charts" ? "charts" : "runs"}>
          <LiveControl
            live={view.live}
            updatedMS={data.list.dataUpdatedAt}
            busy={data.list.isFetching}
            setLive={(live) => change({ live }, "replace")}
            refresh={() => void data.list.refetch()}
          />
        </ExperimentHead>
        {view.view === "charts" ? (
          <Suspense fallback={<Loading what="Loading charts" />}>
            <RunsCharts {...shared} />
          </Suspense>
        ) : (
          <RunsTableView {...shared} />
        )}
      </div>
    </ExperimentGate>
  );
}
