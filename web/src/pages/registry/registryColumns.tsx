import { Link } from "@tanstack/react-router";
import type { ModelVersion, RegisteredModel } from "../../api/registry";
import { noValue, tagColumns, textColumn } from "../../components/columns/textColumns";
import { RelativeTime } from "../../components/Values";
import type { DataColumn } from "../../lib/columns/columns";
import { AliasChip, StageChip } from "./Chips";
import { KeyMetric } from "./KeyMetric";

type ModelColumn = DataColumn<RegisteredModel>;

const newest = (model: RegisteredModel): ModelVersion | undefined =>
  model.latest.toSorted((a, b) => Number(b.version) - Number(a.version))[0];

const staged = (model: RegisteredModel) =>
  model.latest.filter((v) => v.stage === "Production" || v.stage === "Staging");

export const nameColumn: ModelColumn = {
  id: "name",
  title: "Name",
  group: "Model",
  value: (m) => m.name,
  cell: (m) => (
    <Link to="/models/$modelName" params={{ modelName: m.name }} title={m.name}>
      {m.name}
    </Link>
  ),
};

const columns: ModelColumn[] = [
  {
    id: "version",
    title: "Latest version",
    group: "Newest version",
    value: (m) => Number(newest(m)?.version ?? Number.NaN),
    numeric: true,
    cell: (m) => <NewestVersion model={m} />,
  },
  {
    id: "metric",
    title: "Key metric",
    group: "Newest version",
    cell: (m) => {
      const version = newest(m);
      return version ? <KeyMetric version={version} /> : noValue;
    },
  },
  {
    id: "aliases",
    title: "Aliases",
    group: "Model",
    value: (m) => m.aliases.map((a) => a.alias).join(" "),
    cell: (m) => (
      <span className="chips">
        {m.aliases.map(({ alias, version }) => (
          <AliasChip key={alias} alias={alias} version={version} />
        ))}
      </span>
    ),
  },
  {
    id: "stages",
    title: "Stages",
    group: "Model",
    value: (m) =>
      staged(m)
        .map((v) => v.stage)
        .sort()
        .join(" "),
    cell: (m) => (
      <span className="chips">
        {staged(m).map((v) => (
          <span key={v.stage}>
            <StageChip stage={v.stage} /> <span className="muted number">{v.version}</span>
          </span>
        ))}
      </span>
    ),
  },
  textColumn({ id: "description", title: "Description", group: "Model", value: (m) => m.description }),
  textColumn({ id: "user", title: "Created by", group: "Newest version", value: (m) => newest(m)?.user }),
  {
    id: "updated",
    title: "Last modified",
    group: "Model",
    value: (m) => m.updatedMS,
    cell: (m) => <RelativeTime timeMS={m.updatedMS} />,
  },
  {
    id: "created",
    title: "Created",
    group: "Model",
    value: (m) => m.createdMS,
    cell: (m) => <RelativeTime timeMS={m.createdMS} />,
  },
];

function NewestVersion({ model }: { model: RegisteredModel }) {
  const version = newest(model)?.version;
  if (version === undefined) return noValue;
  return (
    <Link to="/models/$modelName/versions/$version" params={{ modelName: model.name, version }}>
      {version}
    </Link>
  );
}

export const automaticColumns = ["version", "metric", "aliases", "stages", "updated"];

/** Every column that the list of registered models can have. */
export const registryCatalogue = (models: readonly RegisteredModel[]): ModelColumn[] => [
  ...columns,
  ...tagColumns(models, (m) => m.tags),
];
