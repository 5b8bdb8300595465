import { useMemo } from "react";
import { parseSheet, type Sheet } from "../../lib/files/sheet";
import { plural } from "../../lib/text/format";

/** How many rows of a table are put into the page. */
export const maxSheetRows = 2000;

/** CSV or TSV as a table. */
export function TextSheet({ text, tabs }: { text: string; tabs: boolean }) {
  const sheet = useMemo(() => parseSheet(text, tabs ? "\t" : ",", maxSheetRows), [text, tabs]);
  return <SheetView sheet={sheet} />;
}

/** A table whose columns of numbers are aligned as such. */
export function SheetView({ sheet }: { sheet: Sheet }) {
  const numeric = useMemo(
    () =>
      sheet.header.map((_, i) =>
        sheet.rows.every((row) => row[i] === undefined || row[i] === "" || !Number.isNaN(Number(row[i]))),
      ),
    [sheet],
  );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the table scrolls, so the keyboard must reach it
    <div className="table-scroll file-sheet" tabIndex={0}>
      <table className="table">
        <thead>
          <tr>
            {sheet.header.map((cell, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: columns may share a name
              <th key={i} className={numeric[i] ? "numeric" : ""}>
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sheet.rows.map((row, r) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no identity of their own
            <tr key={r}>
              {row.map((cell, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: columns may share a name
                <td key={i} className={numeric[i] ? "numeric" : ""}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {sheet.truncated && <p className="file-note">The first {plural(maxSheetRows, "row")} are shown.</p>}
    </div>
  );
}
