import { useId, useMemo, useState } from "react";
import { LineChart } from "../../components/charts/LineChart";
import { EmptyState } from "../../components/Notice";
import { NumberText, RunSwatch } from "../../components/Values";
import { championOf, championReason, datasetNames, metricKeys, performance } from "../../lib/models/registry";
import { plural } from "../../lib/text/format";
import type { MonitorTabProps } from "./monitorTab";
import "../../components/charts/charts.css";

/** One metric over the versions, a line for each dataset, with the champion pointed out. */
export function PerformanceTab({ monitored, view, change }: MonitorTabProps) {
  const { model, versions } = monitored;
  const keys = useMemo(() => metricKeys(versions), [versions]);
  const metric = keys.includes(view.metric) ? view.metric : (keys[0] ?? "");
  const datasets = useMemo(() => datasetNames(versions, metric), [versions, metric]);
  const dataset = datasets.includes(view.dataset) ? view.dataset : "";
  const lines = useMemo(
    () =>
      performance(versions, metric, dataset).map(({ dataset: name, points }) => ({
        id: `dataset ${name}`,
        label: name,
        points,
      })),
    [versions, metric, dataset],
  );
  const [zoom, setZoom] = useState<readonly [number, number]>();
  const metricID = useId();
  const datasetID = useId();
  const champion = championOf(versions);
  const reason = champion && championReason(champion);
  const mark = champion && reason ? { x: Number(champion.version), label: reason } : undefined;
  if (keys.length === 0) {
    return (
      <EmptyState title="No metrics">
        <p>
          No version’s logged model or run has metrics. Pass <code>model_id</code> to{" "}
          <code>mlflow.log_metric</code> to tie metrics to a logged model.
        </p>
      </EmptyState>
    );
  }
  const described = lines.map((line) => {
    const last = line.points.at(-1)!;
    return `On ${line.label} version ${last.step} has ${last.value}.`;
  });
  return (
    <>
      <div className="toolbar">
        <label className="check" htmlFor={metricID}>
          Metric
        </label>
        <select
          id={metricID}
          className="input"
          value={metric}
          onChange={(e) => change({ metric: e.target.value, dataset: "" }, "replace")}
        >
          {keys.map((key) => (
            <option key={key}>{key}</option>
          ))}
        </select>
        <label className="check" htmlFor={datasetID}>
          Dataset
        </label>
        <select
          id={datasetID}
          className="input"
          value={dataset}
          onChange={(e) => change({ dataset: e.target.value }, "replace")}
        >
          <option value="">All</option>
          {datasets.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        {zoom && (
          <button type="button" className="button" onClick={() => setZoom(undefined)}>
            Reset zoom
          </button>
        )}
      </div>
      <section className="card performance" aria-label={`${metric} by version`}>
        <div className="performance-legend">
          {lines.map((line) => (
            <span key={line.id}>
              <RunSwatch runID={line.id} /> {line.label}
            </span>
          ))}
        </div>
        <LineChart
          key={metric}
          lines={lines}
          label={`Chart of ${metric} of ${model.name} over ${plural(versions.length, "version")}. ${described.join(" ")} ${
            mark ? `Version ${mark.x} is ${mark.label}.` : ""
          }`}
          height={340}
          axis="step"
          stepName="version"
          mark={mark}
          smoothing={0}
          logY={false}
          zoom={zoom}
          onZoom={setZoom}
          syncKey={`registry-${model.name}`}
        />
        <p className="muted performance-axis">version</p>
      </section>
      {champion && reason && <ChampionLine lines={lines} version={champion.version} reason={reason} />}
    </>
  );
}

interface ChampionLineProps {
  lines: readonly { id: string; label: string; points: readonly { step: number; value: number }[] }[];
  version: string;
  reason: string;
}

/** The champion's values in words, beside the mark in the chart. */
function ChampionLine({ lines, version, reason }: ChampionLineProps) {
  const values = lines.flatMap((line) => {
    const point = line.points.find((p) => p.step === Number(version));
    return point ? [{ ...line, value: point.value }] : [];
  });
  return (
    <p className="tab-hint">
      Version {version} is <strong>{reason}</strong>
      {values.length === 0 && " and has no value of this metric"}
      {values.map((line) => (
        <span key={line.id}>
          {" · "}
          <span className="muted">{line.label}</span> <NumberText value={line.value} />
        </span>
      ))}
      .
    </p>
  );
}
