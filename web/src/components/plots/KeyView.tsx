import type { Plot } from "../../lib/plots/plot";

/** What the colours of a plot mean, and what it could not place. */
export function KeyView({ plot: { key, notes, remark } }: { plot: Plot }) {
  if (!key && notes.length === 0 && !remark) return null;
  return (
    <div className="plot-foot">
      {key && (
        <div className="plot-key">
          <span className="truncate" title={key.title}>
            {key.title}
          </span>
          {key.gradient ? (
            <>
              <span className="number">{key.entries[0]?.label}</span>
              <span
                className="plot-ramp"
                style={{
                  background: `linear-gradient(90deg, ${key.entries.map((e) => e.colour).join(", ")})`,
                }}
              />
              <span className="number">{key.entries.at(-1)?.label}</span>
            </>
          ) : (
            key.entries.map(({ label, colour }) => (
              <span key={label} className="plot-key-entry" title={label}>
                <span className="swatch" style={{ background: colour }} />
                <span className="truncate">{label}</span>
              </span>
            ))
          )}
        </div>
      )}
      {remark && <p className="muted">{remark}</p>}
      {notes.length > 0 && (
        <p className="plot-notes" role="note">
          No value — {notes.join("; ")}
        </p>
      )}
    </div>
  );
}
