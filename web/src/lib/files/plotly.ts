// Figures of plotly, as JSON and as the HTML that plotly writes. The server has a plotly of its own,
// which takes the place of the one that such HTML loads from another host.

export interface Figure {
  data: { type?: unknown }[];
  layout: object;
  frames?: unknown;
}

/** The figure that JSON is, or undefined. */
export function plotlyFigure(value: unknown): Figure | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { data, layout, frames } = value as Record<string, unknown>;
  if (!Array.isArray(data) || !isObject(layout) || !data.every(isObject)) return undefined;
  return { data, layout, ...(Array.isArray(frames) && { frames }) };
}

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The kinds of traces that the plotly of this server draws. */
const drawn = new Set(
  "bar box contour heatmap histogram histogram2d histogram2dcontour image pie scatter scatterternary violin".split(
    " ",
  ),
);

/** The kinds of traces in a figure that cannot be drawn. */
export function undrawnKinds(data: Figure["data"]): string[] {
  const kinds = data.map(({ type }) => (typeof type === "string" ? type : "scatter"));
  return [...new Set(kinds)].filter((kind) => !drawn.has(kind)).sort();
}

const script = /<script\b[^>]*?\bsrc\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))[^>]*>\s*<\/script\s*>/gi;
const plotlyFile = /(^|\/)plotly[^/]*\.js([?#].*)?$/i;

export interface ForeignScripts {
  /** Whether the document loads plotly. */
  plotly: boolean;
  /** The hosts of all other scripts that it loads. */
  hosts: string[];
}

/** The scripts that a document loads from elsewhere. */
export function foreignScripts(html: string): ForeignScripts {
  const found: ForeignScripts = { plotly: false, hosts: [] };
  for (const match of html.matchAll(script)) {
    const src = match[1] ?? match[2] ?? match[3] ?? "";
    if (/^data:/i.test(src)) continue;
    if (plotlyFile.test(src)) found.plotly = true;
    else found.hosts.push(hostOf(src));
  }
  found.hosts = [...new Set(found.hosts)].sort();
  return found;
}

function hostOf(src: string): string {
  try {
    return new URL(src, "https://this.file").host.replace("this.file", "this folder");
  } catch {
    return src.slice(0, 60);
  }
}

/** A document with the text of plotly in place of the script that loads it. */
export function withPlotly(html: string, plotly: string): string {
  let first = true;
  return html.replace(script, (element, quoted, single, bare) => {
    if (!plotlyFile.test(quoted ?? single ?? bare ?? "")) return element;
    const replacement = first ? inline(plotly) : "";
    first = false;
    return replacement;
  });
}

const inline = (code: string) => `<script>${code.replace(/<\/script/gi, "<\\/script")}</script>`;

/** The traces of the figures that HTML of plotly draws. */
export function tracesIn(html: string): Figure["data"] {
  const traces: Figure["data"] = [];
  for (const match of html.matchAll(/Plotly\.newPlot\(\s*(?:"[^"]*"|'[^']*')\s*,\s*(?=\[)/g)) {
    const data = listAt(html, match.index + match[0].length);
    if (Array.isArray(data)) traces.push(...data.filter(isObject));
  }
  return traces;
}

/** The JSON list that begins at a position of a text, or undefined. */
function listAt(text: string, start: number): unknown {
  const token = /"(?:[^"\\]|\\.)*"|[[\]]/g;
  token.lastIndex = start;
  let depth = 0;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    if (match[0] === "[") depth++;
    else if (match[0] === "]" && --depth === 0) {
      try {
        return JSON.parse(text.slice(start, token.lastIndex));
      } catch {
        return undefined;
      }
    }
  }
  return undefined;
}

/** A document that draws a figure. */
export function figureDocument(figure: Figure, plotly: string): string {
  const config = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["toImage"] };
  // JSON in a script must not end it.
  const json = JSON.stringify({ ...figure, config })
    .replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
  return `<!doctype html><meta charset="utf-8"><title>Figure</title>
<style>html, body, #figure { height: 100%; margin: 0 }</style>
<div id="figure"></div>
${inline(plotly)}
<script>Plotly.newPlot("figure", ${json})</script>`;
}
