import { useState } from "react";
import { maxTrashSelection, type Purged, purge, type TrashItem, type TrashKind } from "../../api/trash";
import { ActionDialog, Dialog } from "../../components/Dialog";
import { useToast } from "../../components/Toasts";
import { inBatches } from "../../lib/batches";
import { plural } from "../../lib/text/format";

interface PurgeDialogProps {
  kind: TrashKind;
  one: string;
  items: readonly TrashItem[];
  onClose: () => void;
  onDone: () => void;
}

/** Asks once more, removes, and lists what could not be removed. */
export function PurgeDialog({ kind, one, items, onClose, onDone }: PurgeDialogProps) {
  const toast = useToast();
  const [result, setResult] = useState<Purged>();
  const what = items.length === 1 ? `“${items[0]!.name}”` : plural(items.length, one);
  const run = async () => {
    const total: Purged = { removed: 0, inUse: 0, kept: [] };
    try {
      for (const batch of inBatches(items, maxTrashSelection)) {
        const part = await purge(
          kind,
          batch.map((item) => item.id),
        );
        total.removed += part.removed;
        total.inUse += part.inUse;
        total.kept.push(...part.kept);
      }
    } finally {
      onDone();
    }
    if (total.kept.length > 0 || total.inUse > 0) {
      setResult(total);
      return;
    }
    toast(`Removed ${what} for ever`);
    onClose();
  };
  if (result) return <Result result={result} items={items} one={one} onClose={onClose} />;
  return (
    <ActionDialog
      title={`Delete ${what} for ever?`}
      action="Delete for ever"
      danger
      stay
      onClose={onClose}
      run={run}
    >
      <p className="trash-question">
        {kind === "experiment"
          ? "Its runs, logged models and traces are removed with their files."
          : "Metrics, parameters, tags and files are removed."}{" "}
        Files that a registered model needs remain. This cannot be undone.
      </p>
    </ActionDialog>
  );
}

function Result({
  result,
  items,
  one,
  onClose,
}: Pick<PurgeDialogProps, "items" | "one" | "onClose"> & { result: Purged }) {
  const nameOf = (id: string) => items.find((item) => item.id === id)?.name ?? id;
  return (
    <Dialog title={`Removed ${plural(result.removed, one)}`} onClose={onClose}>
      {result.inUse > 0 && (
        <p>{plural(result.inUse, "item")} had files that a registered model needs. These files remain.</p>
      )}
      {result.kept.length > 0 && (
        <>
          <p>These remain in the trash:</p>
          <ul className="trash-kept">
            {result.kept.map(({ id, reason }) => (
              <li key={id}>
                <strong>{nameOf(id)}</strong>: {reason}
              </li>
            ))}
          </ul>
        </>
      )}
      <div className="dialog-actions">
        <button type="button" className="button primary" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
