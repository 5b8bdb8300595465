export interface Sheet {
  header: string[];
  rows: string[][];
  /** The text held more rows than were asked for. */
  truncated: boolean;
}

/** Parses CSV or TSV with quoted fields, as RFC 4180 describes them. */
export function parseSheet(text: string, separator: "," | "\t", maxRows: number): Sheet {
  const lines: string[][] = [];
  let row: string[] = [];
  let field = "";
  let quoted = false;
  let truncated = false;
  const endField = () => {
    row.push(field);
    field = "";
  };
  const endRow = () => {
    endField();
    if (row.length > 1 || row[0] !== "") lines.push(row);
    row = [];
  };
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (quoted) {
      if (c !== '"') field += c;
      else if (text[i + 1] === '"') field += text[++i];
      else quoted = false;
    } else if (c === '"' && field === "") quoted = true;
    else if (c === separator) endField();
    else if (c === "\n") endRow();
    else if (c !== "\r" || text[i + 1] !== "\n") field += c;
    if (lines.length > maxRows) {
      truncated = true;
      break;
    }
  }
  if (!truncated && (field !== "" || row.length > 0)) endRow();
  const [header = [], ...rows] = lines;
  return { header, rows: rows.slice(0, maxRows), truncated };
}

/** Reads a table as `log_table` writes it, `{"columns": [...], "data": [[...], ...]}`; undefined for any other value. */
export function tableSheet(value: unknown, maxRows: number): Sheet | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { columns, data } = value as { columns?: unknown; data?: unknown };
  if (!Array.isArray(columns) || columns.length === 0 || !Array.isArray(data)) return undefined;
  if (!data.every((row) => Array.isArray(row) && row.length === columns.length)) return undefined;
  return {
    header: columns.map(cellText),
    rows: data.slice(0, maxRows).map((row: unknown[]) => row.map(cellText)),
    truncated: data.length > maxRows,
  };
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
