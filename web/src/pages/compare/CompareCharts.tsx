import { useMemo, useState } from "react";
import { maxRunsPerChart } from "../../api/metrics";
import { livePeriod } from "../../api/queries";
import { MetricGrid } from "../../components/charts/MetricGrid";
import { Icon } from "../../components/Icon";
import { EmptyState } from "../../components/Notice";
import { RunSwatch } from "../../components/Values";
import { keyInfos, keysOf } from "../../lib/runs/columns";
import type { CompareProps } from "./compareProps";
import { Ends } from "./Ends";

const mostNamed = 100;

/** The curves of the compared runs. */
export function CompareCharts({ runs, view, change }: CompareProps) {
  const [focusID, setFocusID] = useState<string>();
  const drawn = useMemo(() => runs.slice(0, maxRunsPerChart), [runs]);
  const metrics = useMemo(() => {
    const all = keysOf(drawn, "metrics");
    const chosen = view.metrics.filter((key) => all.includes(key));
    return chosen.length > 0 ? chosen : all;
  }, [drawn, view.metrics]);
  const experimentIDs = useMemo(() => [...new Set(drawn.map((run) => run.experimentID))], [drawn]);
  const source = useMemo(
    () => ({ experimentIDs, params: keyInfos(drawn, "params"), tags: keyInfos(drawn, "tags") }),
    [experimentIDs, drawn],
  );
  // More runs are drawn as bands, in which none can be told apart.
  const named = drawn.length <= mostNamed ? drawn : [];
  const hidden = new Set(view.hidden);
  const toggle = (id: string) => {
    const others = view.hidden.filter((other) => other !== id);
    change({ hidden: hidden.has(id) ? others : [...others, id] }, "replace");
  };
  const live = drawn.some((run) => run.status === "RUNNING");
  if (metrics.length === 0) {
    return (
      <EmptyState title="These runs have no metrics">
        <p>The other views show what they have.</p>
      </EmptyState>
    );
  }
  return (
    <>
      <h2 className="visually-hidden">Charts</h2>
      {named.length > 0 && (
        <ul className="compare-legend" aria-label="Runs in the charts">
          {named.map((run) => (
            <li key={run.id}>
              <button
                type="button"
                className={hidden.has(run.id) ? "compare-legend-run hidden-run" : "compare-legend-run"}
                aria-pressed={!hidden.has(run.id)}
                title={`${run.name}: ${hidden.has(run.id) ? "draw it again" : "hide it"}`}
                onClick={() => toggle(run.id)}
                onMouseEnter={() => setFocusID(run.id)}
                onMouseLeave={() => setFocusID(undefined)}
              >
                {hidden.has(run.id) ? <Icon name="eye-off" size={14} /> : <RunSwatch runID={run.id} />}
                <Ends text={run.name} />
              </button>
            </li>
          ))}
        </ul>
      )}
      {drawn.length < runs.length && (
        <p className="compare-note">
          The first {drawn.length} of {runs.length} runs are drawn.
        </p>
      )}
      {view.metrics.length > 0 && (
        <p className="compare-note plain">
          {metrics.length === 1 ? `Only ${metrics[0]}.` : `${metrics.length} chosen metrics.`}{" "}
          <button type="button" className="link-button" onClick={() => change({ metrics: [] })}>
            Show all metrics
          </button>
        </p>
      )}
      <MetricGrid
        runs={drawn}
        {...{ metrics, view, change, source, focusID }}
        onFocus={setFocusID}
        refetchInterval={live ? livePeriod() : false}
      />
    </>
  );
}
