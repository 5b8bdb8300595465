import { compareNames } from "../../lib/runs/columns";
import { RunSwatch } from "../Values";
import type { ChartRun } from "./useSeries";

const groupsInLegend = 30;

/** The colours of the groups, and how many runs each has. */
export function GroupLegend({ runs }: { runs: readonly ChartRun[] }) {
  const counts = new Map<string, number>();
  for (const { group } of runs) if (group !== undefined) counts.set(group, (counts.get(group) ?? 0) + 1);
  if (counts.size === 0) return null;
  const names = [...counts.keys()].sort(compareNames);
  return (
    <ul className="chart-legend group-legend" aria-label="Groups of runs">
      {names.slice(0, groupsInLegend).map((name) => (
        <li key={name} title={name}>
          <RunSwatch runID={name} />
          <span className="truncate">{name}</span> <span className="muted">{counts.get(name)}</span>
        </li>
      ))}
      {names.length > groupsInLegend && <li className="muted">and {names.length - groupsInLegend} more</li>}
    </ul>
  );
}
