import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useLayoutEffect, useRef, useState } from "react";

export interface GridCell {
  node: ReactNode;
  title?: string | undefined;
  numeric?: boolean | undefined;
}

export interface GridRow {
  key: string;
  /** The sticky first cell. */
  head: ReactNode;
  /** A heading that spans the grid has no cells. */
  heading?: boolean;
  cell?: (column: number) => GridCell;
}

interface CompareGridProps {
  label: string;
  corner: ReactNode;
  columns: readonly { key: string; head: ReactNode }[];
  rows: readonly GridRow[];
  headHeight: number;
}

const narrowest = 164;
const widest = 400;

const rowHeight = 30;

/** A table of any number of rows and columns: only the cells in sight exist. The first column stays. */
export function CompareGrid({ label, corner, columns, rows, headHeight }: CompareGridProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState(0);
  useLayoutEffect(() => {
    const element = scroller.current!;
    const measure = () => {
      const first = element.querySelector<HTMLElement>(".compare-first")?.offsetWidth ?? 0;
      setRoom(element.clientWidth - first);
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, []);
  const columnWidth = Math.min(widest, Math.max(narrowest, Math.floor(room / Math.max(1, columns.length))));
  const vertical = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 6,
    paddingStart: headHeight,
  });
  const across = useVirtualizer({
    horizontal: true,
    count: columns.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => columnWidth,
    overscan: 2,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the virtualizer keeps sizes until it is told
  useLayoutEffect(() => across.measure(), [columnWidth]);
  const inSight = across.getVirtualItems();
  const width = `calc(var(--compare-first) + ${columns.length * columnWidth}px)`;
  const place = (start: number) => ({ left: `calc(var(--compare-first) + ${start}px)`, width: columnWidth });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys scroll it
    <div ref={scroller} className="card compare-grid" role="region" aria-label={label} tabIndex={0}>
      <div
        role="table"
        aria-label={label}
        aria-rowcount={rows.length + 1}
        aria-colcount={columns.length + 1}
        className="compare-sheet"
        style={{ width, height: vertical.getTotalSize() }}
      >
        <div
          role="row"
          aria-rowindex={1}
          className="compare-row compare-head"
          style={{ height: headHeight, width }}
        >
          <div role="columnheader" aria-colindex={1} className="compare-first">
            {corner}
          </div>
          {inSight.map(({ index, start }) => (
            <div
              key={columns[index]!.key}
              role="columnheader"
              aria-colindex={index + 2}
              className="compare-cell"
              style={place(start)}
            >
              {columns[index]!.head}
            </div>
          ))}
        </div>
        {vertical.getVirtualItems().map(({ index, start }) => {
          const row = rows[index]!;
          return (
            <div
              key={row.key}
              role="row"
              aria-rowindex={index + 2}
              className={row.heading ? "compare-row compare-heading" : "compare-row"}
              style={{ transform: `translateY(${start}px)`, height: rowHeight, width }}
            >
              <div role="rowheader" aria-colindex={1} className="compare-first">
                {row.head}
              </div>
              {row.cell &&
                inSight.map(({ index: column, start: left }) => {
                  const { node, title, numeric } = row.cell!(column);
                  return (
                    <div
                      key={columns[column]!.key}
                      role="cell"
                      aria-colindex={column + 2}
                      className={numeric ? "compare-cell truncate number numeric" : "compare-cell truncate"}
                      style={place(left)}
                      title={title}
                    >
                      {node}
                    </div>
                  );
                })}
            </div>
          );
        })}
      </div>
    </div>
  );
}
