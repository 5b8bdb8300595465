import { useMemo } from "react";
import { type GridColumn, isNumericColumn } from "../../lib/files/grid";
import { parseSheet, type Sheet } from "../../lib/files/sheet";
import { plural } from "../../lib/text/format";
import { TableGrid } from "./TableGrid";

/** How many rows of a text are shown as a table. */
export const maxSheetRows = 200_000;

/** CSV or TSV as a table. */
export function TextSheet({ text, tabs }: { text: string; tabs: boolean }) {
  const sheet = useMemo(() => parseSheet(text, tabs ? "\t" : ",", maxSheetRows), [text, tabs]);
  return <SheetView sheet={sheet} />;
}

/** A table whose columns of numbers are aligned as such. */
export function SheetView({ sheet }: { sheet: Sheet }) {
  const columns = useMemo<GridColumn[]>(
    () => sheet.header.map((name, i) => ({ name, numeric: isNumericColumn(sheet.rows, i) })),
    [sheet],
  );
  return (
    <>
      <TableGrid label="Table" columns={columns} rows={sheet.rows} names={0} />
      {sheet.truncated && (
        <p className="file-note">The first {plural(maxSheetRows, "row")} are shown. Download the file.</p>
      )}
    </>
  );
}
