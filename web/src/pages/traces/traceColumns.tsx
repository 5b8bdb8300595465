import { Link } from "@tanstack/react-router";
import type { Trace } from "../../api/traces";
import { noValue, textCell } from "../../components/columns/textColumns";
import { AssessmentChip, StateGlyph } from "../../components/traces";
import { RelativeTime } from "../../components/Values";
import { type DataColumn, tagsText } from "../../lib/columns/columns";
import { formatCost, formatTokens, formatTook } from "../../lib/traces/list";
import { previewText } from "../../lib/traces/preview";

export interface TraceColumn extends DataColumn<Trace> {
  /** Its track in the grid, and the least width in pixels that it needs. */
  track: string;
  least: number;
  /** What the server sorts by. */
  order?: string;
}

const group = "Trace";

export const nameColumn: TraceColumn = {
  id: "name",
  title: "Name",
  group,
  order: "name",
  track: "minmax(150px, 1.2fr)",
  least: 150,
  value: (t) => t.name,
  cell: (t) => (
    <Link
      to="/experiments/$experimentID/traces/$traceID"
      params={{ experimentID: t.experimentID, traceID: t.id }}
      title={`${t.name}  ${t.id}`}
    >
      <StateGlyph state={t.state} /> {t.name || <code>{t.id.slice(0, 15)}…</code>}
    </Link>
  ),
};

/** All columns but the name. The bars of durations are drawn against the longest in the list. */
export const traceCatalogue = (longestMS: number): TraceColumn[] => [
  {
    id: "request",
    title: "Request",
    group,
    track: "minmax(140px, 2fr)",
    least: 140,
    cell: (t) => textCell(previewText(t.request)),
  },
  {
    id: "response",
    title: "Response",
    group,
    track: "minmax(140px, 2fr)",
    least: 140,
    cell: (t) => textCell(previewText(t.response)),
  },
  {
    id: "start",
    title: "Start",
    group,
    order: "timestamp_ms",
    numeric: true,
    track: "var(--time-width)",
    least: 100,
    value: (t) => t.startMS,
    cell: (t) => <RelativeTime timeMS={t.startMS} />,
  },
  {
    id: "duration",
    title: "Duration",
    group,
    order: "execution_time_ms",
    numeric: true,
    track: "140px",
    least: 140,
    value: (t) => t.durationMS,
    cell: (t) => <DurationBar ms={t.durationMS} longestMS={longestMS} failed={t.state === "ERROR"} />,
  },
  {
    id: "tokens",
    title: "Tokens",
    group,
    numeric: true,
    track: "70px",
    least: 70,
    cell: (t) => <Tokens trace={t} />,
  },
  {
    id: "cost",
    title: "Cost",
    group,
    numeric: true,
    track: "80px",
    least: 80,
    cell: (t) => (t.cost === undefined ? noValue : <span title={`$${t.cost}`}>{formatCost(t.cost)}</span>),
  },
  {
    id: "session",
    title: "Session",
    group,
    track: "minmax(90px, 0.7fr)",
    least: 90,
    cell: (t) => (t.session ? <SessionLink trace={t} /> : noValue),
  },
  {
    id: "user",
    title: "User",
    group,
    track: "minmax(80px, 0.6fr)",
    least: 80,
    cell: (t) => textCell(t.user),
  },
  {
    id: "assessments",
    title: "Assessments",
    group,
    track: "minmax(190px, 1.2fr)",
    least: 190,
    cell: (t) => <Assessments trace={t} />,
  },
  {
    id: "tags",
    title: "Tags",
    group,
    track: "minmax(110px, 0.8fr)",
    least: 110,
    cell: (t) => textCell(tagsText(t.tags)),
  },
  {
    id: "run",
    title: "Run",
    group,
    track: "90px",
    least: 90,
    cell: (t) => <RunLink trace={t} />,
  },
  {
    id: "id",
    title: "Trace ID",
    group,
    track: "minmax(150px, 1fr)",
    least: 150,
    cell: (t) => <code title={t.id}>{t.id}</code>,
  },
];

function DurationBar({
  ms,
  longestMS,
  failed,
}: {
  ms: number | undefined;
  longestMS: number;
  failed: boolean;
}) {
  if (ms === undefined) return noValue;
  const share = longestMS > 0 ? Math.max(0.01, ms / longestMS) : 0;
  return (
    <span
      className={failed ? "duration-bar failed" : "duration-bar"}
      title={ms < 1 ? formatTook(ms) : `${ms.toLocaleString("en-US")} ms`}
    >
      <span className="duration-track" aria-hidden="true">
        <span style={{ width: `${share * 100}%` }} />
      </span>
      {formatTook(ms)}
    </span>
  );
}

function Tokens({ trace: { tokens } }: { trace: Trace }) {
  if (tokens?.total === undefined) return noValue;
  const of = (count: number | undefined, what: string) => `${count?.toLocaleString("en-US") ?? "?"} ${what}`;
  return (
    <span title={`${of(tokens.input, "in")}, ${of(tokens.output, "out")}`}>{formatTokens(tokens.total)}</span>
  );
}

function SessionLink({ trace: { experimentID, session } }: { trace: Trace }) {
  return (
    <Link
      to="/experiments/$experimentID/chat-sessions/$sessionID"
      params={{ experimentID, sessionID: session }}
      title={session}
    >
      {session}
    </Link>
  );
}

function RunLink({ trace: { experimentID, runID } }: { trace: Trace }) {
  if (!runID) return noValue;
  return (
    <Link to="/experiments/$experimentID/runs/$runID" params={{ experimentID, runID }} title={runID}>
      {runID.slice(0, 8)}
    </Link>
  );
}

function Assessments({ trace }: { trace: Trace }) {
  const valid = trace.assessments.filter((a) => a.valid);
  if (valid.length === 0) return noValue;
  return (
    <span className="assessment-cell">
      {valid.slice(0, 8).map((a) => (
        <AssessmentChip key={a.id} assessment={a} />
      ))}
    </span>
  );
}

/** The columns until the user chooses: those that have values. */
export function automaticColumns(traces: readonly Trace[]): string[] {
  const some = (has: (t: Trace) => boolean, id: string) => (traces.some(has) ? [id] : []);
  return [
    "request",
    "response",
    "start",
    "duration",
    ...some((t) => t.tokens !== undefined, "tokens"),
    ...some((t) => t.cost !== undefined, "cost"),
    ...some((t) => t.session !== "", "session"),
    ...some((t) => t.assessments.length > 0, "assessments"),
    ...some((t) => tagsText(t.tags) !== "", "tags"),
  ];
}
