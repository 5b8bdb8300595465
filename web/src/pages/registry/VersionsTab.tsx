import { useMemo, useState } from "react";
import type { ModelVersion } from "../../api/registry";
import { ColumnChooser } from "../../components/columns/ColumnChooser";
import { DataTable } from "../../components/columns/DataTable";
import { shownColumns, sortRows } from "../../lib/columns/columns";
import { championOf, championReason } from "../../lib/models/registry";
import { ComparePanel } from "./ComparePanel";
import { DeleteVersionDialog } from "./ModelDialogs";
import type { MonitorTabProps } from "./monitorTab";
import { useRunParams } from "./useRunParams";
import { VersionMenu } from "./VersionMenu";
import { automaticColumns, numberColumn, versionCatalogue } from "./versionColumns";

const portion = 100;

/** All versions, the newest first until they are sorted; those that are ticked are compared. */
export function VersionsTab({ monitored, view, change, move }: MonitorTabProps) {
  const { model, versions } = monitored;
  const [limit, setLimit] = useState(portion);
  const [deleting, setDeleting] = useState<string>();
  const [choosing, setChoosing] = useState(false);
  const { keys, params } = useRunParams(versions, [...(view.columns ?? []), view.sort], choosing);
  const catalogue = useMemo(() => versionCatalogue(versions, keys, params), [versions, keys, params]);
  const columns = shownColumns(catalogue, view.columns, automaticColumns(versions));
  const rows = useMemo(
    () => sortRows(versions, [numberColumn, ...catalogue], view),
    [versions, catalogue, view],
  );
  const champion = championOf(versions);
  const compared = view.selected
    .map((number) => versions.find((v) => v.version === number))
    .filter((v): v is ModelVersion => v !== undefined);
  const toggle = (version: string) => {
    const without = view.selected.filter((v) => v !== version);
    const selected = without.length < view.selected.length ? without : [...view.selected, version];
    change({ selected }, "replace");
  };
  const rowClass = (v: ModelVersion) =>
    [v === champion && championReason(v) && "champion-row", view.selected.includes(v.version) && "selected"]
      .filter(Boolean)
      .join(" ");
  return (
    <>
      <div className="toolbar">
        <ColumnChooser
          catalogue={catalogue}
          shown={columns}
          automatic={view.columns === undefined}
          choose={(ids) => change({ columns: ids }, "replace")}
          onOpen={() => setChoosing(true)}
        />
        <span className="muted tab-hint" role="status">
          {compared.length === 0 && versions.length > 1 && "Tick versions to compare them."}
          {compared.length === 1 && "Tick one more version to compare."}
        </span>
      </div>
      {compared.length > 1 && (
        <ComparePanel versions={compared} onClose={() => change({ selected: [] }, "replace")} />
      )}
      <DataTable
        label={`Versions of ${model.name}`}
        rows={rows.slice(0, limit)}
        rowKey={(v) => v.version}
        rowClass={rowClass}
        name={numberColumn}
        columns={columns}
        view={view}
        change={(part) => change(part, "replace")}
        before={{
          title: "Compare",
          cell: (v) => (
            <input
              type="checkbox"
              aria-label={`Compare version ${v.version}`}
              checked={view.selected.includes(v.version)}
              onChange={() => toggle(v.version)}
            />
          ),
        }}
        after={{
          title: "Actions",
          cell: (v) => (
            <VersionMenu version={v.version} move={move} onDelete={() => setDeleting(v.version)} />
          ),
        }}
      />
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
