import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { livePeriod } from "../../api/queries";
import type { TraceTotals as Totals } from "../../api/traceMetrics";
import { traceTotals } from "../../api/traceMetrics";
import { useNow } from "../../lib/browser/hooks";
import { spanMS } from "../../lib/table/filterText";
import { formatDateTime, formatDuration, plural } from "../../lib/text/format";
import { formatCost, formatTokens, formatTook, intervalFor } from "../../lib/traces/list";

interface TraceTotalsProps {
  experimentID: string;
  since: string;
  /** Clauses that metrics understand: the chips, but not the text of the filter. */
  filters: readonly string[];
  /** Whether the list is filtered by more than that. */
  wider: boolean;
  live: boolean;
}

const defaultSpan = "30d";

/** Counts, latencies, tokens and cost of a time, with a bar for each part of it. */
export function TraceTotals({ experimentID, since, filters, wider, live }: TraceTotalsProps) {
  const span = spanMS(since) ?? spanMS(defaultSpan)!;
  const interval = intervalFor(span);
  // The bounds move with the minute, so that the cache is of use.
  const toMS = Math.ceil(useNow() / 60_000) * 60_000;
  const scope = useMemo(
    () => ({ experimentID, fromMS: toMS - span, toMS, filters }),
    [experimentID, toMS, span, filters],
  );
  const { data } = useQuery({
    ...traceTotals(scope, interval),
    refetchInterval: live ? 3 * livePeriod() : false,
  });
  if (!data) return <div className="trace-totals" />;
  const share = data.errors > 0 ? ` (${((data.errors / data.count) * 100).toFixed(1)} %)` : "";
  return (
    <section className="trace-totals" aria-label="Totals">
      <dl>
        <Total label="Traces" value={data.count.toLocaleString("en-US")} />
        <Total label="Errors" value={data.errors.toLocaleString("en-US") + share} bad={data.errors > 0} />
        <Total label="Latency p50" value={data.p50MS === undefined ? "–" : formatTook(data.p50MS)} />
        <Total label="Latency p95" value={data.p95MS === undefined ? "–" : formatTook(data.p95MS)} />
        <Total label="Tokens" value={data.tokens === undefined ? "–" : formatTokens(data.tokens)} />
        <Total label="Cost" value={data.cost === undefined ? "–" : formatCost(data.cost)} />
      </dl>
      <Bars intervals={data.intervals} intervalMS={interval} />
      <p className="muted">
        {since ? `Last ${since}` : "Last 30 days"}
        {wider && ", without the filter"}
      </p>
    </section>
  );
}

function Total({ label, value, bad }: { label: string; value: string; bad?: boolean }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd className={bad ? "number bad" : "number"}>{value}</dd>
    </div>
  );
}

const barWidth = 8;
const height = 34;

/** Traces of each interval as bars, with the failed ones at the bottom. */
function Bars({ intervals, intervalMS }: { intervals: Totals["intervals"]; intervalMS: number }) {
  const most = Math.max(1, ...intervals.map((i) => i.count));
  const width = intervals.length * barWidth;
  const busiest = intervals.find((i) => i.count === most);
  const text = busiest
    ? `Traces over time, most from ${formatDateTime(busiest.startMS)}: ${busiest.count.toLocaleString("en-US")}`
    : "No traces in this time";
  const tall = (n: number) => (n === 0 ? 0 : Math.max(2, (n / most) * (height - 1)));
  return (
    <svg
      className="trace-bars"
      viewBox={`0 0 ${width} ${height}`}
      style={{ width }}
      role="img"
      aria-label={text}
    >
      <path className="base" d={`M0 ${height - 0.5}H${width}`} />
      {intervals.map(({ startMS, count, errors }, i) => (
        <g key={startMS}>
          <title>
            {`${formatDateTime(startMS)}, ${formatDuration(intervalMS)}: ${plural(count, "trace")}, ${plural(errors, "error")}`}
          </title>
          <rect className="hover" x={i * barWidth} y={0} width={barWidth} height={height} />
          <rect x={i * barWidth} y={height - tall(count)} width={barWidth - 1} height={tall(count)} />
          <rect
            className="errors"
            x={i * barWidth}
            y={height - tall(errors)}
            width={barWidth - 1}
            height={tall(errors)}
          />
        </g>
      ))}
    </svg>
  );
}
