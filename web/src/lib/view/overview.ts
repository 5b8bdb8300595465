import { spanMS } from "../table/filterText";
import { buckets } from "../traces/overview";
import { type Codec, compact } from "./search";

export const ranges = [
  ["1h", "Last hour"],
  ["24h", "Last 24 hours"],
  ["7d", "Last 7 days"],
  ["30d", "Last 30 days"],
  ["90d", "Last 90 days"],
  ["365d", "Last year"],
] as const;

const defaultRange = "7d";

export interface OverviewView {
  /** A span before now, such as "7d"; not used if there are both dates. */
  since: string;
  /** The first and the last day, such as "2026-11-30"; empty for a span before now. */
  from: string;
  to: string;
  /** The length of an interval; empty for one that suits. */
  bucket: string;
}

const isDate = (text: string | undefined) =>
  text !== undefined && /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));

/** Times in addresses of MLflow's own pages. */
const stockRanges: Record<string, string> = {
  LAST_5_MINUTES: "1h",
  LAST_15_MINUTES: "1h",
  LAST_HOUR: "1h",
  LAST_24_HOURS: "24h",
  LAST_7_DAYS: "7d",
  LAST_30_DAYS: "30d",
  LAST_YEAR: "365d",
  ALL: "365d",
};

export const overviewCodec: Codec<OverviewView> = {
  decode: (s) => {
    const custom = s.startTimeLabel === "CUSTOM";
    const from = s.from ?? (custom ? s.startTime?.slice(0, 10) : undefined);
    const to = s.to ?? (custom ? s.endTime?.slice(0, 10) : undefined);
    const both = isDate(from) && isDate(to) && from! <= to!;
    const since = s.since ?? stockRanges[s.startTimeLabel ?? ""] ?? "";
    return {
      since: spanMS(since) ? since : defaultRange,
      from: both ? from! : "",
      to: both ? to! : "",
      bucket: buckets.some(([id]) => id === s.bucket) ? s.bucket! : "",
    };
  },
  encode: (v) =>
    compact({
      since: v.since !== defaultRange && v.since,
      from: v.from,
      to: v.to,
      bucket: v.bucket,
    }),
};

const dayMS = 86_400_000;

/** The time of a view in Unix milliseconds. Days are those of UTC, as the intervals of the server are. */
export function timeOf(view: OverviewView, nowMS: number): { fromMS: number; toMS: number } {
  if (view.from) return { fromMS: Date.parse(view.from), toMS: Date.parse(view.to) + dayMS - 1 };
  return { fromMS: nowMS - (spanMS(view.since) ?? 7 * dayMS), toMS: nowMS };
}
