import { Link } from "@tanstack/react-router";
import type { LoggedModel, ModelMetric } from "../../api/models";
import type { Run } from "../../api/runs";
import { noValue, paramColumn, tagColumns, textColumn } from "../../components/columns/textColumns";
import { MetricValues } from "../../components/MetricValues";
import { RelativeTime, RunSwatch } from "../../components/Values";
import type { DataColumn } from "../../lib/columns/columns";
import { modelLabel, modelMetricKeys, shownMetrics, stepOf } from "../../lib/models/loggedModels";
import { registeredAs } from "../../lib/models/registry";
import { compareNames } from "../../lib/runs/columns";
import { ModelStatus } from "./ModelStatus";

/** A logged model with the run that made it. */
export interface ModelRow {
  model: LoggedModel;
  run: Run | undefined;
  label: string;
  metrics: ModelMetric[];
}

export const rowOf = (model: LoggedModel, run: Run | undefined): ModelRow => ({
  model,
  run,
  label: modelLabel(model, run),
  metrics: shownMetrics(model, run),
});

type ModelColumn = DataColumn<ModelRow>;

const metricsByDefault = 6;

export const nameColumn: ModelColumn = {
  id: "name",
  title: "Name",
  group: "Model",
  value: (r) => r.label,
  cell: ({ model, label }) => (
    <Link
      to="/experiments/$experimentID/models/$modelID"
      params={{ experimentID: model.experimentID, modelID: model.id }}
      title={`${label}  ${model.id}`}
    >
      {label}
    </Link>
  ),
};

const datasetsOf = (row: ModelRow) =>
  [...new Set(row.metrics.map((m) => m.datasetName).filter(Boolean))].join(", ");

const columns: ModelColumn[] = [
  {
    id: "status",
    title: "Status",
    group: "Model",
    value: (r) => r.model.status,
    cell: (r) => <ModelStatus model={r.model} />,
  },
  {
    id: "created",
    title: "Created",
    group: "Model",
    value: (r) => r.model.createdMS,
    cell: (r) => <RelativeTime timeMS={r.model.createdMS} />,
  },
  {
    id: "run",
    title: "Source run",
    group: "Model",
    value: (r) => r.run?.name ?? r.model.sourceRunID,
    cell: (r) => <SourceRun row={r} />,
    long: true,
  },
  {
    id: "step",
    title: "Step",
    group: "Model",
    value: (r) => stepOf(r.model, r.run),
    numeric: true,
    cell: (r) => <span className="number">{stepOf(r.model, r.run).toLocaleString("en-US")}</span>,
  },
  {
    id: "registered",
    title: "Registered as",
    group: "Model",
    value: (r) =>
      registeredAs(r.model)
        .map(({ name, version }) => `${name} v${version}`)
        .join(", "),
    cell: (r) => <RegisteredVersions model={r.model} />,
    long: true,
  },
  textColumn({ id: "type", title: "Type", group: "Model", value: (r) => r.model.type }),
  textColumn({ id: "dataset", title: "Dataset", group: "Model", value: datasetsOf }),
  textColumn({ id: "user", title: "Created by", group: "Model", value: (r) => r.run?.user }),
  {
    id: "id",
    title: "Model ID",
    group: "Model",
    value: (r) => r.model.id,
    cell: (r) => <code title={r.model.id}>{r.model.id}</code>,
    long: true,
  },
];

function SourceRun({ row: { model, run } }: { row: ModelRow }) {
  if (!model.sourceRunID) return noValue;
  return (
    <>
      <RunSwatch runID={model.sourceRunID} />{" "}
      <Link
        to="/experiments/$experimentID/runs/$runID"
        params={{ experimentID: run?.experimentID ?? model.experimentID, runID: model.sourceRunID }}
        title={`${run?.name ?? ""}  ${model.sourceRunID}`}
      >
        {run?.name ?? model.sourceRunID.slice(0, 8)}
      </Link>
    </>
  );
}

function RegisteredVersions({ model }: { model: LoggedModel }) {
  const versions = registeredAs(model);
  if (versions.length === 0) return noValue;
  return versions.map(({ name, version }, i) => (
    <span key={`${name} ${version}`}>
      {i > 0 && ", "}
      <Link
        to="/models/$modelName/versions/$version"
        params={{ modelName: name, version }}
        title={`${name} version ${version}`}
      >
        {name} v{version}
      </Link>
    </span>
  ));
}

const metricColumn = (key: string): ModelColumn => {
  const values = (r: ModelRow) => r.metrics.filter((m) => m.key === key);
  return {
    id: `metrics.${key}`,
    title: key,
    group: "Metrics",
    value: (r) => values(r)[0]?.value,
    cell: (r) => <MetricValues values={values(r)} />,
    numeric: true,
  };
};

/** Every column that the models can have. */
export function modelCatalogue(rows: readonly ModelRow[]): ModelColumn[] {
  const models = rows.map((r) => r.model);
  const params = [...new Set(models.flatMap((m) => Object.keys(m.params)))].sort(compareNames);
  return [
    ...columns,
    ...modelMetricKeys(models).map(metricColumn),
    ...params.map((key) =>
      paramColumn(rows, {
        id: `params.${key}`,
        title: key,
        group: "Parameters",
        value: (r: ModelRow) => r.model.params[key],
      }),
    ),
    ...tagColumns(rows, (r) => r.model.tags),
  ];
}

/** The columns until the user chooses. */
export function automaticColumns(rows: readonly ModelRow[]): string[] {
  const metrics = modelMetricKeys(rows.map((r) => r.model)).slice(0, metricsByDefault);
  return ["status", "created", "run", "registered", ...metrics.map((key) => `metrics.${key}`)];
}
