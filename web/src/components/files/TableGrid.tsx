import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";
import { columnWidths, type GridColumn } from "../../lib/files/grid";
import "./files.css";

interface TableGridProps {
  label: string;
  columns: readonly GridColumn[];
  rows: readonly (readonly (string | null)[])[];
  /** Names of the rows, or the number of the first one; undefined for none. */
  names?: readonly string[] | number | undefined;
  /** The place of the first column in the rows. */
  firstColumn?: number;
  /** The number of rows of the whole table, if these are a part of it. */
  rowCount?: number;
}

const rowHeight = 28;

/** Cells of text. Only the rows in sight are in the document. */
export function TableGrid(props: TableGridProps) {
  const { label, columns, rows, names, firstColumn = 0, rowCount = rows.length } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const widths = useMemo(() => columnWidths(columns, rows, firstColumn), [columns, rows, firstColumn]);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 15,
  });
  const items = virtual.getVirtualItems();
  const first = typeof names === "number" ? names : 0;
  const name = (i: number) => (typeof names === "object" ? names[i] : (first + i).toLocaleString("en-US"));
  const nameWidth = names === undefined ? 0 : Math.max(4, (name(rows.length - 1) ?? "").length) + 2;
  const above = items[0]?.start ?? 0;
  const below = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  const span = columns.length + (names === undefined ? 0 : 1);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the table scrolls, so the keyboard must reach it
    <div ref={scroller} className="table-scroll file-sheet" tabIndex={0}>
      <table className="table file-grid" aria-label={label} aria-rowcount={rowCount + 1}>
        <colgroup>
          {names !== undefined && <col style={{ width: `${nameWidth}ch` }} />}
          {widths.map((width, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: columns may share a name
            <col key={i} style={{ width: `calc(${width}ch + 25px)` }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {names !== undefined && (
              <th scope="col" className="numeric">
                <span className="visually-hidden">Row</span>
              </th>
            )}
            {columns.map((column, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: columns may share a name
              <th key={i} scope="col" className={column.numeric ? "numeric" : ""} title={column.name}>
                <span className="grid-name">{column.name}</span>
                {column.type && <span className="grid-type">{column.type}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <Spacer height={above} span={span} />
        <tbody>
          {items.map(({ index }) => (
            <tr key={index} aria-rowindex={first + index + 2}>
              {names !== undefined && (
                <th scope="row" className="numeric muted number">
                  {name(index)}
                </th>
              )}
              {columns.map((column, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: columns may share a name
                <Cell key={i} text={rows[index]![firstColumn + i]} numeric={column.numeric} />
              ))}
            </tr>
          ))}
        </tbody>
        <Spacer height={below} span={span} />
      </table>
    </div>
  );
}

function Cell({ text, numeric }: { text: string | null | undefined; numeric: boolean }) {
  if (text === null) return <td className={numeric ? "numeric muted" : "muted"}>null</td>;
  const long = text !== undefined && text.length > 20;
  return (
    <td className={numeric ? "numeric number" : ""} title={long ? text : undefined}>
      {text}
    </td>
  );
}

/** Stands for the rows that are not in the document. */
function Spacer({ height, span }: { height: number; span: number }) {
  if (height <= 0) return null;
  return (
    <tbody className="grid-spacer" aria-hidden="true">
      <tr>
        <td colSpan={span} style={{ height }} />
      </tr>
    </tbody>
  );
}
