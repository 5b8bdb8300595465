import type { XAxis } from "../history";
import { type Codec, compact } from "./search";

export interface ChartView {
  /** Undefined until somebody chooses: then time where steps repeat, otherwise the step. */
  axis: XAxis | undefined;
  /** Weight of the moving average, 0 to 0.99. */
  smoothing: number;
  logY: boolean;
  /** Text that metric names must contain. */
  metricText: string;
  /** Visible part of the x axis, shared by all cards. */
  zoom: readonly [number, number] | undefined;
}

const xAxes: readonly XAxis[] = ["step", "relative", "wall"];

export const chartCodec: Codec<ChartView> = {
  decode: (s) => ({
    axis: xAxes.find((axis) => axis === s.axis),
    smoothing: clamp(Number(s.smooth), 0, 0.99),
    logY: s.log === "1",
    metricText: s.metric ?? "",
    zoom: decodeZoom(s.zoom),
  }),
  encode: (v) =>
    compact({
      axis: v.axis,
      smooth: v.smoothing > 0 && String(v.smoothing),
      log: v.logY && "1",
      metric: v.metricText,
      zoom: v.zoom?.map((x) => Number(x.toPrecision(13))).join(":"),
    }),
};

function clamp(value: number, least: number, most: number): number {
  return Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : least;
}

function decodeZoom(text: string | undefined): readonly [number, number] | undefined {
  const [from, to] = (text ?? "").split(":").map((part) => (part === "" ? Number.NaN : Number(part)));
  if (from === undefined || to === undefined || !Number.isFinite(from) || !Number.isFinite(to))
    return undefined;
  return from < to ? [from, to] : undefined;
}
