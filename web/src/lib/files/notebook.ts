// Jupyter notebooks (nbformat 4), as far as they can be read without running anything.
import { type Figure, plotlyFigure } from "./plotly";

export interface Output {
  kind: "text" | "error" | "image";
  /** The text, or the image as a data: URL. */
  content: string;
  /** In the place of the text, where it can be drawn. */
  figure?: Figure;
}

export interface Cell {
  kind: "markdown" | "code" | "raw";
  source: string;
  count: number | undefined;
  outputs: Output[];
}

/** The cells of a notebook, or undefined for other JSON. */
export function notebookCells(value: unknown): Cell[] | undefined {
  const cells = (value as { cells?: unknown } | null)?.cells;
  if (!Array.isArray(cells)) return undefined;
  return cells.map((cell: Record<string, unknown>) => {
    const kind = cell.cell_type === "markdown" || cell.cell_type === "raw" ? cell.cell_type : "code";
    const outputs = Array.isArray(cell.outputs) ? cell.outputs : [];
    return {
      kind,
      source: lines(cell.source),
      count: typeof cell.execution_count === "number" ? cell.execution_count : undefined,
      outputs: outputs.flatMap(outputOf),
    };
  });
}

const images = ["image/png", "image/jpeg", "image/gif", "image/webp"];

function outputOf(output: Record<string, unknown>): Output[] {
  if (output.output_type === "stream") return [{ kind: "text", content: lines(output.text) }];
  if (output.output_type === "error") {
    const trace = lines(output.traceback, "\n");
    return [{ kind: "error", content: trace || `${output.ename}: ${output.evalue}` }];
  }
  const data = (output.data ?? {}) as Record<string, unknown>;
  const image = images.find((type) => data[type] !== undefined);
  if (image) {
    const bytes = lines(data[image]).replace(/\s/g, "");
    return /^[A-Za-z0-9+/=]+$/.test(bytes)
      ? [{ kind: "image", content: `data:${image};base64,${bytes}` }]
      : [];
  }
  const figure = plotlyFigure(data["application/vnd.plotly.v1+json"]);
  if (figure) return [{ kind: "text", content: lines(data["text/plain"]), figure }];
  const text = lines(data["text/plain"] ?? data["text/markdown"] ?? data["text/html"]);
  return text ? [{ kind: "text", content: text }] : [];
}

/** nbformat stores a text as one string or as a list of lines. */
function lines(value: unknown, separator = ""): string {
  if (Array.isArray(value)) return value.map(String).join(separator);
  return value === undefined || value === null ? "" : String(value);
}
