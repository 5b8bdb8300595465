import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { LiveControl } from "../../components/LiveControl";
import { Loading } from "../../components/Notice";
import { useModule, useViewState } from "../../lib/browser/hooks";
import { runsCodec } from "../../lib/view/runs";
import { useChartRuns, useDrawnKeys } from "./charts/useChartRuns";
import { ExperimentGate } from "./ExperimentGate";
import { ExperimentHead } from "./ExperimentHead";
import { HeadSlot, HeadSlotContext } from "./HeadSlot";
import type { RunsViewProps } from "./runsView";
import { RunsTableView } from "./table/RunsTableView";
import { useFilter } from "./useFilter";
import { useSavedView } from "./views/useSavedView";
import { ViewsMenu } from "./views/ViewsMenu";
import "./runs.css";

// The table needs no chart library. Charts wait for it as they wait for their data: both are on their way at once.
const loadCharts = () => import("./charts/RunsCharts");
if (/[?&]view=charts(&|$)/.test(location.hash)) void loadCharts().catch(() => undefined);

/** The runs of one experiment, as a table or as charts. */
export function RunsPage() {
  const { experimentID = "" } = useParams({ strict: false });
  const [view, change] = useViewState(runsCodec);
  useSavedView(experimentID);
  const [place, setPlace] = useState<HTMLElement | null>(null);
  const shared = { experimentID, view, change };
  return (
    <ExperimentGate experimentID={experimentID}>
      <div className="page fill">
        <ExperimentHead experimentID={experimentID} tab={view.view === "charts" ? "charts" : "runs"}>
          <ViewsMenu experimentID={experimentID} view={view} />
          <span ref={setPlace} />
        </ExperimentHead>
        <HeadSlotContext value={place}>
          {view.view === "charts" ? <Charts {...shared} /> : <RunsTableView {...shared} />}
        </HeadSlotContext>
      </div>
    </ExperimentGate>
  );
}

function Charts(props: RunsViewProps) {
  const { experimentID, view, change } = props;
  const data = useChartRuns(experimentID, view, useFilter(view));
  const keys = useDrawnKeys(experimentID, view, data);
  const code = useModule(loadCharts);
  return (
    <>
      <HeadSlot>
        <LiveControl
          live={view.live}
          updatedMS={data.list.dataUpdatedAt}
          busy={data.list.isFetching}
          setLive={(live) => change({ live }, "replace")}
          refresh={() => void data.list.refetch()}
        />
      </HeadSlot>
      {code ? <code.RunsCharts {...props} data={data} asked={keys} /> : <Loading what="Loading charts" />}
    </>
  );
}
