import { useState } from "react";
import type { AxisGroup } from "../../lib/compare/items";
import { columnTitle } from "../../lib/plots/item";

interface AxisSelectProps {
  label: string;
  title?: string;
  value: string;
  groups: readonly AxisGroup[];
  onChange: (key: string) => void;
}

/** Chooses a column. Runs may have thousands: the list is made when somebody reaches for it. */
export function AxisSelect({ label, title, value, groups, onChange }: AxisSelectProps) {
  const [ready, setReady] = useState(false);
  const prepare = () => setReady(true);
  return (
    <label className="check axis-select" title={title}>
      {label}
      <select
        className="input"
        aria-label={`Axis ${label}`}
        value={value}
        onChange={(e) => onChange(e.target.value)}
        onFocus={prepare}
        onPointerEnter={prepare}
        onPointerDown={prepare}
      >
        {!ready && value && <option value={value}>{columnTitle(value)}</option>}
        {ready &&
          groups.map(({ title, keys }) => (
            <optgroup key={title} label={title}>
              {keys.map((key) => (
                <option key={key} value={key}>
                  {columnTitle(key)}
                </option>
              ))}
            </optgroup>
          ))}
      </select>
    </label>
  );
}
