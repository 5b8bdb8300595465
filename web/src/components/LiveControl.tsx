import { useNow } from "../lib/browser/hooks";
import { formatRelative } from "../lib/text/format";
import { Icon } from "./Icon";

interface LiveControlProps {
  /** Whether the page refreshes itself; undefined when there is nothing that could change. */
  live: boolean | undefined;
  /** When the data on the page was last read. */
  updatedMS: number;
  busy: boolean;
  setLive: (live: boolean) => void;
  refresh: () => void;
}

/** Pauses and resumes live refresh, refreshes at once, and says how old the data is. */
export function LiveControl({ live, updatedMS, busy, setLive, refresh }: LiveControlProps) {
  const now = useNow();
  return (
    <div className="live">
      {updatedMS > 0 && (
        <span className="muted live-age" title="When the page was last brought up to date">
          {live === false ? "Paused, updated" : "Updated"}{" "}
          {formatRelative(updatedMS, Math.max(now, updatedMS))}
        </span>
      )}
      {live !== undefined && (
        <button
          type="button"
          className="icon-button"
          aria-label={live ? "Pause live refresh" : "Resume live refresh"}
          title={live ? "Pause live refresh" : "Resume live refresh"}
          onClick={() => setLive(!live)}
        >
          <Icon name={live ? "pause" : "play"} size={14} />
        </button>
      )}
      <button
        type="button"
        className={busy ? "icon-button spinning" : "icon-button"}
        aria-label="Refresh now"
        title="Refresh now (r)"
        onClick={refresh}
      >
        <Icon name="refresh" size={14} />
      </button>
    </div>
  );
}
