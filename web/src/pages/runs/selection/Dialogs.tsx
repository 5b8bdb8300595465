import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { experimentList } from "../../../api/queries";
import { moveRuns, type RunSelection, renameRuns, tagRuns } from "../../../api/runBulk";
import { ActionDialog } from "../../../components/Dialog";
import { SearchField } from "../../../components/SearchField";
import { TagDialog } from "../../../components/tags/TagDialog";
import { useDebounced } from "../../../lib/browser/hooks";
import { plural } from "../../../lib/text/format";

interface DialogProps {
  selection: RunSelection;
  count: number;
  onClose: () => void;
  /** Tells the page what happened. */
  done: (message: string, gone?: boolean) => Promise<unknown>;
}

/** Sets a tag of all selected runs, or removes it. */
export function TagRunsDialog({ selection, count, onClose, done }: DialogProps) {
  const tell = (word: string, key: string, ids: readonly string[]) =>
    done(`${word} the tag ${key} of ${plural(ids.length, "run")}`);
  return (
    <TagDialog
      what={plural(count, "run")}
      onClose={onClose}
      set={async (key, value) => tell("Set", key, await tagRuns(selection, [{ key, value }], []))}
      remove={async (key) => tell("Removed", key, await tagRuns(selection, [], [key]))}
    />
  );
}

/** Renames one run, or many by a pattern. */
export function RenameRunsDialog({ selection, count, onClose, done }: DialogProps) {
  const [name, setName] = useState("{name}");
  return (
    <ActionDialog
      title={`Rename ${plural(count, "run")}`}
      action="Rename"
      disabled={name.trim() === "" || name.trim() === "{name}"}
      onClose={onClose}
      run={async () => {
        const ids = await renameRuns(selection, name.trim());
        await done(`Renamed ${plural(ids.length, "run")}`);
      }}
    >
      <label className="field">
        New name
        <input className="input" value={name} maxLength={250} onChange={(e) => setName(e.target.value)} />
      </label>
      <p className="hint">
        <code>{"{name}"}</code> stands for the present name of each run, <code>{"{n}"}</code> for its number
        in the order of their start: <code>baseline-{"{n}"}</code> or <code>{"{name}"} (old)</code>.
      </p>
    </ActionDialog>
  );
}

/** Moves runs to another experiment. */
export function MoveRunsDialog({ selection, count, onClose, done }: DialogProps) {
  const [text, setText] = useState("");
  const [target, setTarget] = useState<{ id: string; name: string }>();
  const { data } = useInfiniteQuery(
    experimentList({
      text: useDebounced(text),
      viewType: "ACTIVE_ONLY",
      orderBy: "last_update_time DESC",
    }),
  );
  const found = (data?.pages ?? [])
    .flatMap((page) => page.experiments)
    .filter((e) => e.id !== selection.experimentID);
  return (
    <ActionDialog
      title={`Move ${plural(count, "run")}`}
      action={target ? `Move to ${target.name.slice(0, 40)}` : "Move"}
      disabled={!target}
      onClose={onClose}
      run={async () => {
        const ids = await moveRuns(selection, target!.id);
        await done(`Moved ${plural(ids.length, "run")} to ${target!.name}`, true);
      }}
    >
      <SearchField label="Search experiments" value={text} onChange={setText} />
      <div className="move-targets" role="radiogroup" aria-label="Experiment">
        {found.slice(0, 50).map((e) => (
          <label key={e.id} className="check">
            <input
              type="radio"
              name="target"
              checked={target?.id === e.id}
              onChange={() => setTarget({ id: e.id, name: e.name })}
            />
            <span className="truncate" title={e.name}>
              {e.name}
            </span>
          </label>
        ))}
        {data && found.length === 0 && <p className="muted">No other experiment matches.</p>}
      </div>
      <p className="hint">
        The models that the runs created move with them. Artifacts stay where they are. Child runs move only
        if they are selected, too.
      </p>
    </ActionDialog>
  );
}
