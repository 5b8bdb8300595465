export interface Sheet {
  header: string[];
  rows: string[][];
  /** The text held more rows than were asked for. */
  truncated: boolean;
}

/** Parses CSV or TSV with quoted fields, as RFC 4180 describes them. */
export function parseSheet(text: string, separator: "," | "\t", maxRows: number): Sheet {
  const reader = new SheetReader(separator, maxRows);
  reader.feed(text);
  return reader.sheet(true);
}

/** Parses CSV or TSV that comes in parts, which may end anywhere. */
export class SheetReader {
  private readonly lines: string[][] = [];
  private readonly special: RegExp;
  private row: string[] = [];
  private field = "";
  private state: "plain" | "quoted" | "after quote" | "after return" = "plain";

  constructor(
    private readonly separator: string,
    private readonly maxRows: number,
  ) {
    this.special = new RegExp(`["\\r\\n${separator}]`, "g");
  }

  feed(text: string) {
    let at = 0;
    while (at < text.length && !this.truncated) {
      if (this.state === "quoted") at = this.quoted(text, at);
      else if (this.state === "after quote") at = this.afterQuote(text, at);
      else at = this.plain(text, at);
    }
  }

  /** The rows so far. The last one is left out if its end has not come. */
  sheet(complete: boolean): Sheet {
    const lines = this.lines.slice(0, this.maxRows + 1);
    const last = [...this.row, this.state === "after return" ? `${this.field}\r` : this.field];
    if (complete && !this.truncated && !isEmpty(last)) lines.push(last);
    const [header = [], ...rows] = lines;
    return {
      header,
      rows: rows.slice(0, this.maxRows),
      truncated: this.truncated || rows.length > this.maxRows,
    };
  }

  private get truncated() {
    return this.lines.length > this.maxRows + 1;
  }

  private quoted(text: string, at: number): number {
    const end = text.indexOf('"', at);
    this.field += text.slice(at, end < 0 ? undefined : end);
    if (end < 0) return text.length;
    this.state = "after quote";
    return end + 1;
  }

  /** A second quote stands for one in the field; anything else comes after the field. */
  private afterQuote(text: string, at: number): number {
    if (text[at] !== '"') {
      this.state = "plain";
      return at;
    }
    this.field += '"';
    this.state = "quoted";
    return at + 1;
  }

  private plain(text: string, at: number): number {
    if (this.state === "after return") {
      this.state = "plain";
      if (text[at] !== "\n") this.field += "\r";
    }
    this.special.lastIndex = at;
    const end = this.special.exec(text)?.index ?? text.length;
    if (end > at) this.field += text.slice(at, end);
    if (end === text.length) return end;
    const c = text[end]!;
    if (c === this.separator) this.endField();
    else if (c === "\n") this.endRow();
    else if (c === "\r") this.state = "after return";
    else if (this.field === "") this.state = "quoted";
    else this.field += c;
    return end + 1;
  }

  private endField() {
    this.row.push(this.field);
    this.field = "";
  }

  private endRow() {
    this.endField();
    if (!isEmpty(this.row)) this.lines.push(this.row);
    this.row = [];
  }
}

const isEmpty = (row: readonly string[]) => row.length === 1 && row[0] === "";

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
