import { useMemo } from "react";
import type { MetricSummary } from "../../api/metrics";
import type { Run } from "../../api/runs";
import { MetricGrid } from "../../components/charts/MetricGrid";
import { systemFacts, systemPanels } from "../../lib/runs/system";
import type { ChartView } from "../../lib/view/charts";

interface SystemMetricsProps {
  run: Run;
  metrics: readonly string[];
  summary: readonly MetricSummary[] | undefined;
  view: ChartView;
  change: (part: Partial<ChartView>, how?: "push" | "replace") => void;
  refetchInterval: number | false;
}

/** The load of the machine: a line about it, then a chart for each kind of load. */
export function SystemMetrics({ run, metrics, summary, ...grid }: SystemMetricsProps) {
  const names = metrics.join("\n");
  const panels = useMemo(() => systemPanels(names.split("\n")), [names]);
  const facts = useMemo(() => systemFacts(summary ?? []), [summary]);
  return (
    <>
      {facts.length > 0 && (
        <dl className="card host-facts" aria-label="The machine of the run">
          {facts.map(({ label, value }) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd className="number">{value}</dd>
            </div>
          ))}
        </dl>
      )}
      <MetricGrid runs={[run]} metrics={metrics} panels={panels} {...grid} />
    </>
  );
}
