import type { UseQueryResult } from "@tanstack/react-query";
import { useState } from "react";
import type { MetricSummary } from "../../api/metrics";
import type { Run } from "../../api/runs";
import { CopyButton } from "../../components/Copy";
import { ErrorNotice, Loading } from "../../components/Notice";
import { NumberText } from "../../components/Values";
import { compareNames, isSystemMetric } from "../../lib/columns";
import { exactNumber, plural } from "../../lib/format";
import { Sparkline } from "./Sparkline";

interface MetricTableProps {
  run: Run;
  summary: UseQueryResult<MetricSummary[]>;
}

/** Last, least and greatest value of every metric. System metrics come last and folded. */
export function MetricTable({ run, summary }: MetricTableProps) {
  const metrics = (summary.data ?? []).toSorted((a, b) => compareNames(a.key, b.key));
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
      {own.length > 0 && <Rows runID={run.id} metrics={own} />}
      {system.length > 0 && (
        <details className="system-fold">
          <summary>{plural(system.length, "system metric")}</summary>
          <Rows runID={run.id} metrics={system} />
        </details>
      )}
    </section>
  );
}

/** Tables of thousands of rows are slow to lay out and slower to read. */
const shownAtFirst = 200;

function Rows({ runID, metrics }: { runID: string; metrics: readonly MetricSummary[] }) {
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
                <Sparkline runID={runID} metric={m} />
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
