export interface GridColumn {
  name: string;
  type?: string;
  numeric: boolean;
}

const narrowest = 5;
const widest = 48;
/** Rows whose texts decide how wide the columns are and which have numbers. */
const measuredRows = 200;

/**
 * The widths of columns in characters. They depend on the rows that were read and not on those in
 * sight, so that columns stay in place when the table is scrolled.
 */
export function columnWidths(
  columns: readonly GridColumn[],
  rows: readonly (readonly (string | null)[])[],
  firstColumn = 0,
): number[] {
  const head = rows.slice(0, measuredRows);
  return columns.map(({ name, type = "" }, i) => {
    const texts = head.map((row) => row[firstColumn + i]?.length ?? 4);
    return Math.min(widest, Math.max(narrowest, name.length, type.length, ...texts));
  });
}

/** Whether the first texts of a column are numbers or empty, and not all empty. */
export function isNumericColumn(rows: readonly (readonly (string | null)[])[], column: number): boolean {
  let numbers = 0;
  for (const row of rows.slice(0, measuredRows)) {
    const text = row[column];
    if (text === undefined || text === null || text === "") continue;
    if (Number.isNaN(Number(text))) return false;
    numbers++;
  }
  return numbers > 0;
}
