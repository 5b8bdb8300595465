import { useQuery } from "@tanstack/react-query";
import { loggedModel, runDetail } from "../../api/queries";
import type { ModelVersion } from "../../api/registry";
import { Icon } from "../../components/Icon";
import { NumberText } from "../../components/Values";
import { compareMetrics, compareRecords, compareTags, type Difference } from "../../lib/models/registry";
import { formatNumber } from "../../lib/text/format";

interface ComparePanelProps {
  a: ModelVersion;
  b: ModelVersion;
  onClose: () => void;
}

/** Two versions side by side: what differs, and folded away what does not. */
export function ComparePanel({ a, b, onClose }: ComparePanelProps) {
  const [older, newer] = Number(a.version) < Number(b.version) ? [a, b] : [b, a];
  return (
    <section className="card compare" aria-label={`Version ${older.version} and ${newer.version} compared`}>
      <div className="card-head">
        <h2>
          Version {older.version} → version {newer.version}
        </h2>
        <span className="spacer" />
        <button type="button" className="icon-button" aria-label="Close the comparison" onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <Differences a={older} b={newer} />
    </section>
  );
}

/** Parameters belong to the logged model; versions made without one have those of their run. */
function useVersionParams(version: ModelVersion): Record<string, string> | undefined {
  const model = useQuery({ ...loggedModel(version.modelID), enabled: version.modelID !== "" });
  const modelParams = model.data?.params;
  const useRun = version.runID !== "" && (version.modelID === "" || model.isError);
  const run = useQuery({ ...runDetail(version.runID), enabled: useRun });
  if (modelParams) return modelParams;
  if (useRun) return run.data?.params ?? (run.isError ? {} : undefined);
  return version.modelID ? undefined : {};
}

/** Metrics, parameters and tags of two versions. */
export function Differences({ a, b }: { a: ModelVersion; b: ModelVersion }) {
  const paramsA = useVersionParams(a);
  const paramsB = useVersionParams(b);
  const params = paramsA && paramsB ? compareRecords(paramsA, paramsB) : [];
  const groups: [string, Difference[]][] = [
    ["Metrics", compareMetrics(a, b)],
    ["Parameters", params],
    ["Tags", compareTags(a, b)],
  ];
  const all = groups.flatMap(([, rows]) => rows);
  const same = all.filter((row) => row.same);
  return (
    <>
      <div className="table-scroll">
        <table className="table difference-table">
          <thead>
            <tr>
              <th>What</th>
              <th>Version {a.version}</th>
              <th>Version {b.version}</th>
              <th>Change</th>
            </tr>
          </thead>
          {groups.map(([title, rows]) => (
            <DifferenceRows key={title} title={title} rows={rows.filter((row) => !row.same)} />
          ))}
        </table>
      </div>
      {all.length > 0 && same.length === all.length && (
        <p className="card-body muted">Metrics, parameters and tags are the same.</p>
      )}
      {all.length === 0 && <p className="card-body muted">Neither has metrics, parameters or tags.</p>}
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
                    <Value value={row.a} />
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

function DifferenceRows({ title, rows }: { title: string; rows: readonly Difference[] }) {
  if (rows.length === 0) return null;
  return (
    <tbody>
      <tr className="group-row">
        <th scope="rowgroup" colSpan={4}>
          {title}
        </th>
      </tr>
      {rows.map((row) => (
        <tr key={row.key}>
          <th scope="row" className="wrap">
            {row.key}
          </th>
          <td className="wrap">
            <Value value={row.a} />
          </td>
          <td className="wrap">
            <Value value={row.b} />
          </td>
          <td className="number">{changeOf(row)}</td>
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
function changeOf({ a, b }: Difference): string {
  if (typeof a !== "number" || typeof b !== "number") return "";
  const by = b - a;
  if (!Number.isFinite(by)) return "";
  const share =
    a !== 0 && Math.abs(by / a) < 10 ? ` (${sign(Number(((by / Math.abs(a)) * 100).toPrecision(3)))} %)` : "";
  return sign(by) + share;
}

const sign = (value: number) => (value > 0 ? `+${formatNumber(value)}` : formatNumber(value));
