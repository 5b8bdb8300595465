import { Link } from "@tanstack/react-router";
import { Icon } from "../../components/Icon";

const spans: readonly (readonly [since: string, label: string])[] = [
  ["", "Any time"],
  ["1h", "Last hour"],
  ["24h", "Last 24 hours"],
  ["7d", "Last 7 days"],
  ["30d", "Last 30 days"],
];

export function SinceSelect({ since, choose }: { since: string; choose: (since: string) => void }) {
  const known = spans.some(([value]) => value === since);
  return (
    <select className="input" aria-label="Time" value={since} onChange={(e) => choose(e.target.value)}>
      {spans.map(([value, label]) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
      {!known && <option value={since}>Last {since}</option>}
    </select>
  );
}

interface SessionChipProps {
  experimentID: string;
  session: string;
  /** The sessions of the rows, among which one can choose. */
  sessions: readonly string[];
  choose: (session: string) => void;
}

/** The session whose traces are shown, with a link to its conversation, or a choice of one. */
export function SessionChip({ experimentID, session, sessions, choose }: SessionChipProps) {
  if (session) {
    return (
      <span className="filter-chip on">
        <Link
          className="filter-chip-button truncate"
          to="/experiments/$experimentID/chat-sessions/$sessionID"
          params={{ experimentID, sessionID: session }}
          title={`Show session ${session} as a conversation`}
        >
          Session {session}
        </Link>
        <button
          type="button"
          className="filter-chip-clear"
          aria-label="Show all sessions"
          onClick={() => choose("")}
        >
          <Icon name="close" size={12} />
        </button>
      </span>
    );
  }
  const known = [...new Set(sessions)].filter(Boolean).sort();
  if (known.length === 0) return null;
  return (
    <select
      className="input session-select"
      aria-label="Session"
      value=""
      onChange={(e) => choose(e.target.value)}
    >
      <option value="">Any session</option>
      {known.slice(0, 500).map((s) => (
        <option key={s} value={s}>
          {s}
        </option>
      ))}
    </select>
  );
}
