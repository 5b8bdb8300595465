import { Link } from "@tanstack/react-router";
import type { Run } from "../../api/runs";
import { Duration, NumberText, RelativeTime, StatusGlyph } from "../../components/Values";
import { keyRunMetric } from "../../lib/models/registry";
import { progressOf } from "../../lib/runs/progress";

interface RunCardsProps {
  title: string;
  runs: readonly Run[];
  /** Names of experiments by id. */
  names: ReadonlyMap<string, string>;
}

/** Runs as cards in a row: where they belong, how far they are, and the metric that tells most. */
export function RunCards({ title, runs, names }: RunCardsProps) {
  const id = `cards-${title.replaceAll(" ", "-")}`;
  return (
    <section className="recent" aria-labelledby={id}>
      <h2 id={id} className="home-title">
        {title}
      </h2>
      <ul>
        {runs.map((run) => (
          <li key={run.id} className="card">
            <Link
              to="/experiments/$experimentID/runs/$runID"
              params={{ experimentID: run.experimentID, runID: run.id }}
              title={run.name}
            >
              <span className="recent-name truncate">
                <StatusGlyph status={run.status} /> {run.name}
              </span>
              <span className="truncate muted">{names.get(run.experimentID)}</span>
              <span className="recent-facts muted">
                <RelativeTime timeMS={run.startMS} />
                <Duration startMS={run.startMS} endMS={run.endMS} running={run.status === "RUNNING"} />
              </span>
              <KeyMetric run={run} />
              {run.status === "RUNNING" && <ProgressLine run={run} />}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

function KeyMetric({ run }: { run: Run }) {
  const metric = keyRunMetric(run);
  return (
    <span className="recent-metric truncate">
      {metric ? (
        <>
          <span className="muted">{metric.key}</span> <NumberText value={metric.value} />
        </>
      ) : (
        <span className="muted">no metrics</span>
      )}
    </span>
  );
}

function ProgressLine({ run }: { run: Run }) {
  const progress = progressOf(run);
  if (!progress) return <span className="recent-progress muted">no step yet</span>;
  const { step, total, unit } = progress;
  if (total === undefined)
    return <span className="recent-progress muted">step {step.toLocaleString("en-US")}</span>;
  const text = `${step.toLocaleString("en-US")} of ${total.toLocaleString("en-US")}`;
  return (
    <span className="recent-progress muted" title={`${text} (${unit})`}>
      <progress max={total} value={step} aria-label={`Step ${text}`} />
      <span className="number">{text}</span>
    </span>
  );
}
