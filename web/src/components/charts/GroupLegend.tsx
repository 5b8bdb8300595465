import type { Spread } from "../../lib/charts/bands";
import { compareNames } from "../../lib/runs/columns";
import { RunSwatch } from "../Values";
import type { ChartRun } from "./useSeries";

const groupsInLegend = 30;

export const spreadNames: Record<Spread, { short: string; long: string }> = {
  std: { short: "± deviation", long: "Mean ± one standard deviation of the runs" },
  sem: { short: "± error", long: "Mean ± one standard error" },
  ci: { short: "95 % confidence", long: "Mean with its 95 % confidence interval (Student’s t)" },
  range: { short: "min – max", long: "Mean, from the least run to the greatest" },
};

/** What the bands are, the colours of the groups, and how many runs each has. */
export function GroupLegend({ runs, spread }: { runs: readonly ChartRun[]; spread: Spread }) {
  const counts = new Map<string, number>();
  for (const { group } of runs) if (group !== undefined) counts.set(group, (counts.get(group) ?? 0) + 1);
  if (counts.size === 0) return null;
  const names = [...counts.keys()].sort(compareNames);
  return (
    <ul className="chart-legend group-legend" aria-label="Groups of runs">
      <li className="muted group-spread">{spreadNames[spread].long}</li>
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
