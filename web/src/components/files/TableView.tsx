import { useQuery } from "@tanstack/react-query";
import type { FileSource } from "../../api/artifacts";
import { ApiError } from "../../api/client";
import { type FileTable, type FileWindow, fileTableColumns, fileTableRows } from "../../api/fileTables";
import { fileTable } from "../../api/queries";
import { useViewState } from "../../lib/browser/hooks";
import { tableFacts } from "../../lib/files/tableFacts";
import { fileCodec } from "../../lib/view/file";
import { ErrorNotice, Loading } from "../Notice";
import { Pager } from "./Pager";
import { TableGrid } from "./TableGrid";

interface TableViewProps {
  source: FileSource;
  path: string;
}

type Change = (part: Partial<FileWindow>, how?: "push" | "replace") => void;

/** Parts of the table in a binary file, which the server reads. The address says which part. */
export function TableView({ source, path }: TableViewProps) {
  const [view, change] = useViewState(fileCodec, "kept");
  const { data, error, isPending, refetch, isPlaceholderData } = useQuery(fileTable(source, path, view));
  if (error) {
    return (
      <>
        {error instanceof ApiError && error.status === 400 ? (
          <p className="file-none muted">{error.message}</p>
        ) : (
          <ErrorNotice error={error} what="Could not read the table" retry={() => refetch()} />
        )}
        {(view.row > 0 || view.column > 0 || view.array) && (
          <p className="file-none">
            <button
              type="button"
              className="button"
              onClick={() => change({ row: 0, column: 0, array: "" }, "replace")}
            >
              Go to the first row
            </button>
          </p>
        )}
      </>
    );
  }
  if (isPending) return <Loading what="Reading the table" />;
  return (
    <>
      <TableHead table={data} change={change} />
      {data.columns.length === 0 || data.rowCount === 0 ? (
        <p className="file-none muted">{emptyText(data)}</p>
      ) : (
        <TableGrid
          key={`${data.array} ${data.offset} ${data.columnOffset}`}
          label={path}
          columns={data.columns}
          rows={data.rows}
          names={data.rowNames.length > 0 ? data.rowNames : data.offset}
          rowCount={data.rowCount}
        />
      )}
      <TableFoot table={data} busy={isPlaceholderData} change={change} />
    </>
  );
}

function emptyText(table: FileTable): string {
  const { error } = table.arrays.find((a) => a.name === table.array) ?? {};
  if (error) return error;
  if (table.format === "npz" && table.arrayCount === 0) return "The file has no arrays.";
  return "The table has no rows.";
}

function TableHead({ table, change }: { table: FileTable; change: Change }) {
  return (
    <div className="file-note table-facts">
      {table.arrays.length > 0 && (
        <label>
          Array{" "}
          <select
            className="input"
            value={table.array}
            onChange={(e) => change({ array: e.target.value, row: 0, column: 0 })}
          >
            {table.arrays.map((a) => (
              <option key={a.name} value={a.name}>
                {a.name}
                {a.type && ` · ${a.type} ${a.shape.join(" × ")}`}
                {a.error && " · cannot be shown"}
              </option>
            ))}
          </select>
        </label>
      )}
      <span>{tableFacts(table).join(" · ")}</span>
    </div>
  );
}

function TableFoot({ table, busy, change }: { table: FileTable; busy: boolean; change: Change }) {
  const onePage = table.rowCount <= fileTableRows && table.columnCount <= fileTableColumns;
  if (onePage && table.offset === 0 && table.columnOffset === 0) return null;
  return (
    <div className="file-more table-pagers" aria-busy={busy}>
      <Pager
        what="row"
        first={table.offset}
        shown={table.rows.length}
        count={table.rowCount}
        size={fileTableRows}
        go={(row) => change({ row }, "replace")}
      />
      {table.columnCount > fileTableColumns && (
        <Pager
          what="column"
          first={table.columnOffset}
          shown={table.columns.length}
          count={table.columnCount}
          size={fileTableColumns}
          go={(column) => change({ column }, "replace")}
        />
      )}
    </div>
  );
}
