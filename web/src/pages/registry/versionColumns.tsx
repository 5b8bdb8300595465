import { Link } from "@tanstack/react-router";
import type { ModelVersion } from "../../api/registry";
import { paramColumn, tagColumns, textColumn } from "../../components/columns/textColumns";
import { MetricValues } from "../../components/MetricValues";
import { RelativeTime } from "../../components/Values";
import type { DataColumn } from "../../lib/columns/columns";
import { datasetName, datasetNames, metricKeys, valuesOf } from "../../lib/models/registry";
import { AliasChip, StageChip } from "./Chips";
import { RunLink } from "./RunLink";

type VersionColumn = DataColumn<ModelVersion>;

const metricsByDefault = 5;

/** The params of the runs of versions, by run. */
export type RunParams = ReadonlyMap<string, Readonly<Record<string, string | number | undefined>>>;

export const numberColumn: VersionColumn = {
  id: "version",
  title: "Version",
  group: "Version",
  value: (v) => Number(v.version),
  numeric: true,
  cell: (v) => (
    <>
      <Link to="/models/$modelName/versions/$version" params={{ modelName: v.name, version: v.version }}>
        Version {v.version}
      </Link>
      {v.status !== "READY" && (
        <span className="chip" title={v.statusMessage}>
          {v.status}
        </span>
      )}
    </>
  ),
};

const versionColumns: VersionColumn[] = [
  {
    id: "stage",
    title: "Stage",
    group: "Version",
    value: (v) => (v.stage === "None" ? undefined : v.stage),
    cell: (v) => <StageChip stage={v.stage} />,
  },
  {
    id: "aliases",
    title: "Aliases",
    group: "Version",
    value: (v) => v.aliases.join(" "),
    cell: (v) => (
      <span className="chips">
        {v.aliases.map((alias) => (
          <AliasChip key={alias} alias={alias} />
        ))}
      </span>
    ),
  },
  textColumn({ id: "description", title: "Description", group: "Version", value: (v) => v.description }),
];

const originColumns: VersionColumn[] = [
  textColumn({ id: "dataset", title: "Dataset", group: "Origin", value: datasetsOf }),
  {
    id: "run",
    title: "Run",
    group: "Origin",
    value: (v) => v.runName || v.runID,
    cell: (v) => <RunLink version={v} />,
    long: true,
  },
  textColumn({ id: "experiment", title: "Experiment", group: "Origin", value: (v) => v.experimentName }),
  textColumn({ id: "model", title: "Logged model", group: "Origin", value: (v) => v.modelID }),
  textColumn({ id: "source", title: "Source", group: "Origin", value: (v) => v.source }),
  {
    id: "created",
    title: "Created",
    group: "Version",
    value: (v) => v.createdMS,
    cell: (v) => <RelativeTime timeMS={v.createdMS} />,
  },
  {
    id: "updated",
    title: "Changed",
    group: "Version",
    value: (v) => v.updatedMS,
    cell: (v) => <RelativeTime timeMS={v.updatedMS} />,
  },
  textColumn({ id: "user", title: "Created by", group: "Version", value: (v) => v.user }),
];

function datasetsOf(version: ModelVersion): string {
  const names = new Set([
    ...version.metrics.map((m) => m.datasetName).filter(Boolean),
    ...version.datasets.map((d) => d.name),
  ]);
  return [...names].join(", ");
}

const metricColumn = (key: string): VersionColumn => ({
  id: `metrics.${key}`,
  title: key,
  group: "Metrics",
  value: (v) => valuesOf(v, key)[0]?.value,
  cell: (v) => <MetricValues values={valuesOf(v, key)} />,
  numeric: true,
});

/** A metric on one of several datasets: such columns can be sorted by. */
const metricOnColumn = (key: string, dataset: string): VersionColumn => {
  const values = (v: ModelVersion) => valuesOf(v, key).filter((m) => datasetName(m) === dataset);
  return {
    id: `on.${dataset}.${key}`,
    title: `${key} on ${dataset}`,
    group: "Metrics on one dataset",
    value: (v) => values(v)[0]?.value,
    cell: (v) => <MetricValues values={values(v)} />,
    numeric: true,
  };
};

/** Every column that the versions of a model can have. */
export function versionCatalogue(
  versions: readonly ModelVersion[],
  paramKeys: readonly string[],
  params: RunParams,
): VersionColumn[] {
  const keys = metricKeys(versions);
  const onOne = keys.flatMap((key) => {
    const names = datasetNames(versions, key);
    return names.length > 1 ? names.map((name) => metricOnColumn(key, name)) : [];
  });
  return [
    ...versionColumns,
    ...keys.map(metricColumn),
    ...onOne,
    ...paramKeys.map((key) =>
      paramColumn(versions, {
        id: `params.${key}`,
        title: key,
        group: "Parameters of the run",
        value: (v: ModelVersion) => params.get(v.runID)?.[`params.${key}`]?.toString(),
      }),
    ),
    ...originColumns,
    ...tagColumns(versions, (v) => v.tags),
  ];
}

/** The columns until the user chooses. */
export function automaticColumns(versions: readonly ModelVersion[]): string[] {
  const metrics = metricKeys(versions).slice(0, metricsByDefault);
  return ["stage", "aliases", ...metrics.map((key) => `metrics.${key}`), "dataset", "run", "created", "user"];
}
