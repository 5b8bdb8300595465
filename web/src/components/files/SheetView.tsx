import { useMemo } from "react";
import { useViewState } from "../../lib/browser/hooks";
import { type GridColumn, isNumericColumn } from "../../lib/files/grid";
import type { Sheet } from "../../lib/files/sheet";
import { plural } from "../../lib/text/format";
import { fileCodec } from "../../lib/view/file";
import { Pager } from "./Pager";
import { TableGrid } from "./TableGrid";

/** How many rows of a text are shown as a table. */
export const maxSheetRows = 200_000;
/** How many columns are in the document. */
const columnsShown = 60;

/** A table whose columns of numbers are aligned as such. */
export function SheetView({ sheet }: { sheet: Sheet }) {
  const [view, change] = useViewState(fileCodec, "kept");
  const { header } = sheet;
  const first = Math.min(view.column, Math.max(0, header.length - 1));
  const columns = useMemo<GridColumn[]>(
    () =>
      sheet.header
        .slice(first, first + columnsShown)
        .map((name, i) => ({ name, numeric: isNumericColumn(sheet.rows, first + i) })),
    [sheet, first],
  );
  return (
    <>
      <TableGrid label="Table" columns={columns} rows={sheet.rows} names={0} firstColumn={first} />
      {header.length > columnsShown && (
        <div className="file-more">
          <Pager
            what="column"
            first={first}
            shown={columns.length}
            count={header.length}
            size={columnsShown}
            go={(column) => change({ column }, "replace")}
          />
        </div>
      )}
      {sheet.truncated && (
        <p className="file-note">The first {plural(maxSheetRows, "row")} are shown. Download the file.</p>
      )}
    </>
  );
}
