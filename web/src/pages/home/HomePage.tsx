import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { endedRuns, experimentList, failedRuns, runningRuns } from "../../api/queries";
import { Icon } from "../../components/Icon";
import { QuickStart } from "../../components/QuickStart";
import { useNow, useTitle } from "../../lib/browser/hooks";
import { CreateExperimentDialog } from "../experiments/ExperimentDialogs";
import { ExperimentsList } from "../experiments/ExperimentsList";
import { Pinned } from "./Pinned";
import { RunCards } from "./RunCards";
import "./home.css";

const recentCount = 6;
const runningCount = 12;
const failedCount = 6;
const allActive = { text: "", viewType: "ACTIVE_ONLY", orderBy: "last_update_time DESC" } as const;

/** What is going on: the newest runs anywhere, then the experiments. */
export function HomePage() {
  const [creating, setCreating] = useState(false);
  useTitle("Home");
  const list = useInfiniteQuery(experimentList(allActive));
  const experiments = useMemo(() => list.data?.pages.flatMap((p) => p.experiments) ?? [], [list.data]);
  const ids = useMemo(() => experiments.map((e) => e.id), [experiments]);
  const names = useMemo(() => new Map(experiments.map((e) => [e.id, e.name])), [experiments]);
  // Some of them may be shown as failed.
  const ended = useQuery(endedRuns(ids, recentCount + failedCount));
  const running = useQuery(runningRuns(ids, runningCount));
  const failed = useQuery(failedRuns(ids, failedCount, useNow())).data ?? [];
  const shown = new Set(failed.map((run) => run.id));
  const recent = (ended.data ?? []).filter((run) => !shown.has(run.id)).slice(0, recentCount);
  return (
    <div className="page">
      <h1 className="visually-hidden">Home</h1>
      <Pinned />
      {running.data && running.data.length > 0 && (
        <RunCards title="Running now" runs={running.data} names={names} />
      )}
      {failed.length > 0 && <RunCards title="Failed in the last day" runs={failed} names={names} />}
      {recent.length > 0 && <RunCards title="Recent runs" runs={recent} names={names} />}
      <div className="page-head">
        <h2 className="home-title">Experiments</h2>
        <span className="spacer" />
        <button type="button" className="button primary" onClick={() => setCreating(true)}>
          <Icon name="plus" size={14} />
          New experiment
        </button>
      </div>
      <ExperimentsList />
      <details
        className="card quick-start-card"
        open={ended.data?.length === 0 && running.data?.length === 0}
      >
        <summary>Log a run</summary>
        <div className="card-body">
          <QuickStart />
        </div>
      </details>
      {creating && <CreateExperimentDialog onClose={() => setCreating(false)} />}
    </div>
  );
}
