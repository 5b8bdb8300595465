import { useEffect, useMemo, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { formatElapsed, formatNumber } from "../../lib/format";
import {
  alignHistories,
  type Column,
  inDrawingOrder,
  isDrawable,
  type Point,
  type XAxis,
} from "../../lib/history";
import { runStyle } from "../../lib/palette";
import { smooth } from "../../lib/smoothing";
import { useIsDark } from "../../lib/theme";
import { pathThrough } from "./pathThrough";
import { tooltip } from "./tooltip";

export interface ChartLine {
  /** The run id, which decides colour and dash. */
  id: string;
  label: string;
  points: readonly Point[];
}

export interface ChartSettings {
  axis: XAxis;
  smoothing: number;
  logY: boolean;
  zoom: readonly [number, number] | undefined;
}

export interface ChartMark {
  x: number;
  label: string;
}

interface LineChartProps extends ChartSettings {
  lines: readonly ChartLine[];
  /** What the chart shows, for people who cannot see it. */
  label: string;
  height?: number;
  /** Charts with the same key move their cursors together. */
  syncKey: string;
  /** What the x axis counts, where it is not time; steps unless said. */
  stepName?: string;
  /** A place on the x axis to point out. */
  mark?: ChartMark | undefined;
  /** The run to bring forward. */
  focusID?: string | undefined;
  onZoom: (zoom: readonly [number, number] | undefined) => void;
}

/** Lines over a shared x axis. Draws smoothed lines strong and the raw ones as ghosts behind them. */
export function LineChart(props: LineChartProps) {
  const { lines, label, height = 220, syncKey, focusID, onZoom, axis, smoothing, logY, zoom } = props;
  const { stepName, mark } = props;
  const markText = mark && `${mark.x} ${mark.label}`;
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(undefined);
  const dark = useIsDark();
  const zoomNow = useRef(zoom);
  zoomNow.current = zoom;
  const onZoomNow = useRef(onZoom);
  onZoomNow.current = onZoom;

  const data = useMemo(() => chartData(lines, axis, smoothing, logY), [lines, axis, smoothing, logY]);
  const now = useRef({ data, lines, smoothing });
  now.current = { data, lines, smoothing };

  // A new chart is needed only when its make-up changes; new points go into the existing one.
  const names = lines.map((l) => `${l.id} ${l.label}`).join("\n");
  const smoothed = smoothing > 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: names and markText stand for lines and mark; lines and data are read through a ref
  useEffect(() => {
    const host = box.current;
    if (!host) return;
    const plot = new uPlot(
      options({
        host,
        lines,
        dark,
        axis,
        logY,
        smoothed,
        syncKey,
        height,
        stepName,
        mark,
        pointsNow: (i, ghost) => {
          const points = now.current.lines[i]?.points ?? [];
          return ghost || !smoothed ? points : smoothHistory(points, now.current.smoothing);
        },
        zoom: () => zoomNow.current,
        onZoom: (range) => onZoomNow.current(range),
      }),
      now.current.data,
      host,
    );
    chart.current = plot;
    const observer = new ResizeObserver(() => {
      const width = host.clientWidth;
      if (width > 0 && width !== plot.width) plot.setSize({ width, height });
    });
    observer.observe(host);
    return () => {
      observer.disconnect();
      plot.destroy();
      chart.current = undefined;
    };
  }, [names, dark, axis, logY, smoothed, syncKey, height, stepName, markText]);

  useEffect(() => {
    if (chart.current && chart.current.data !== data) chart.current.setData(data);
  }, [data]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the range function reads zoom; this makes it run again
  useEffect(() => {
    const plot = chart.current;
    if (plot) plot.setData(plot.data);
  }, [zoom]);

  useEffect(() => {
    const index = lines.findIndex((line) => line.id === focusID);
    const first = smoothed ? lines.length : 0;
    chart.current?.setSeries(index < 0 ? null : 1 + first + index, { focus: true });
  }, [focusID, lines, smoothed]);

  return <div ref={box} className="chart" role="img" aria-label={label} style={{ height }} />;
}

/** x values, then (when smoothing) the raw lines, then the lines as drawn strong. */
function chartData(
  lines: readonly ChartLine[],
  axis: XAxis,
  smoothing: number,
  logY: boolean,
): uPlot.AlignedData {
  const [xs, ...raw] = alignHistories(
    lines.map((line) => line.points),
    axis,
  );
  const fit = (column: Column) => (logY ? column.map((v) => (v != null && v <= 0 ? null : v)) : column);
  if (smoothing === 0) return [xs, ...raw.map(fit)] as uPlot.AlignedData;
  const [, ...strong] = alignHistories(
    lines.map((line) => smoothHistory(line.points, smoothing)),
    axis,
  );
  return [xs, ...raw.map(fit), ...strong.map(fit)] as uPlot.AlignedData;
}

/** The average moves along the line as it is drawn: by time where steps repeat. */
function smoothHistory(points: readonly Point[], weight: number): Point[] {
  const ordered = inDrawingOrder(points);
  const values = smooth(
    ordered.map((p) => (isDrawable(p.value) ? p.value : null)),
    weight,
  );
  return ordered.map((p, i) => ({ ...p, value: values[i] ?? Number.NaN }));
}

interface OptionsInput {
  host: HTMLElement;
  lines: readonly ChartLine[];
  dark: boolean;
  axis: XAxis;
  logY: boolean;
  smoothed: boolean;
  syncKey: string;
  height: number;
  stepName: string | undefined;
  mark: ChartMark | undefined;
  pointsNow: (line: number, ghost: boolean) => readonly Point[];
  zoom: () => readonly [number, number] | undefined;
  onZoom: (zoom: readonly [number, number] | undefined) => void;
}

function options(input: OptionsInput): uPlot.Options {
  const {
    host,
    lines,
    dark,
    axis,
    logY,
    smoothed,
    syncKey,
    height,
    stepName,
    mark,
    pointsNow,
    zoom,
    onZoom,
  } = input;
  const style = getComputedStyle(host);
  const text = style.color;
  const grid = { stroke: style.borderTopColor, width: 1 };
  const font = `11px ${style.fontFamily}`;
  const series = (line: ChartLine, index: number, ghost: boolean): uPlot.Series => {
    const { light, dark: onDark, dash } = runStyle(line.id);
    const color = dark ? onDark : light;
    const few = line.points.length < 30 && lines.length <= 5;
    return {
      label: line.label,
      stroke: ghost ? `${color}40` : color,
      width: ghost ? 1 : 1.75,
      ...(ghost || lines.length === 1 ? {} : { dash: [...dash] }),
      points: { show: few && !ghost, size: 5, fill: color },
      paths: pathThrough(() => pointsNow(index, ghost), axis, logY),
    };
  };
  const ticks = { ...grid, size: 4 };
  return {
    width: Math.max(host.clientWidth, 100),
    height,
    legend: { show: false },
    padding: [8, 18, 0, 0],
    focus: { alpha: 0.15 },
    scales: {
      x: { time: axis === "wall", range: (_, min, max) => xRange(zoom(), min, max) },
      y: logY ? { distr: 3, log: 10 } : { range: (_, min, max) => yRange(min, max) },
    },
    axes: [
      {
        stroke: text,
        font,
        grid,
        ticks,
        size: 30,
        ...(axis === "step" ? { incrs: wholeIncrements } : {}),
        ...(axis === "wall"
          ? {}
          : {
              values: (u: uPlot, splits: number[]) =>
                splits.map((v) => (axis === "relative" ? formatElapsed(v) : stepLabel(v, u.data[0]))),
            }),
      },
      {
        stroke: text,
        font,
        grid,
        ticks,
        size: 56,
        values: (_, splits) => splits.map((v) => (v == null ? "" : formatNumber(Number(v.toPrecision(6))))),
      },
    ],
    series: [
      {},
      ...(smoothed ? lines.map((line, i) => series(line, i, true)) : []),
      ...lines.map((line, i) => series(line, i, false)),
    ],
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
    plugins: [tooltip(smoothed ? lines.length : 0, axis, stepName)],
  };
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

/** A zoom into less than a step has fractions even so; their labels stay empty. */
function stepLabel(value: number, steps: ArrayLike<number>): string {
  // Around a single step there is room for steps that do not exist.
  const known = steps.length > 0 && value >= steps[0]! && value <= steps[steps.length - 1]!;
  if (!known || !Number.isInteger(value)) return "";
  return Math.abs(value) >= 1e5 ? `${Number((value / 1000).toPrecision(5))}k` : formatNumber(value);
}

function xRange(zoom: readonly [number, number] | undefined, min: number, max: number): [number, number] {
  if (zoom) return [zoom[0], zoom[1]];
  if (min == null || max == null) return [0, 1];
  return min === max ? [min - 1, max + 1] : [min, max];
}

function yRange(min: number, max: number): [number, number] {
  if (min == null || max == null) return [0, 1];
  if (min === max) return [min - (Math.abs(min) || 1) * 0.1, max + (Math.abs(max) || 1) * 0.1];
  return uPlot.rangeNum(min, max, 0.08, true) as [number, number];
}
