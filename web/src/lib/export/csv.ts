export type Cell = string | number | undefined;

/** Rows as CSV (RFC 4180). A missing value is an empty cell. */
export function csvOf(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => `${row.map(cellOf).join(",")}\r\n`).join("");
}

function cellOf(value: Cell): string {
  if (value === undefined) return "";
  const text = safe(String(value));
  return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Spreadsheets run a cell that begins like a formula. An apostrophe makes it text; numbers keep their sign. */
function safe(text: string): string {
  if (!/^[=+\-@\t\r]/.test(text) || isNumber(text)) return text;
  return `'${text}`;
}

const isNumber = (text: string) =>
  /^[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|Infinity)$/.test(text);
