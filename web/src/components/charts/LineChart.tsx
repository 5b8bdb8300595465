import { type RefObject, useEffect, useMemo, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { quantiles } from "../../lib/charts/bands";
import type { Point, XAxis } from "../../lib/history";
import { runColors, runStyle } from "../../lib/palette";
import { useIsDark } from "../../lib/theme";
import type { ChartStyle, Range } from "../../lib/view/charts";
import { bandData, lineData, smoothHistory } from "./chartData";
import { type ChartMark, chartOptions } from "./chartOptions";
import { pathThrough } from "./pathThrough";

export interface ChartLine {
  /** The run id, which decides colour and dash. */
  id: string;
  label: string;
  points: readonly Point[];
}

export interface ChartSettings extends Partial<ChartStyle> {
  axis: XAxis;
  smoothing: number;
  logY: boolean;
  zoom: readonly [number, number] | undefined;
}

interface LineChartProps extends ChartSettings {
  lines: readonly ChartLine[];
  /** What the chart shows, for people who cannot see it. */
  label: string;
  height?: number;
  /** Charts with the same key move their cursors together. */
  syncKey: string;
  /** What the x axis counts, where it is not time; steps unless said. */
  stepName?: string | undefined;
  /** Fractions of it mean something. */
  fractions?: boolean;
  /** A place on the x axis to point out. */
  mark?: ChartMark | undefined;
  /** The run to bring forward. */
  focusID?: string | undefined;
  /** Receives the chart, for files. */
  plotRef?: RefObject<uPlot | undefined>;
  onZoom: (zoom: readonly [number, number] | undefined) => void;
}

/** From so many lines on, a chart shows what most of them do. */
export const bandsFrom = 101;

/**
 * Lines over a shared x axis. Draws smoothed lines strong and the raw ones as ghosts behind them, and
 * more than a hundred lines as bands of their quantiles.
 */
export function LineChart(props: LineChartProps) {
  const { lines, label, height = 220, syncKey, focusID, onZoom, axis, smoothing, logY, zoom } = props;
  const { stepName, mark, fractions = false, ignoreOutliers = false, yRange } = props;
  const xLog = (props.xLog ?? false) && axis !== "wall";
  const markText = mark && `${mark.x} ${mark.label}`;
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(undefined);
  const { plotRef } = props;
  const dark = useIsDark();
  const banded = lines.length >= bandsFrom;
  const smoothed = smoothing > 0 && !banded;

  const data = useMemo(() => {
    const points = lines.map((line) => line.points);
    return banded
      ? bandData(points, smoothing, { axis, xLog, logY })
      : lineData(points, smoothing, { axis, xLog, logY });
  }, [lines, banded, axis, smoothing, xLog, logY]);
  const now = useRef({ data, lines, smoothing, zoom, ignoreOutliers, yRange, onZoom });
  now.current = { data, lines, smoothing, zoom, ignoreOutliers, yRange, onZoom };

  // A new chart is needed only when its make-up changes; new points go into the existing one.
  const names = banded ? "bands" : lines.map((l) => `${l.id} ${l.label}`).join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: names and markText stand for lines and mark; the rest is read through refs
  useEffect(() => {
    const host = box.current;
    if (!host) return;
    const made = banded
      ? { series: bandSeries(dark), bands: bandFills(dark), ghosts: 0 }
      : lineSeries(lines, dark, smoothed, (i, ghost) => {
          const points = now.current.lines[i]?.points ?? [];
          const drawn = ghost || !smoothed ? points : smoothHistory(points, now.current.smoothing);
          return [drawn, axis, xLog, logY];
        });
    const plot = new uPlot(
      chartOptions({
        host,
        ...made,
        axis,
        xLog,
        logY,
        syncKey,
        height,
        stepName,
        fractions,
        mark,
        view: () => now.current,
        onZoom: (range) => now.current.onZoom(range),
      }),
      now.current.data,
      host,
    );
    chart.current = plot;
    if (plotRef) plotRef.current = plot;
    const observer = new ResizeObserver(() => {
      const width = host.clientWidth;
      if (width > 0 && width !== plot.width) plot.setSize({ width, height });
    });
    observer.observe(host);
    return () => {
      observer.disconnect();
      plot.destroy();
      chart.current = undefined;
      if (plotRef) plotRef.current = undefined;
    };
  }, [names, dark, axis, xLog, logY, smoothed, syncKey, height, stepName, fractions, markText, plotRef]);

  useEffect(() => {
    if (chart.current && chart.current.data !== data) chart.current.setData(data);
  }, [data]);

  const range = rangeText(zoom, ignoreOutliers, yRange);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the scales read what range stands for; this makes them do so again
  useEffect(() => {
    const plot = chart.current;
    if (plot) plot.setData(plot.data);
  }, [range]);

  useEffect(() => {
    const index = banded ? -1 : lines.findIndex((line) => line.id === focusID);
    const first = smoothed ? lines.length : 0;
    chart.current?.setSeries(index < 0 ? null : 1 + first + index, { focus: true });
  }, [focusID, lines, smoothed, banded]);

  return <div ref={box} className="chart" role="img" aria-label={label} style={{ height }} />;
}

function rangeText(
  zoom: readonly [number, number] | undefined,
  ignoreOutliers: boolean,
  yRange: Range | undefined,
): string {
  return `${zoom} ${ignoreOutliers} ${yRange}`;
}

type Drawn = [points: readonly Point[], axis: XAxis, xLog: boolean, logY: boolean];

function lineSeries(
  lines: readonly ChartLine[],
  dark: boolean,
  smoothed: boolean,
  drawn: (line: number, ghost: boolean) => Drawn,
) {
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
      paths: pathThrough(() => drawn(index, ghost)),
    };
  };
  return {
    ghosts: smoothed ? lines.length : 0,
    series: [
      ...(smoothed ? lines.map((line, i) => series(line, i, true)) : []),
      ...lines.map((line, i) => series(line, i, false)),
    ],
  };
}

/** The colour of what all runs do together. */
const bandColor = (dark: boolean) => runColors[0]![dark ? 1 : 0];

function bandSeries(dark: boolean): uPlot.Series[] {
  return quantiles.map((q) => ({
    label: q === 0.5 ? "median" : `${Math.round(q * 100)} % of the runs are below`,
    stroke: q === 0.5 ? bandColor(dark) : `${bandColor(dark)}60`,
    width: q === 0.5 ? 2 : 1,
    spanGaps: true,
    points: { show: false },
  }));
}

/** Half of the runs lie in the dark band, nine of ten in the light one. */
function bandFills(dark: boolean): uPlot.Band[] {
  return [
    { series: [5, 1], fill: `${bandColor(dark)}22` },
    { series: [4, 2], fill: `${bandColor(dark)}33` },
  ];
}
