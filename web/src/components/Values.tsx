// Small pieces that show one value: numbers, times, statuses.
import type { RunStatus } from "../api/runs";
import { useNow } from "../lib/browser/hooks";
import { usePreferences } from "../lib/browser/preferences";
import { type RunStyle, runStyle, swatchOf } from "../lib/charts/palette";
import {
  exactNumber,
  formatDateTime,
  formatDuration,
  formatNumber,
  formatRelative,
} from "../lib/text/format";
import { type Unit, unitText } from "../lib/text/units";

/** Rounded on screen, in full on hover. */
export function NumberText({ value, unit }: { value: number; unit?: Unit | undefined }) {
  const special = Number.isNaN(value) || Math.abs(value) >= Number.MAX_VALUE;
  return (
    <span className={special ? "number special" : "number"} title={exactNumber(value)}>
      {unit ? unitText(value, unit) : formatNumber(value)}
    </span>
  );
}

/** "5 min ago", with the date and time on hover; the other way round for those who prefer dates. */
export function RelativeTime({ timeMS }: { timeMS: number | undefined }) {
  const now = useNow();
  const { times } = usePreferences();
  if (!timeMS) return <span className="muted">–</span>;
  const texts = [formatRelative(timeMS, now), formatDateTime(timeMS)];
  if (times === "absolute") texts.reverse();
  return (
    <time dateTime={new Date(timeMS).toISOString()} title={texts[1]}>
      {texts[0]}
    </time>
  );
}

interface DurationProps {
  startMS: number | undefined;
  endMS: number | undefined;
  running: boolean;
}

/** How long a run took, or has been going on for. */
export function Duration({ startMS, endMS, running }: DurationProps) {
  const now = useNow();
  const end = endMS ?? (running ? now : undefined);
  if (startMS === undefined || end === undefined) return <span className="muted">–</span>;
  return <span className="number">{formatDuration(end - startMS)}</span>;
}

const glyphs: Record<RunStatus, string> = {
  RUNNING: "●",
  SCHEDULED: "○",
  FINISHED: "✓",
  FAILED: "✕",
  KILLED: "■",
};

export const statusLabels: Record<RunStatus, string> = {
  RUNNING: "Running",
  SCHEDULED: "Scheduled",
  FINISHED: "Finished",
  FAILED: "Failed",
  KILLED: "Killed",
};

/** A glyph that differs by shape as well as by colour, with the word for screen readers. */
export function StatusGlyph({ status }: { status: RunStatus }) {
  return (
    <span className={`status ${status.toLowerCase()}`} title={statusLabels[status]}>
      <span aria-hidden="true">{glyphs[status]}</span>
      <span className="visually-hidden">{statusLabels[status]}</span>
    </span>
  );
}

export function StatusBadge({ status }: { status: RunStatus }) {
  return (
    <span className={`badge status ${status.toLowerCase()}`}>
      <span aria-hidden="true">{glyphs[status]}</span> {statusLabels[status]}
    </span>
  );
}

/** The colour a run has in every chart, in the pattern of its line. */
export function RunSwatch({ runID }: { runID: string }) {
  return <Swatch look={runStyle(runID)} />;
}

export function Swatch({ look }: { look: RunStyle }) {
  return <span className="swatch" style={swatchOf(look)} aria-hidden="true" />;
}
