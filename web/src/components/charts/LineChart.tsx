import { type RefObject, useEffect, useMemo, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useIsDark } from "../../lib/browser/theme";
import { quantiles, type Spread } from "../../lib/charts/bands";
import type { Point, XAxis } from "../../lib/charts/history";
import { type RunStyle, runColors, runStyle } from "../../lib/charts/palette";
import { compareNames } from "../../lib/runs/columns";
import type { Unit } from "../../lib/text/units";
import type { ChartStyle, Range } from "../../lib/view/charts";
import { bandData, groupData, lineData, smoothHistory } from "./chartData";
import { type ChartMark, chartOptions } from "./chartOptions";
import { pathThrough } from "./pathThrough";
import { bandEnd } from "./tooltip";

export interface ChartLine {
  /** The run id, which decides colour and dash. */
  id: string;
  label: string;
  points: readonly Point[];
  /** The group that the line is part of, where groups are drawn. */
  group?: string | undefined;
  /** The line is drawn itself, thin, beside the mean of its group. */
  thin?: boolean | undefined;
  /** The metric, where a chart has several. */
  metric?: string | undefined;
  /** How it looks, where the run alone does not decide that. */
  look?: RunStyle | undefined;
}

export const lookOf = (line: ChartLine): RunStyle => line.look ?? runStyle(line.id);

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
  /** What the values are counted in. */
  unit?: Unit | undefined;
  /** Fractions of it mean something. */
  fractions?: boolean;
  /** Draws the groups of the lines in their place, each with its mean and its spread. */
  spread?: Spread | undefined;
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
  const { stepName, unit, mark, fractions = false, ignoreOutliers = false, yRange } = props;
  const xLog = (props.xLog ?? false) && axis !== "wall";
  const markText = mark && `${mark.x} ${mark.label}`;
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(undefined);
  const { plotRef } = props;
  const dark = useIsDark();
  const { spread } = props;
  const groups = useMemo(() => (spread ? groupsIn(lines) : undefined), [lines, spread]);
  const thin = useMemo(() => (spread ? lines.filter((line) => line.thin) : []), [lines, spread]);
  const banded = !groups && lines.length >= bandsFrom;
  const smoothed = smoothing > 0 && !banded && !groups;

  const data = useMemo(() => {
    const scales = { axis, xLog, logY };
    if (groups && spread) {
      const members = thin.map((line) => line.points);
      return groupData(
        [...groups.values()].map((group) => group.points),
        members,
        spread,
        smoothing,
        scales,
      );
    }
    const points = lines.map((line) => line.points);
    return banded ? bandData(points, smoothing, scales) : lineData(points, smoothing, scales);
  }, [lines, groups, thin, spread, banded, axis, smoothing, xLog, logY]);
  const now = useRef({ data, lines, smoothing, zoom, ignoreOutliers, yRange, onZoom });
  now.current = { data, lines, smoothing, zoom, ignoreOutliers, yRange, onZoom };

  // A new chart is needed only when its make-up changes; new points go into the existing one.
  const names = groups
    ? [...groups.keys(), ...thin.map((line) => `${line.id} ${line.label}`)].join("\n")
    : banded
      ? "bands"
      : lines.map((l) => `${l.id} ${l.label}`).join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: names and markText stand for lines and mark; the rest is read through refs
  useEffect(() => {
    const host = box.current;
    if (!host) return;
    const made = groups
      ? groupSeries(groups, thin, dark)
      : banded
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
        unit,
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
  }, [
    names,
    banded,
    dark,
    axis,
    xLog,
    logY,
    smoothed,
    syncKey,
    height,
    stepName,
    unit,
    fractions,
    markText,
    plotRef,
  ]);

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
    const before = groups ? [...groups.keys()].flatMap((name) => [name, name, name]) : [];
    const ghosts = smoothed ? lines.map((line) => line.id) : [];
    const own = groups ? thin : banded ? [] : lines;
    focusOn(chart.current, [...before, ...ghosts, ...own.map((line) => line.id)], focusID);
  }, [focusID, lines, thin, smoothed, banded, groups]);

  return <div ref={box} className="chart" role="img" aria-label={label} style={{ height }} />;
}

/** Dims all series but those of a run or a group, by what each is of. Several may be: those of its metrics. */
function focusOn(plot: uPlot | undefined, ids: readonly string[], focusID: string | undefined) {
  if (!plot) return;
  const isOf = (id: string | undefined) =>
    focusID === undefined || id === focusID || id?.startsWith(`${focusID} · `) === true;
  const found = ids.some(isOf);
  let changed = false;
  plot.series.forEach((series, i) => {
    const alpha = i === 0 || !found || isOf(ids[i - 1]) ? 1 : dimmed;
    changed ||= (series.alpha ?? 1) !== alpha;
    series.alpha = alpha;
  });
  if (changed) plot.redraw(false);
}

/** The opacity of lines behind the one that is brought forward. */
const dimmed = 0.15;

function rangeText(
  zoom: readonly [number, number] | undefined,
  ignoreOutliers: boolean,
  yRange: Range | undefined,
): string {
  return `${zoom} ${ignoreOutliers} ${yRange}`;
}

interface Group {
  points: (readonly Point[])[];
  look: RunStyle;
}

/** The lines of each group, in the order of the groups' names. */
function groupsIn(lines: readonly ChartLine[]): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const line of lines.toSorted((a, b) => compareNames(a.group ?? "", b.group ?? ""))) {
    const name = line.group ?? "";
    const group = groups.get(name) ?? { points: [], look: line.look ?? runStyle(name) };
    group.points.push(line.points);
    groups.set(name, group);
  }
  return groups;
}

/**
 * Three series for each group: the ends of its spread, which the tooltip leaves out, around its mean. Then one
 * for each run that is drawn beside them.
 */
function groupSeries(groups: ReadonlyMap<string, Group>, thin: readonly ChartLine[], dark: boolean) {
  const colorOf = ({ look }: Group) => look[dark ? "dark" : "light"];
  const end = (group: Group): uPlot.Series => ({
    label: bandEnd,
    stroke: `${colorOf(group)}50`,
    width: 1,
    spanGaps: true,
    points: { show: false },
  });
  const mean = (label: string, group: Group): uPlot.Series => ({
    ...end(group),
    label,
    stroke: colorOf(group),
    width: 2,
    dash: [...group.look.dash],
  });
  const member = (line: ChartLine): uPlot.Series => {
    const group = groups.get(line.group ?? "")!;
    return { ...end(group), label: line.label, stroke: `${colorOf(group)}90` };
  };
  return {
    ghosts: 0,
    series: [
      ...[...groups].flatMap(([name, group]) => [end(group), mean(name, group), end(group)]),
      ...thin.map(member),
    ],
    bands: [...groups.values()].map(
      (group, i): uPlot.Band => ({ series: [3 * i + 3, 3 * i + 1], fill: `${colorOf(group)}28` }),
    ),
  };
}

type Drawn = [points: readonly Point[], axis: XAxis, xLog: boolean, logY: boolean];

function lineSeries(
  lines: readonly ChartLine[],
  dark: boolean,
  smoothed: boolean,
  drawn: (line: number, ghost: boolean) => Drawn,
) {
  const series = (line: ChartLine, index: number, ghost: boolean): uPlot.Series => {
    const { light, dark: onDark, dash } = lookOf(line);
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
