import { type ReactNode, useId } from "react";
import { useRowKeys } from "../../lib/browser/rowKeys";
import { type ColumnsView, type DataColumn, nextSort } from "../../lib/columns/columns";
import "./columns.css";

interface DataTableProps<Row> {
  /** What the table lists, for screen readers. */
  label: string;
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  rowClass?: (row: Row) => string;
  /** What a row is called; it can be sorted by like any column. */
  name: DataColumn<Row>;
  columns: readonly DataColumn<Row>[];
  view: ColumnsView;
  change: (part: Partial<ColumnsView>) => void;
  /** A cell before the name, such as a check box. */
  before?: { title: string; cell: (row: Row) => ReactNode };
  /** A cell at the end, such as a menu. */
  after?: { title: string; cell: (row: Row) => ReactNode };
}

/** A table whose titles sort it. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  useRowKeys();
  const { label, rows, rowKey, rowClass, name, columns, view, change, before, after } = props;
  const head = (c: DataColumn<Row>) => (
    <Head key={c.id} column={c} view={view} change={change} numeric={c !== name && c.numeric === true} />
  );
  return (
    <div className="card table-scroll">
      <table className="table data-table" aria-label={label}>
        <thead>
          <tr>
            {before && (
              <th>
                <span className="visually-hidden">{before.title}</span>
              </th>
            )}
            {[name, ...columns].map(head)}
            {after && (
              <th className="row-tool">
                <span className="visually-hidden">{after.title}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} className={rowClass?.(row)}>
              {before && <td>{before.cell(row)}</td>}
              <th scope="row" className="cell-name" data-row-name>
                {name.cell(row)}
              </th>
              {columns.map((c) => (
                <td key={c.id} className={classOf(c)}>
                  {c.cell(row)}
                </td>
              ))}
              {after && <td className="row-tool shown">{after.cell(row)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const classOf = <Row,>(c: DataColumn<Row>) => (c.numeric ? "numeric" : c.long ? "cell-name" : undefined);

interface HeadProps<Row> {
  column: DataColumn<Row>;
  view: ColumnsView;
  change: (part: Partial<ColumnsView>) => void;
  numeric: boolean;
}

function Head<Row>({ column, view, change, numeric }: HeadProps<Row>) {
  const hint = useId();
  const sorted = view.sort === column.id;
  const className = numeric ? "numeric" : undefined;
  if (!column.value) return <th className={className}>{column.title}</th>;
  return (
    <th className={className} aria-sort={sorted ? (view.descending ? "descending" : "ascending") : undefined}>
      <button
        type="button"
        className="sort-button truncate"
        title={`Sort by ${column.title}`}
        aria-describedby={hint}
        onClick={() => change(nextSort(view, column))}
      >
        {column.title}
        <span aria-hidden="true">{sorted ? (view.descending ? " ↓" : " ↑") : ""}</span>
      </button>
      <span id={hint} hidden>
        Sorts the table
      </span>
    </th>
  );
}
