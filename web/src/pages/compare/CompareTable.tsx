import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { metricValues } from "../../api/compare";
import { Icon } from "../../components/Icon";
import { ErrorNotice } from "../../components/Notice";
import { SearchField } from "../../components/SearchField";
import { useDeferredText } from "../../lib/browser/hooks";
import {
  bestValue,
  type CompareRow,
  compareRows,
  orderBy,
  type Section,
  sectionsOf,
} from "../../lib/compare/rows";
import { csvOf, saveText } from "../../lib/export";
import { plural } from "../../lib/text/format";
import { metricStats } from "../../lib/view/compare";
import { CompareGrid, type GridRow } from "./CompareGrid";
import { cellOf, cellText, changeCell } from "./cells";
import type { CompareProps } from "./compareProps";
import { RunHead } from "./RunHead";
import { type ShownValue, ValueDialog } from "./ValueDialog";

/** Everything that the runs have, what differs first. */
export function CompareTable({ runs, experiments, view, change, remove }: CompareProps) {
  const [value, setValue] = useState<ShownValue>();
  const others = useQuery(metricValues(runs, view.stat));
  const rows = useMemo(
    () => compareRows(runs, view.stat, others.data ?? {}, experiments),
    [runs, view.stat, others.data, experiments],
  );
  const sections = useMemo(() => sectionsOf(rows, view.text), [rows, view.text]);
  const order = useMemo(() => {
    const by = rows.find(({ id }) => id === view.sort?.column);
    return orderBy(by, runs.length, view.sort?.descending ?? false);
  }, [rows, runs, view.sort]);
  const shown = useMemo(
    () =>
      sections.flatMap(({ id, differing, equal }) =>
        view.unfolded.includes(id) ? [...differing, ...equal] : differing,
      ),
    [sections, view.unfolded],
  );
  const grid = { runs, experiments, sections, shown, order, view, change, remove, show: setValue };
  return (
    <>
      <TableToolbar {...{ rows, order, runs, view, change }}>
        {others.isLoading && <span className="muted">Reading the {view.stat} values…</span>}
      </TableToolbar>
      {others.error && (
        <ErrorNotice error={others.error} what="Could not read the values" retry={() => others.refetch()} />
      )}
      {view.transposed ? <RunsAsRows {...grid} /> : <RunsAsColumns {...grid} />}
      {value && <ValueDialog value={value} onClose={() => setValue(undefined)} />}
    </>
  );
}

interface ToolbarProps extends Pick<CompareProps, "runs" | "view" | "change"> {
  rows: readonly CompareRow[];
  order: readonly number[];
  children: React.ReactNode;
}

function TableToolbar({ rows, order, runs, view, change, children }: ToolbarProps) {
  const [text, setText] = useDeferredText(view.text, (value) => change({ text: value }, "replace"));
  const save = () => {
    const header = ["", ...order.map((i) => runs[i]!.name)];
    const ids = ["run ID", ...order.map((i) => runs[i]!.id)];
    const body = rows.map((row) => [row.id, ...order.map((i) => cellText(row, row.values[i]))]);
    const table = [header, ids, ...body];
    const cells = view.transposed ? header.map((_, c) => table.map((row) => row[c])) : table;
    saveText("comparison.csv", "text/csv", csvOf(cells));
  };
  return (
    <div className="toolbar">
      <SearchField label="Search rows" value={text} onChange={setText} />
      <label className="check">
        Metrics
        <select
          className="input"
          aria-label="Values of metrics"
          value={view.stat}
          onChange={(e) => change({ stat: metricStats.find((stat) => stat === e.target.value) ?? "last" })}
        >
          {metricStats.map((stat) => (
            <option key={stat} value={stat}>
              {stat}
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        className="button"
        aria-pressed={view.transposed}
        onClick={() => change({ transposed: !view.transposed })}
      >
        {view.transposed ? "Runs as columns" : "Runs as rows"}
      </button>
      <button type="button" className="button" onClick={save}>
        <Icon name="download" size={14} /> CSV
      </button>
      {view.sort && (
        <button type="button" className="link-button" onClick={() => change({ sort: undefined })}>
          Unsorted
        </button>
      )}
      {children}
    </div>
  );
}

interface GridProps extends CompareProps {
  sections: readonly Section[];
  /** Rows that are not folded away. */
  shown: readonly CompareRow[];
  /** Positions of the runs. */
  order: readonly number[];
  /** Opens a value that is longer than its cell. */
  show: (value: ShownValue) => void;
}

function RunsAsColumns({ runs, sections, order, view, change, remove, show }: GridProps) {
  const rows = sections.flatMap((section): GridRow[] => {
    const open = view.unfolded.includes(section.id);
    const row = (of: CompareRow): GridRow => {
      const best = bestValue(of);
      const ordered = { ...of, values: order.map((i) => of.values[i]) };
      return {
        key: of.id,
        head: <SortButton row={of} view={view} change={change} />,
        cell: (column) =>
          column < order.length
            ? cellOf(of, ordered.values[column], { best, run: runs[order[column]!]!.name, show })
            : changeCell(ordered),
      };
    };
    return [
      { key: `head ${section.id}`, heading: true, head: <strong>{section.title}</strong> },
      ...section.differing.map(row),
      ...(section.equal.length > 0
        ? [{ key: `fold ${section.id}`, heading: true, head: <Fold {...{ section, open, view, change }} /> }]
        : []),
      ...(open ? section.equal.map(row) : []),
    ];
  });
  const heads = order.map((i) => ({
    key: runs[i]!.id,
    head: <RunHead run={runs[i]!} remove={remove?.(runs[i]!.id)} />,
  }));
  return (
    <CompareGrid
      label="Comparison"
      corner={<span className="muted">{plural(runs.length, "run")}</span>}
      columns={
        runs.length === 2
          ? [...heads, { key: "change", head: <span className="muted compare-change">Change</span> }]
          : heads
      }
      rows={rows}
      headHeight={38}
    />
  );
}

function RunsAsRows({ runs, sections, shown, order, view, change, remove, show }: GridProps) {
  const best = shown.map(bestValue);
  const titles = new Map(sections.map(({ id, title }) => [id, title]));
  return (
    <>
      <p className="compare-folds">
        {sections.map((section) => {
          const open = view.unfolded.includes(section.id);
          return (
            section.equal.length > 0 && <Fold key={section.id} {...{ section, open, view, change }} named />
          );
        })}
      </p>
      <CompareGrid
        label="Comparison"
        corner={<span className="muted">{plural(runs.length, "run")}</span>}
        columns={shown.map((row) => ({
          key: row.id,
          head: (
            <div className={row.numeric ? "compare-column numeric" : "compare-column"}>
              <span className="muted">{titles.get(row.section)}</span>
              <SortButton row={row} view={view} change={change} />
            </div>
          ),
        }))}
        rows={order.map((i) => ({
          key: runs[i]!.id,
          head: <RunHead run={runs[i]!} remove={remove?.(runs[i]!.id)} />,
          cell: (column) => {
            const row = shown[column]!;
            return cellOf(row, row.values[i], { best: best[column], run: runs[i]!.name, show });
          },
        }))}
        headHeight={46}
      />
    </>
  );
}

type PartProps = Pick<CompareProps, "view" | "change">;

/** Names a row; a click orders the runs by it, a second one the other way round. */
function SortButton({ row, view, change }: PartProps & { row: CompareRow }) {
  const sorted =
    view.sort?.column === row.id ? (view.sort.descending ? "descending" : "ascending") : undefined;
  const next = { column: row.id, descending: sorted === "ascending" };
  return (
    <button
      type="button"
      className="compare-sort truncate"
      title={`${row.title}: order the runs by it`}
      aria-label={sorted ? `${row.title}, runs ordered by it, ${sorted}` : row.title}
      onClick={() => change({ sort: sorted === "descending" ? undefined : next })}
    >
      {row.title}
      {sorted && <span aria-hidden="true">{sorted === "ascending" ? " ↑" : " ↓"}</span>}
    </button>
  );
}

function Fold({
  section,
  open,
  named,
  view,
  change,
}: PartProps & { section: Section; open: boolean; named?: boolean }) {
  const { id, title, equal } = section;
  const toggle = () =>
    change(
      { unfolded: open ? view.unfolded.filter((other) => other !== id) : [...view.unfolded, id] },
      "replace",
    );
  return (
    <button type="button" className="link-button compare-fold" aria-expanded={open} onClick={toggle}>
      <span aria-hidden="true">{open ? "▾" : "▸"}</span> {named && `${title}: `}
      {equal.length} equal
    </button>
  );
}
