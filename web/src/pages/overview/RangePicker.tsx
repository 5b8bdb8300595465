import { useId } from "react";
import { bucketsFor } from "../../lib/traces/overview";
import { type OverviewView, ranges } from "../../lib/view/overview";

interface RangePickerProps {
  view: OverviewView;
  /** The length of the time in milliseconds. */
  spanMS: number;
  nowMS: number;
  change: (part: Partial<OverviewView>) => void;
}

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
const dayMS = 86_400_000;

/** The time that is shown, and how long its intervals are. */
export function RangePicker({ view, spanMS, nowMS, change }: RangePickerProps) {
  const id = useId();
  const custom = view.from !== "";
  const known = ranges.some(([since]) => since === view.since);
  const suitable = bucketsFor(spanMS);
  return (
    <div className="toolbar">
      <select
        className="input"
        aria-label="Time"
        value={custom ? "custom" : view.since}
        onChange={(e) =>
          change(
            e.target.value === "custom"
              ? { from: dayOf(nowMS - 6 * dayMS), to: dayOf(nowMS) }
              : { since: e.target.value, from: "", to: "" },
          )
        }
      >
        {ranges.map(([since, label]) => (
          <option key={since} value={since}>
            {label}
          </option>
        ))}
        {!known && <option value={view.since}>Last {view.since}</option>}
        <option value="custom">Days…</option>
      </select>
      {custom && (
        <>
          <input
            type="date"
            className="input date-input"
            aria-label="First day, UTC"
            value={view.from}
            max={view.to}
            onChange={(e) => e.target.value && change({ from: e.target.value })}
          />
          <span className="muted">to</span>
          <input
            type="date"
            className="input date-input"
            aria-label="Last day, UTC"
            value={view.to}
            min={view.from}
            onChange={(e) => e.target.value && change({ to: e.target.value })}
          />
        </>
      )}
      <label className="check" htmlFor={id}>
        per
      </label>
      <select
        id={id}
        className="input"
        value={suitable.some(([bucket]) => bucket === view.bucket) ? view.bucket : ""}
        onChange={(e) => change({ bucket: e.target.value })}
      >
        <option value="">Interval that suits</option>
        {suitable.map(([bucket, label]) => (
          <option key={bucket} value={bucket}>
            {label}
          </option>
        ))}
      </select>
    </div>
  );
}
