import type uPlot from "uplot";
import { isDrawable, type Point, passes, type XAxis, xOf } from "../../lib/charts/history";
import { firstTime } from "../../lib/charts/points";
import { ticksOf } from "../../lib/charts/ticks";
import { formatDateTime, formatElapsed, formatNumber } from "../../lib/text/format";
import { type ChartLine, lookOf } from "./LineChart";
import { bandEnd } from "./tooltip";

/** Names below the picture; more would hide it. */
const names = 20;
const rowHeight = 18;
const titleHeight = 28;

/**
 * A chart as a drawing of its own: what is in sight, its axes, its title and the names of its lines.
 *
 * @param lines the lines as they are drawn; undefined for a chart of bands
 */
export function chartSVG(
  plot: uPlot,
  title: string,
  lines: readonly ChartLine[] | undefined,
  axis: XAxis,
  dark: boolean,
): string {
  const style = getComputedStyle(plot.root);
  const surface = getComputedStyle(plot.root.closest(".card, dialog") ?? document.body).backgroundColor;
  const left = plot.over.offsetLeft;
  const top = plot.over.offsetTop + titleHeight;
  const { clientWidth: width, clientHeight: height } = plot.over;
  const text = (x: number, y: number, content: string, anchor = "start") =>
    `<text x="${n(x)}" y="${n(y)}" text-anchor="${anchor}">${quoted(content)}</text>`;
  const rule = (x1: number, y1: number, x2: number, y2: number) =>
    `<path d="M${n(x1)} ${n(y1)}L${n(x2)} ${n(y2)}" stroke="${style.color}" stroke-opacity="0.25"/>`;
  const label = (v: number) =>
    axis === "wall" ? formatDateTime(v * 1000) : axis === "relative" ? formatElapsed(v) : formatNumber(v);
  const xs = ticksIn(plot, "x", axis === "wall" ? 3 : 6).map((v) => {
    const x = left + plot.valToPos(v, "x");
    return rule(x, top, x, top + height) + text(x, top + height + 16, label(v), "middle");
  });
  const ys = ticksIn(plot, "y", 5).map((v) => {
    const y = top + plot.valToPos(v, "y");
    return rule(left, y, left + width, y) + text(left - 6, y + 4, formatNumber(v), "end");
  });
  const curves = lines ? lines.map((line) => linePath(plot, line, axis, dark)) : columnPaths(plot);
  const entries = lines
    ? lines.map((line) => ({ label: line.label, color: colorOf(line, dark) }))
    : columnsOf(plot).flatMap(({ label, color }) => (label === bandEnd ? [] : [{ label, color }]));
  const legendTop = top + height + 44;
  const legend = entries.slice(0, names).map(({ label: name, color }, i) => {
    const y = legendTop + i * rowHeight;
    return `<path d="M10 ${y - 4}h16" stroke="${color}" stroke-width="3"/>${text(32, y, name)}`;
  });
  if (entries.length > names)
    legend.push(text(32, legendTop + names * rowHeight, `and ${entries.length - names} more`));
  const total = legendTop + legend.length * rowHeight;
  const whole = plot.root.clientWidth;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${whole}" height="${total}" viewBox="0 0 ${whole} ${total}"`,
    ` font-family="${quoted(style.fontFamily)}" font-size="11" fill="${style.color}">`,
    `<rect width="100%" height="100%" fill="${surface}"/>`,
    `<clipPath id="plot"><rect width="${width}" height="${height}"/></clipPath>`,
    text(10, 18, title),
    ...xs,
    ...ys,
    `<g clip-path="url(#plot)" fill="none" transform="translate(${left} ${top})" stroke-linejoin="round">`,
    ...curves,
    "</g>",
    ...legend,
    "</svg>",
  ].join("");
}

function ticksIn(plot: uPlot, key: "x" | "y", count: number): number[] {
  const { min, max, distr } = plot.scales[key] ?? {};
  return min == null || max == null ? [] : ticksOf(min, max, count, distr === 3);
}

const n = (v: number) => String(Math.round(v * 100) / 100);
const colorOf = (line: ChartLine, dark: boolean) => lookOf(line)[dark ? "dark" : "light"];

function linePath(plot: uPlot, line: ChartLine, axis: XAxis, dark: boolean): string {
  const start = axis === "relative" ? firstTime(line.points) : 0;
  const parts = axis === "step" ? passes(line.points) : [line.points.toSorted((a, b) => a.time - b.time)];
  const place = (p: Point) => [plot.valToPos(xOf(p, axis, start), "x"), plot.valToPos(p.value, "y")] as const;
  const d = parts
    .map((part) => pathOf(part.map((p) => (isDrawable(p.value) ? place(p) : undefined))))
    .join("");
  const dash = lookOf(line).dash.join(" ");
  return `<path d="${d}" stroke="${colorOf(line, dark)}" stroke-width="1.75" stroke-dasharray="${dash || "none"}"/>`;
}

/** The series of a chart that draws bands, as they are on the page. */
function columnsOf(plot: uPlot) {
  return plot.series.slice(1).map(({ label, stroke, width = 1 }, i) => ({
    label: String(label ?? ""),
    color: String((typeof stroke === "function" ? stroke(plot, i + 1) : stroke) ?? "currentColor"),
    width,
    column: plot.data[i + 1]!,
  }));
}

function columnPaths(plot: uPlot): string[] {
  return columnsOf(plot).map(({ color, width, column }) => {
    const places = [...plot.data[0]].flatMap((x, at) => {
      const value = column[at];
      return value == null ? [] : [[plot.valToPos(x, "x"), plot.valToPos(value, "y")] as const];
    });
    return `<path d="${pathOf(places)}" stroke="${color}" stroke-width="${width}"/>`;
  });
}

/** A path through places; it begins anew after each that is missing. */
function pathOf(places: readonly (readonly [number, number] | undefined)[]): string {
  let pen = "M";
  let d = "";
  for (const place of places) {
    if (!place?.every(Number.isFinite)) pen = "M";
    else {
      d += `${pen}${n(place[0])} ${n(place[1])}`;
      pen = "L";
    }
  }
  return d;
}

function quoted(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
