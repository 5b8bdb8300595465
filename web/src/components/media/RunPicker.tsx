import { useState } from "react";
import { plural } from "../../lib/text/format";
import { Popover } from "../Popover";
import { SearchField } from "../SearchField";
import { RunSwatch } from "../Values";

interface RunPickerProps {
  /** The runs to choose from, the newest first. */
  runs: readonly { id: string; name: string }[];
  /** Ids of the chosen runs; none if the newest are shown. */
  chosen: readonly string[];
  most: number;
  choose: (ids: string[]) => void;
}

/** Chooses the runs that are beside each other. */
export function RunPicker({ runs, chosen, most, choose }: RunPickerProps) {
  const [text, setText] = useState("");
  const needle = text.trim().toLowerCase();
  const found = runs.filter((run) => run.name.toLowerCase().includes(needle));
  const toggle = (id: string, on: boolean) =>
    choose(on ? [...chosen, id] : chosen.filter((other) => other !== id));
  const trigger = chosen.length > 0 ? plural(chosen.length, "chosen run") : "Newest runs";
  return (
    <Popover label={`${trigger}: choose runs`} trigger={trigger}>
      {() => (
        <div className="run-picker">
          <SearchField label="Search runs" placeholder="Search runs" value={text} onChange={setText} />
          <div className="run-picker-list">
            {found.map((run) => (
              <label key={run.id} className="check">
                <input
                  type="checkbox"
                  checked={chosen.includes(run.id)}
                  disabled={!chosen.includes(run.id) && chosen.length >= most}
                  onChange={(e) => toggle(run.id, e.target.checked)}
                />
                <RunSwatch runID={run.id} />
                <span className="truncate" title={run.name}>
                  {run.name}
                </span>
              </label>
            ))}
            {found.length === 0 && <p className="muted">No run has this name.</p>}
          </div>
          <button type="button" className="button" disabled={chosen.length === 0} onClick={() => choose([])}>
            Show the newest runs
          </button>
        </div>
      )}
    </Popover>
  );
}
