import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { metricPoints } from "../../api/traceMetrics";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { formatNumber, plural } from "../../lib/text/format";
import {
  isNumbers,
  type Judged,
  judgements,
  type TimeSeries,
  timeSeries,
  withOthers,
} from "../../lib/traces/overview";
import { ChartCard } from "./ChartCard";
import type { CardProps } from "./usageCards";

const feedback = ["assessment.type = 'feedback'"];
const verdicts = { yes: "var(--ok)", no: "var(--danger)" };
const mostSeries = 7;

/** The feedback of people and judges: a chart for each name, all from two requests. */
export function Quality({ scope, intervalMS, pick }: CardProps) {
  const intervalS = intervalMS / 1000;
  const counts = useQuery(
    metricPoints(scope, {
      view: "ASSESSMENTS",
      metric: "assessment_count",
      aggregations: [{ aggregation_type: "COUNT" }],
      dimensions: ["assessment_name", "assessment_value"],
      filters: feedback,
      intervalS,
    }),
  );
  const means = useQuery(
    metricPoints(scope, {
      view: "ASSESSMENTS",
      metric: "assessment_value",
      aggregations: [{ aggregation_type: "AVG" }],
      dimensions: ["assessment_name"],
      filters: feedback,
      intervalS,
    }),
  );
  const judged = useMemo(
    () => counts.data && judgements(counts.data, { ...scope, intervalMS }),
    [counts.data, scope, intervalMS],
  );
  const lines = useMemo(
    () =>
      timeSeries(means.data ?? [], {
        ...scope,
        intervalMS,
        values: [["AVG", ""]],
        dimension: "assessment_name",
      }),
    [means.data, scope, intervalMS],
  );
  if (counts.error) return <ErrorNotice error={counts.error} what="Could not load the assessments" />;
  if (!judged) return <Loading what="Loading assessments" />;
  if (judged.length === 0) {
    return (
      <EmptyState title="No feedback in this time">
        <p>Feedback of people, judges and programs on traces is counted here by its name and value.</p>
      </EmptyState>
    );
  }
  return (
    <div className="overview-grid">
      {judged.map((j) => (
        <Feedback key={j.name} judged={j} lines={lines} pick={pick} />
      ))}
    </div>
  );
}

interface FeedbackProps {
  judged: Judged;
  /** The means of all names. */
  lines: TimeSeries;
  pick: (startMS: number) => void;
}

function Feedback({ judged, lines, pick }: FeedbackProps) {
  const mean = lines.series.find((s) => s.name === judged.name);
  const last = mean?.values.findLast((v) => v !== undefined);
  if (mean && isNumbers(judged)) {
    return (
      <ChartCard
        title={judged.name}
        figure={last === undefined ? undefined : formatNumber(last)}
        note={`mean of the last interval, ${plural(judged.count, "value")}`}
        chart={{ ...lines, series: [{ ...mean, name: "Mean" }] }}
        error={undefined}
        kind="lines"
        format={formatNumber}
        pick={pick}
      />
    );
  }
  const yes = judged.chart.series.find((s) => s.name === "yes");
  const share = yes ? yes.values.reduce<number>((n, v) => n + (v ?? 0), 0) / judged.count : undefined;
  return (
    <ChartCard
      title={judged.name}
      figure={share === undefined ? judged.count.toLocaleString("en-US") : `${(share * 100).toFixed(1)} %`}
      note={share === undefined ? "values" : `yes of ${plural(judged.count, "value")}`}
      chart={withOthers(judged.chart, mostSeries)}
      error={undefined}
      kind="bars"
      format={(n) => n.toLocaleString("en-US")}
      colours={verdicts}
      pick={pick}
    />
  );
}
