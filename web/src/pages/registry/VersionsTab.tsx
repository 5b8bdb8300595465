import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { ModelVersion } from "../../api/registry";
import { Icon } from "../../components/Icon";
import { MenuItem, Popover } from "../../components/Popover";
import { NumberText, RelativeTime, RunSwatch } from "../../components/Values";
import { championOf, championReason, metricKeys, valuesOf } from "../../lib/models/registry";
import { AliasChip, StageChip } from "./Chips";
import { ComparePanel } from "./ComparePanel";
import { DeleteVersionDialog } from "./ModelDialogs";
import type { MonitorTabProps } from "./monitorTab";
import type { TransitionKind } from "./TransitionDialogs";

const maxMetricColumns = 5;
const portion = 100;

/** All versions, the newest first; those that are ticked are compared. */
export function VersionsTab({ monitored, view, change, move }: MonitorTabProps) {
  const { model, versions } = monitored;
  const [limit, setLimit] = useState(portion);
  const [deleting, setDeleting] = useState<string>();
  const keys = metricKeys(versions);
  const columns = keys.slice(0, maxMetricColumns);
  const champion = championOf(versions);
  const compared = view.selected
    .map((number) => versions.find((v) => v.version === number))
    .filter((v): v is ModelVersion => v !== undefined);
  const toggle = (version: string) =>
    change(
      {
        selected: view.selected.includes(version)
          ? view.selected.filter((v) => v !== version)
          : [...view.selected, version],
      },
      "replace",
    );
  return (
    <>
      <p className="muted tab-hint" role="status">
        {compared.length === 0 && versions.length > 1 && "Tick versions to compare them. "}
        {compared.length === 1 && "Tick one more version to compare. "}
        {keys.length > columns.length &&
          `The first ${columns.length} of ${keys.length} metrics are shown; Performance has all.`}
      </p>
      {compared.length > 1 && (
        <ComparePanel versions={compared} onClose={() => change({ selected: [] }, "replace")} />
      )}
      <div className="card table-scroll">
        <table className="table versions-table">
          <thead>
            <tr>
              <th>
                <span className="visually-hidden">Compare</span>
              </th>
              <th>Version</th>
              <th>Stage</th>
              <th>Aliases</th>
              {columns.map((key) => (
                <th key={key} className="numeric">
                  {key}
                </th>
              ))}
              <th>Dataset</th>
              <th>Run</th>
              <th>Created</th>
              <th>User</th>
              <th className="row-tool">
                <span className="visually-hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {versions.slice(0, limit).map((v) => (
              <tr
                key={v.version}
                className={[
                  v === champion && championReason(v) && "champion-row",
                  view.selected.includes(v.version) && "selected",
                ]
                  .filter(Boolean)
                  .join(" ")}
              >
                <td>
                  <input
                    type="checkbox"
                    aria-label={`Compare version ${v.version}`}
                    checked={view.selected.includes(v.version)}
                    onChange={() => toggle(v.version)}
                  />
                </td>
                <th scope="row">
                  <Link
                    to="/models/$modelName/versions/$version"
                    params={{ modelName: model.name, version: v.version }}
                  >
                    Version {v.version}
                  </Link>
                  {v.status !== "READY" && (
                    <span className="chip" title={v.statusMessage}>
                      {v.status}
                    </span>
                  )}
                </th>
                <td>
                  <StageChip stage={v.stage} />
                </td>
                <td>
                  <span className="chips">
                    {v.aliases.map((alias) => (
                      <AliasChip key={alias} alias={alias} />
                    ))}
                  </span>
                </td>
                {columns.map((key) => (
                  <td key={key} className="numeric">
                    <MetricCell version={v} metric={key} />
                  </td>
                ))}
                <td>
                  <DatasetCell version={v} />
                </td>
                <td>
                  <RunLink version={v} />
                </td>
                <td>
                  <RelativeTime timeMS={v.createdMS} />
                </td>
                <td>{v.user || <span className="muted">–</span>}</td>
                <td className="row-tool shown">
                  <VersionMenu version={v.version} move={move} onDelete={() => setDeleting(v.version)} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {versions.length > limit && (
        <p className="more">
          <button type="button" className="button" onClick={() => setLimit(limit + portion)}>
            Show {Math.min(portion, versions.length - limit)} more of {versions.length}
          </button>
        </p>
      )}
      {deleting !== undefined && (
        <DeleteVersionDialog name={model.name} version={deleting} onClose={() => setDeleting(undefined)} />
      )}
    </>
  );
}

/** A value, or one for each dataset the metric was measured on. */
function MetricCell({ version, metric }: { version: ModelVersion; metric: string }) {
  const values = valuesOf(version, metric);
  if (values.length === 0) return <span className="muted">–</span>;
  if (values.length === 1) return <NumberText value={values[0]!.value} />;
  return values.map((m) => (
    <div key={m.datasetName + m.datasetDigest}>
      <span className="muted">{m.datasetName || "no dataset"}</span> <NumberText value={m.value} />
    </div>
  ));
}

function DatasetCell({ version }: { version: ModelVersion }) {
  const names = new Set([
    ...version.metrics.map((m) => m.datasetName).filter(Boolean),
    ...version.datasets.map((d) => d.name),
  ]);
  return names.size === 0 ? <span className="muted">–</span> : [...names].join(", ");
}

export function RunLink({ version }: { version: ModelVersion }) {
  if (!version.runID) return <span className="muted">–</span>;
  const name = version.runName || version.runID.slice(0, 8);
  if (!version.experimentID) return <span title={version.runID}>{name}</span>;
  return (
    <span className="run-link">
      <RunSwatch runID={version.runID} />
      <Link
        to="/experiments/$experimentID/runs/$runID"
        params={{ experimentID: version.experimentID, runID: version.runID }}
        title={version.runID}
      >
        {name}
      </Link>
    </span>
  );
}

interface VersionMenuProps {
  version: string;
  move: (kind: TransitionKind, version: string) => void;
  onDelete: () => void;
}

export function VersionMenu({ version, move, onDelete }: VersionMenuProps) {
  return (
    <Popover
      kind="menu"
      label={`Actions for version ${version}`}
      trigger={<Icon name="more" />}
      triggerClass="icon-button"
    >
      {(close) => {
        const choose = (action: () => void) => () => {
          close();
          action();
        };
        return (
          <>
            <MenuItem onSelect={choose(() => move("stage", version))}>
              <Icon name="model" size={14} /> Move to a stage…
            </MenuItem>
            <MenuItem onSelect={choose(() => move("alias", version))}>
              <Icon name="link" size={14} /> Set an alias…
            </MenuItem>
            <MenuItem danger onSelect={choose(onDelete)}>
              <Icon name="trash" size={14} /> Delete…
            </MenuItem>
          </>
        );
      }}
    </Popover>
  );
}
