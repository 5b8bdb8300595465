import type { UseQueryResult } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { MetricSummary } from "../../api/metrics";
import { livePeriod } from "../../api/queries";
import type { Run } from "../../api/runs";
import { CopyButton } from "../../components/Copy";
import { type ChartRun, SeriesProvider, useSeriesLoader } from "../../components/charts/useSeries";
import { ErrorNotice, Loading } from "../../components/Notice";
import { NumberText } from "../../components/Values";
import { isSystemMetric } from "../../lib/runs/columns";
import { compareMetrics } from "../../lib/runs/relevance";
import { exactNumber, plural } from "../../lib/text/format";
import { Sparkline } from "./Sparkline";

interface MetricTableProps {
  run: Run;
  summary: UseQueryResult<MetricSummary[]>;
  /** Whether the page refreshes itself while the run goes on. */
  live: boolean;
}

/** Values of a curve that is a hundred pixels wide. */
const sparklineSamples = 60;

/** Last, least and greatest value of every metric, those that say most first. System metrics come last and folded. */
export function MetricTable({ run, summary, live }: MetricTableProps) {
  const { id, name, status } = run;
  const runs = useMemo(() => [{ id, name, status }], [id, name, status]);
  const loader = useSeriesLoader(runs, live ? livePeriod() : false, sparklineSamples);
  const metrics = (summary.data ?? []).toSorted((a, b) => compareMetrics(a.key, b.key));
  const own = metrics.filter((m) => !isSystemMetric(m.key));
  const system = metrics.filter((m) => isSystemMetric(m.key));
  return (
    <section className="card">
      <div className="card-head">
        <h2>Metrics</h2>
        <span className="muted number">{own.length}</span>
      </div>
      {summary.error && (
        <div className="card-body">
          <ErrorNotice
            error={summary.error}
            what="Could not load the metrics"
            retry={() => summary.refetch()}
          />
        </div>
      )}
      {summary.isPending && (
        <div className="card-body">
          <Loading />
        </div>
      )}
      {summary.data && own.length === 0 && (
        <p className="card-body muted">
          {run.status === "RUNNING"
            ? "None yet; they appear here as they are logged."
            : "This run logged none."}
        </p>
      )}
      <SeriesProvider value={loader}>
        {own.length > 0 && <Rows runs={runs} metrics={own} />}
        {system.length > 0 && (
          <details className="system-fold">
            <summary>{plural(system.length, "system metric")}</summary>
            <Rows runs={runs} metrics={system} />
          </details>
        )}
      </SeriesProvider>
    </section>
  );
}

/** Tables of thousands of rows are slow to lay out and slower to read. */
const shownAtFirst = 200;

function Rows({ runs, metrics }: { runs: readonly ChartRun[]; metrics: readonly MetricSummary[] }) {
  const [all, setAll] = useState(false);
  return (
    <div className="table-scroll">
      <table className="table metric-table">
        <thead>
          <tr>
            <th>Name</th>
            <th>Trend</th>
            <th className="numeric">Last</th>
            <th className="numeric">Min</th>
            <th className="numeric">Max</th>
            <th className="numeric count">Values</th>
            <th className="numeric">Last step</th>
            <th className="row-tool">
              <span className="visually-hidden">Copy</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {metrics.slice(0, all ? undefined : shownAtFirst).map((m) => (
            <tr key={m.key}>
              <th scope="row" className="wrap">
                {m.key}
              </th>
              <td>
                <Sparkline runs={runs} metric={m} />
              </td>
              <td className="numeric strong">
                <NumberText value={m.last} />
              </td>
              <td className="numeric">
                <Extreme value={m.min} step={m.minStep} />
              </td>
              <td className="numeric">
                <Extreme value={m.max} step={m.maxStep} />
              </td>
              <td className="numeric count">{m.count.toLocaleString("en-US")}</td>
              <td className="numeric">{m.lastStep.toLocaleString("en-US")}</td>
              <td className="row-tool">
                <CopyButton text={exactNumber(m.last)} label={`Copy the last ${m.key} in full`} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {!all && metrics.length > shownAtFirst && (
        <p className="more">
          <button type="button" className="button" onClick={() => setAll(true)}>
            Show all {plural(metrics.length, "metric")}
          </button>
        </p>
      )}
    </div>
  );
}

/** A least or greatest value and where it was. */
function Extreme({ value, step }: { value: number; step: number }) {
  return (
    <>
      <NumberText value={value} />
      <span className="at-step muted" title={`at step ${step}`}>
        @{step}
      </span>
    </>
  );
}
