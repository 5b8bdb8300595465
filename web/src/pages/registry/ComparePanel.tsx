import { useQueries } from "@tanstack/react-query";
import { loggedModel, runDetail } from "../../api/queries";
import type { ModelVersion } from "../../api/registry";
import { Icon } from "../../components/Icon";
import { NumberText } from "../../components/Values";
import { compareMetrics, compareRecords, compareTags, type Difference } from "../../lib/models/registry";
import { formatNumber } from "../../lib/text/format";

interface ComparePanelProps {
  versions: readonly ModelVersion[];
  onClose: () => void;
}

/** Versions side by side, the oldest first: what differs, and folded away what does not. */
export function ComparePanel({ versions, onClose }: ComparePanelProps) {
  const ordered = versions.toSorted((a, b) => Number(a.version) - Number(b.version));
  const numbers = ordered.map((v) => v.version);
  const all = `${numbers.slice(0, -1).join(", ")} and ${numbers.at(-1)}`;
  return (
    <section className="card compare" aria-label={`Version ${all} compared`}>
      <div className="card-head">
        <h2>{numbers.length === 2 ? `Version ${numbers[0]} → version ${numbers[1]}` : `Versions ${all}`}</h2>
        <span className="spacer" />
        <button type="button" className="icon-button" aria-label="Close the comparison" onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <Differences versions={ordered} />
    </section>
  );
}

/**
 * Parameters belong to the logged models; versions made without one have those of their runs. They are
 * undefined until all have arrived.
 */
function useVersionParams(versions: readonly ModelVersion[]): Record<string, string>[] | undefined {
  const models = useQueries({
    queries: versions.map((v) => ({ ...loggedModel(v.modelID), enabled: v.modelID !== "" })),
  });
  const wantRun = versions.map((v, i) => v.runID !== "" && (v.modelID === "" || models[i]!.isError));
  const runs = useQueries({
    queries: versions.map((v, i) => ({ ...runDetail(v.runID), enabled: wantRun[i]! })),
  });
  const params = versions.map((v, i) => {
    const ofModel = models[i]!.data?.params;
    if (ofModel) return ofModel;
    if (wantRun[i]) return runs[i]!.data?.params ?? (runs[i]!.isError ? {} : undefined);
    return v.modelID && !models[i]!.isError ? undefined : {};
  });
  return params.every((p) => p !== undefined) ? params : undefined;
}

/** Metrics, parameters and tags of versions. */
export function Differences({ versions }: { versions: readonly ModelVersion[] }) {
  const params = useVersionParams(versions);
  const groups: [string, Difference[]][] = [
    ["Metrics", compareMetrics(versions)],
    ["Parameters", params ? compareRecords(params) : []],
    ["Tags", compareTags(versions)],
  ];
  const all = groups.flatMap(([, rows]) => rows);
  const same = all.filter((row) => row.same);
  const two = versions.length === 2;
  return (
    <>
      <div className="table-scroll">
        <table className="table difference-table">
          <thead>
            <tr>
              <th>What</th>
              {versions.map((v) => (
                <th key={v.version}>Version {v.version}</th>
              ))}
              {two && <th>Change</th>}
            </tr>
          </thead>
          {groups.map(([title, rows]) => (
            <DifferenceRows key={title} title={title} two={two} rows={rows.filter((row) => !row.same)} />
          ))}
        </table>
      </div>
      {all.length > 0 && same.length === all.length && (
        <p className="card-body muted">Metrics, parameters and tags are the same.</p>
      )}
      {all.length === 0 && <p className="card-body muted">None has metrics, parameters or tags.</p>}
      {same.length > 0 && (
        <details className="system-fold">
          <summary>{same.length} the same</summary>
          <table className="table key-values">
            <tbody>
              {same.map((row) => (
                <tr key={row.key}>
                  <th scope="row" className="wrap">
                    {row.key}
                  </th>
                  <td className="wrap">
                    <Value value={row.values[0]} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </>
  );
}

interface DifferenceRowsProps {
  title: string;
  rows: readonly Difference[];
  /** Whether there are two versions, between which there is a change. */
  two: boolean;
}

function DifferenceRows({ title, rows, two }: DifferenceRowsProps) {
  const first = rows[0];
  if (!first) return null;
  return (
    <tbody>
      <tr className="group-row">
        <th scope="rowgroup" colSpan={1 + first.values.length + Number(two)}>
          {title}
        </th>
      </tr>
      {rows.map((row) => (
        <tr key={row.key}>
          <th scope="row" className="wrap">
            {row.key}
          </th>
          {row.values.map((value, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the position identifies the version
            <td key={i} className="wrap">
              <Value value={value} />
            </td>
          ))}
          {two && <td className="number">{changeOf(row)}</td>}
        </tr>
      ))}
    </tbody>
  );
}

function Value({ value }: { value: string | number | undefined }) {
  if (value === undefined) return <span className="muted">–</span>;
  return typeof value === "number" ? <NumberText value={value} /> : value;
}

/** How far a number moved. Whether up is good depends on the metric, so no colour says so. */
function changeOf({ values: [a, b] }: Difference): string {
  if (typeof a !== "number" || typeof b !== "number") return "";
  const by = b - a;
  if (!Number.isFinite(by)) return "";
  const share =
    a !== 0 && Math.abs(by / a) < 10 ? ` (${sign(Number(((by / Math.abs(a)) * 100).toPrecision(3)))} %)` : "";
  return sign(by) + share;
}

const sign = (value: number) => (value > 0 ? `+${formatNumber(value)}` : formatNumber(value));
