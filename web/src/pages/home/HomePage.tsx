import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { experimentList, recentRuns } from "../../api/queries";
import type { Run } from "../../api/runs";
import { Icon } from "../../components/Icon";
import { QuickStart } from "../../components/QuickStart";
import { Duration, NumberText, RelativeTime, StatusGlyph } from "../../components/Values";
import { isSystemMetric } from "../../lib/columns";
import { useTitle } from "../../lib/hooks";
import { CreateExperimentDialog } from "../experiments/ExperimentDialogs";
import { ExperimentsList } from "../experiments/ExperimentsList";
import "./home.css";

const recentCount = 6;
const allActive = { text: "", viewType: "ACTIVE_ONLY", orderBy: "last_update_time DESC" } as const;

/** What is going on: the newest runs anywhere, then the experiments. */
export function HomePage() {
  const [creating, setCreating] = useState(false);
  useTitle("Home");
  const list = useInfiniteQuery(experimentList(allActive));
  const experiments = useMemo(() => list.data?.pages.flatMap((p) => p.experiments) ?? [], [list.data]);
  const ids = useMemo(() => experiments.map((e) => e.id), [experiments]);
  const names = useMemo(() => new Map(experiments.map((e) => [e.id, e.name])), [experiments]);
  const runs = useQuery(recentRuns(ids, recentCount));
  return (
    <div className="page">
      {runs.data && runs.data.length > 0 && <RecentRuns runs={runs.data} names={names} />}
      <div className="page-head">
        <h1>Experiments</h1>
        <span className="spacer" />
        <button type="button" className="button primary" onClick={() => setCreating(true)}>
          <Icon name="plus" size={14} />
          New experiment
        </button>
      </div>
      <ExperimentsList />
      <details className="card quick-start-card" open={runs.data?.length === 0}>
        <summary>Log a run</summary>
        <div className="card-body">
          <QuickStart />
        </div>
      </details>
      {creating && <CreateExperimentDialog onClose={() => setCreating(false)} />}
    </div>
  );
}

function RecentRuns({ runs, names }: { runs: readonly Run[]; names: ReadonlyMap<string, string> }) {
  return (
    <section className="recent" aria-labelledby="recent-title">
      <h1 id="recent-title">Recent runs</h1>
      <ul>
        {runs.map((run) => {
          const metric = Object.entries(run.metrics).find(([key]) => !isSystemMetric(key));
          return (
            <li key={run.id} className="card">
              <Link
                to="/experiments/$experimentID/runs/$runID"
                params={{ experimentID: run.experimentID, runID: run.id }}
              >
                <span className="recent-name truncate">
                  <StatusGlyph status={run.status} /> {run.name}
                </span>
                <span className="truncate muted">{names.get(run.experimentID)}</span>
                <span className="recent-facts muted">
                  <RelativeTime timeMS={run.startMS} />
                  <Duration startMS={run.startMS} endMS={run.endMS} running={run.status === "RUNNING"} />
                </span>
                <span className="recent-metric truncate">
                  {metric ? (
                    <>
                      <span className="muted">{metric[0]}</span> <NumberText value={metric[1]} />
                    </>
                  ) : (
                    <span className="muted">no metrics</span>
                  )}
                </span>
              </Link>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
