import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import {
  deleteExperiment,
  deleteExperimentTag,
  type Experiment,
  restoreExperiment,
  setExperimentTag,
} from "../../api/experiments";
import { ActionDialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import { errorText } from "../../components/Notice";
import { SelectionBar } from "../../components/SelectionBar";
import { useToast } from "../../components/Toasts";
import { TagDialog } from "../../components/tags/TagDialog";
import { forEachOf } from "../../lib/batches";
import { plural } from "../../lib/text/format";
import { join } from "../../lib/view/search";

interface ExperimentSelectionProps {
  experiments: readonly Experiment[];
  clear: () => void;
}

/** What can be done with the selected experiments. */
export function ExperimentSelection({ experiments, clear }: ExperimentSelectionProps) {
  const [dialog, setDialog] = useState<"tag" | "delete">();
  const client = useQueryClient();
  const toast = useToast();
  const active = experiments.filter((e) => e.stage === "active");
  const deleted = experiments.filter((e) => e.stage === "deleted");
  const close = () => setDialog(undefined);
  /** Does something to each of a list, and says how far it went. */
  const each = async (
    word: string,
    list: readonly Experiment[],
    action: (e: Experiment) => Promise<unknown>,
    undo?: (e: Experiment) => Promise<unknown>,
  ) => {
    const failures = await forEachOf(list, action);
    const failed = new Set(failures.map(({ item }) => item.id));
    const changed = list.filter((e) => !failed.has(e.id));
    const [first] = failures;
    const count = plural(changed.length, "experiment");
    const refresh = () => client.invalidateQueries({ queryKey: ["experiments"] });
    toast(
      first
        ? `${word} ${count}. ${first.item.name} failed${failures.length > 1 ? ` and ${failures.length - 1} others` : ""}: ${errorText(first.error)}`
        : `${word} ${count}`,
      undo &&
        (async () => {
          await forEachOf(changed, undo);
          await refresh();
        }),
    );
    await refresh();
  };
  return (
    <SelectionBar
      label="Selected experiments"
      what={experiments.length.toLocaleString("en-US")}
      clear={clear}
    >
      {active.length > 0 && (
        <>
          <Link
            to="/compare-experiments"
            search={{ experiments: join(active.map((e) => e.id)) } as never}
            className="button"
          >
            Compare runs
          </Link>
          <button type="button" className="button" onClick={() => setDialog("tag")}>
            Tag…
          </button>
          <button type="button" className="button" onClick={() => setDialog("delete")}>
            <Icon name="trash" size={14} /> Delete…
          </button>
        </>
      )}
      {deleted.length > 0 && (
        <button
          type="button"
          className="button"
          onClick={() => each("Restored", deleted, (e) => restoreExperiment(e.id))}
        >
          <Icon name="restore" size={14} /> Restore {deleted.length.toLocaleString("en-US")}
        </button>
      )}
      {dialog === "tag" && (
        <TagDialog
          what={plural(active.length, "experiment")}
          onClose={close}
          set={(key, value) =>
            each(`Set the tag ${key} of`, active, (e) => setExperimentTag(e.id, key, value))
          }
          remove={(key) =>
            each(
              `Removed the tag ${key} of`,
              active.filter((e) => key in e.tags),
              (e) => deleteExperimentTag(e.id, key),
            )
          }
        />
      )}
      {dialog === "delete" && (
        <ActionDialog
          title={`Delete ${plural(active.length, "experiment")}?`}
          action="Delete"
          danger
          onClose={close}
          run={async () => {
            await each(
              "Deleted",
              active,
              (e) => deleteExperiment(e.id),
              (e) => restoreExperiment(e.id),
            );
            clear();
          }}
        >
          <p>They and their runs move to the trash, where they can be restored until somebody purges them.</p>
        </ActionDialog>
      )}
    </SelectionBar>
  );
}
