// Changes to many runs of an experiment by one request: all of them change, or none.
import { millrace } from "./client";
import type { ViewType } from "./experiments";

export interface RunSelection {
  experimentID: string;
  /** The ids, or undefined for all runs that match. */
  ids: readonly string[] | undefined;
  filter: string;
  viewType: ViewType;
  /** Runs that match and are not selected. */
  except: readonly string[];
}

const wireSelection = ({ experimentID, ids, filter, viewType, except }: RunSelection) =>
  ids
    ? { experiment_id: experimentID, run_ids: ids }
    : { experiment_id: experimentID, all: true, filter, run_view_type: viewType, except };

/** Sends a change and returns the ids of the runs that it changed. */
async function change(path: string, selection: RunSelection, more: object = {}): Promise<string[]> {
  const body = { runs: wireSelection(selection), ...more };
  return (await millrace.post<{ run_ids?: string[] }>(`runs/${path}`, body)).run_ids ?? [];
}

export const tagRuns = (
  selection: RunSelection,
  set: readonly { key: string; value: string }[],
  remove: readonly string[],
) => change("tag", selection, { set, remove });

/** In a name, {name} stands for the run's name and {n} for its number. */
export const renameRuns = (selection: RunSelection, name: string) => change("rename", selection, { name });

export const deleteRuns = (selection: RunSelection) => change("delete", selection);

export const restoreRuns = (selection: RunSelection) => change("restore", selection);

export const moveRuns = (selection: RunSelection, target: string) =>
  change("move", selection, { target_id: target });
