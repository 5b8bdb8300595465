import { useNow } from "../../lib/browser/hooks";
import { daysText } from "../../lib/experiments/activity";
import "./activity.css";

const barWidth = 3;
const height = 18;

/** Runs per day as bars, the last of which is today. */
export function ActivityBars({ days }: { days: readonly number[] }) {
  const text = daysText(days, useNow());
  const most = Math.max(1, ...days);
  const width = days.length * barWidth;
  return (
    <svg
      className="activity-bars"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={text}
    >
      <title>{text}</title>
      <path className="base" d={`M0 ${height - 0.5}H${width}`} />
      {days.map((count, i) => {
        if (count === 0) return null;
        // A single run beside a busy day is still to be seen.
        const tall = Math.max(2, Math.round((count / most) * (height - 1)));
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a bar is a day
          <rect key={i} x={i * barWidth} y={height - tall} width={barWidth - 1} height={tall} />
        );
      })}
    </svg>
  );
}
