import uPlot from "uplot";
import type { XAxis } from "../../lib/charts/history";
import { fixEnds, withoutOutliers } from "../../lib/charts/range";
import { formatElapsed, formatNumber } from "../../lib/text/format";
import { type Unit, unitText } from "../../lib/text/units";
import type { Range } from "../../lib/view/charts";
import { tooltip } from "./tooltip";

export interface ChartMark {
  x: number;
  label: string;
}

export interface OptionsInput {
  host: HTMLElement;
  series: uPlot.Series[];
  bands?: uPlot.Band[] | undefined;
  /** Leading series that are raw lines behind smoothed ones. */
  ghosts: number;
  axis: XAxis;
  xLog: boolean;
  logY: boolean;
  syncKey: string;
  height: number;
  /** What the x axis counts, where it is not time; steps unless said. */
  stepName: string | undefined;
  /** What the values are counted in. */
  unit: Unit | undefined;
  /** Fractions of what the x axis counts mean something. */
  fractions: boolean;
  mark: ChartMark | undefined;
  view: () => {
    zoom: readonly [number, number] | undefined;
    ignoreOutliers: boolean;
    yRange: Range | undefined;
  };
  onZoom: (zoom: readonly [number, number] | undefined) => void;
}

/** The make-up of a chart. What changes while people look at it is read through view. */
export function chartOptions(input: OptionsInput): uPlot.Options {
  const { host, series, bands, ghosts, axis, xLog, logY, syncKey, height, stepName, mark, view, onZoom } =
    input;
  const style = getComputedStyle(host);
  const text = style.color;
  const grid = { stroke: style.borderTopColor, width: 1 };
  const font = `11px ${style.fontFamily}`;
  const ticks = { ...grid, size: 4 };
  const label = (v: number, xs: ArrayLike<number>) => {
    if (axis === "relative") return formatElapsed(v);
    return input.fractions ? formatNumber(Number(v.toPrecision(6))) : stepLabel(v, xs);
  };
  return {
    width: Math.max(host.clientWidth, 100),
    height,
    legend: { show: false },
    padding: [8, 18, 0, 0],
    scales: {
      x: {
        time: axis === "wall",
        ...(xLog ? { distr: 3, log: 10 } : {}),
        range: (_, min, max) => xRange(view().zoom, min, max, xLog),
      },
      y: {
        ...(logY ? { distr: 3, log: 10 } : {}),
        range: (u, min, max) => {
          const { ignoreOutliers, yRange } = view();
          const [low, high] = (ignoreOutliers && withoutOutliers(visibleValues(u))) || [min, max];
          return fixEnds(logY ? logRange(low, high) : yRangeOf(low, high), positive(yRange, logY));
        },
      },
    },
    axes: [
      {
        stroke: text,
        font,
        grid,
        ticks,
        size: 30,
        ...(axis === "step" && !input.fractions && !xLog ? { incrs: wholeIncrements } : {}),
        ...(axis === "relative" && !xLog ? { incrs: timeIncrements } : {}),
        ...(axis === "wall"
          ? {}
          : {
              values: (u: uPlot, splits: number[]) =>
                splits.map((v) => (v == null ? "" : label(v, u.data[0]))),
            }),
      },
      {
        stroke: text,
        font,
        grid,
        ticks,
        size: input.unit ? 62 : 56,
        values: (_, splits) => splits.map((v) => (v == null ? "" : valueLabel(v, input.unit))),
      },
    ],
    series: [{}, ...series],
    ...(bands ? { bands } : {}),
    cursor: {
      sync: { key: syncKey, scales: ["x", null] },
      drag: { x: true, y: false, setScale: false },
      points: { size: 7, width: 1.5 },
      bind: {
        dblclick: () => () => {
          onZoom(undefined);
          return null;
        },
      },
    },
    hooks: {
      drawAxes: mark ? [(u) => drawMark(u, mark, text, font)] : [],
      setSelect: [
        (u) => {
          const { left, width } = u.select;
          if (width === 0) return;
          const from = u.posToVal(left, "x");
          const to = u.posToVal(left + width, "x");
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          // The selection moves in all charts that share a cursor: the one under the hand answers.
          if (width >= 4 && u.over.matches(":hover")) onZoom([from, to]);
        },
      ],
    },
    plugins: [tooltip(ghosts, axis, stepName, input.unit)],
  };
}

const valueLabel = (v: number, unit: Unit | undefined) =>
  unit ? unitText(v, unit, 4) : formatNumber(Number(v.toPrecision(6)));

/** The values of all lines in the visible part of the x axis. */
function visibleValues(u: uPlot): number[] {
  const xs = u.data[0];
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = u.scales.x ?? {};
  const found: number[] = [];
  for (let column = 1; column < u.data.length; column++) {
    const values = u.data[column]!;
    for (let i = 0; i < xs.length; i++) {
      const value = values[i];
      if (value != null && (min == null || xs[i]! >= min) && (max == null || xs[i]! <= max))
        found.push(value);
    }
  }
  return found;
}

/** A logarithmic axis has no place for zero and less. */
function positive(range: Range | undefined, log: boolean): Range | undefined {
  if (!range || !log) return range;
  const end = (v: number | undefined) => (v !== undefined && v > 0 ? v : undefined);
  return [end(range[0]), end(range[1])];
}

function logRange(min: number, max: number): [number, number] {
  if (min == null || max == null || max <= 0) return [1, 10];
  return uPlot.rangeLog(min > 0 ? min : max / 1e6, max, 10, false) as [number, number];
}

/** A dashed line from top to bottom with its label beside it. */
function drawMark(u: uPlot, mark: ChartMark, color: string, font: string) {
  const { ctx, bbox } = u;
  const x = u.valToPos(mark.x, "x", true);
  if (x < bbox.left || x > bbox.left + bbox.width) return;
  const right = x < bbox.left + bbox.width / 2;
  const gap = 6 * devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = color;
  ctx.fillStyle = color;
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.font = font.replace(/\d+px/, `${11 * devicePixelRatio}px`);
  ctx.textAlign = right ? "left" : "right";
  ctx.textBaseline = "top";
  ctx.fillText(mark.label, x + (right ? gap : -gap), bbox.top);
  ctx.restore();
}

/** Fractions of a step mean nothing: 1, 2, 5, 10, 20 and so on. */
const wholeIncrements = Array.from({ length: 15 }, (_, power) =>
  [1, 2, 5].map((n) => n * 10 ** power),
).flat();

/** Seconds as clocks divide them, then hours and days. */
const timeIncrements = [
  ...[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60),
  ...[1, 2, 3, 6, 12].map((hours) => hours * 3600),
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].map((days) => days * 86_400),
];

/** A zoom into less than a step has fractions even so; their labels stay empty. */
function stepLabel(value: number, steps: ArrayLike<number>): string {
  // Around a single step there is room for steps that do not exist.
  const known = steps.length > 0 && value >= steps[0]! && value <= steps[steps.length - 1]!;
  if (!known || !Number.isInteger(value)) return "";
  return Math.abs(value) >= 1e5 ? `${Number((value / 1000).toPrecision(5))}k` : formatNumber(value);
}

function xRange(
  zoom: readonly [number, number] | undefined,
  min: number,
  max: number,
  log: boolean,
): [number, number] {
  if (min == null || max == null) return zoom && !log ? [zoom[0], zoom[1]] : [log ? 1 : 0, 10];
  if (log) {
    const [from, to] = zoom ?? [min, max];
    const low = from > 0 ? from : min;
    return [low, to > low ? to : low * 10];
  }
  if (zoom) return [zoom[0], zoom[1]];
  return min === max ? [min - 1, max + 1] : [min, max];
}

function yRangeOf(min: number, max: number): [number, number] {
  if (min == null || max == null) return [0, 1];
  if (min === max) return [min - (Math.abs(min) || 1) * 0.1, max + (Math.abs(max) || 1) * 0.1];
  return uPlot.rangeNum(min, max, 0.08, true) as [number, number];
}
