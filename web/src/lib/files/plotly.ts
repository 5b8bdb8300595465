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
  const kinds = data.map(({ type }) => withoutGL(typeof type === "string" ? type : "scatter"));
  return [...new Set(kinds)].filter((kind) => !drawn.has(kind)).sort();
}

// Plotly Express writes kinds for WebGL if there are many points. Each has a twin that is drawn as SVG.
const withoutGL = (kind: string) => (kind === "scattergl" || kind === "heatmapgl" ? kind.slice(0, -2) : kind);

/** A figure without the traces that cannot be drawn. */
export function drawnPart(figure: Figure): Figure {
  const data = figure.data.filter((trace) => undrawnKinds([trace]).length === 0);
  return {
    ...figure,
    data: data.map((trace) =>
      typeof trace.type === "string" ? { ...trace, type: withoutGL(trace.type) } : trace,
    ),
  };
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

/** How many figures HTML of plotly draws. */
export const countFigures = (html: string) => html.match(/Plotly\.newPlot\(\s*["']/g)?.length ?? 0;

/** The first figure that HTML of plotly draws, as far as its script states it as JSON. */
export function figureIn(html: string): Figure | undefined {
  const start = /Plotly\.newPlot\(\s*(?:"[^"]*"|'[^']*')\s*,\s*(?=\[)/.exec(html);
  if (!start) return undefined;
  const data = valueAt(html, start.index + start[0].length);
  if (!data) return undefined;
  const comma = /^\s*,\s*(?=\{)/.exec(html.slice(data.end, data.end + 1000));
  const layout = comma && valueAt(html, data.end + comma[0].length);
  return plotlyFigure({ data: data.value, layout: layout ? layout.value : {} });
}

/** The JSON list or object that begins at a position of a text, and where it ends. */
function valueAt(text: string, start: number): { value: unknown; end: number } | undefined {
  const token = /"(?:[^"\\]|\\.)*"|[[\]{}]/g;
  token.lastIndex = start;
  let depth = 0;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    if (match[0] === "[" || match[0] === "{") depth++;
    else if (match[0] === "]" || match[0] === "}") depth--;
    if (depth > 0) continue;
    try {
      return { value: JSON.parse(text.slice(start, token.lastIndex)), end: token.lastIndex };
    } catch {
      return undefined;
    }
  }
  return undefined;
}

/** A figure that fits into a small frame. */
export function smallFigure(figure: Figure): Figure {
  const { width: _, height: __, title, font, ...layout } = figure.layout as Record<string, unknown>;
  const small = { ...(isObject(font) && font), size: 10 };
  const text = isObject(title) ? title : typeof title === "string" && { text: title };
  return {
    ...figure,
    layout: {
      ...layout,
      ...(text && { title: { ...text, font: { size: 12 } } }),
      font: small,
      autosize: true,
      showlegend: false,
      margin: { l: 36, r: 10, t: text ? 32 : 10, b: 30 },
    },
  };
}

/** A document that draws the figures that are sent to it. */
export function figureDocument(plotly: string): string {
  return `<!doctype html><meta charset="utf-8"><title>Figure</title>
<style>html, body, #figure { height: 100%; margin: 0 }</style>
<div id="figure"></div>
${inline(plotly)}
<script>
const config = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["toImage"] };
addEventListener("message", (event) => {
  if (event.source === parent && event.data?.figure) Plotly.react("figure", { ...event.data.figure, config });
});
parent.postMessage("loaded", "*");
</script>`;
}
