// Saved views of an experiment. They are tags of the experiment, so that they need no table of their own:
// "millrace.view.<name>" has the address parameters of a view, "millrace.view" the name of the default one.
import { noView, type RunsView, runsCodec } from "./runs";
import { parseSearch, type Search, stringifySearch } from "./search";

const prefix = "millrace.view.";
export const defaultTag = "millrace.view";

export interface SavedView {
  name: string;
  /** Address parameters, as in "?q=resnet&cols=metrics.loss". */
  address: string;
}

export const viewTag = (name: string) => prefix + name;

export function savedViews(tags: Readonly<Record<string, string>>): SavedView[] {
  return Object.entries(tags)
    .filter(([key]) => key.startsWith(prefix) && key.length > prefix.length)
    .map(([key, address]) => ({ name: key.slice(prefix.length), address }))
    .sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
}

/** What a saved view keeps: not the selection, nor which runs are open, nor whether the page refreshes. */
export function addressOf(view: RunsView): string {
  return stringifySearch(
    runsCodec.encode({
      ...view,
      selected: [],
      selectAll: false,
      open: [],
      folded: [],
      live: true,
      saved: "",
    }),
  );
}

/** The view behind the parameters of a saved one. Parameters that are not understood are left out. */
export function viewOf(saved: SavedView): RunsView {
  return { ...runsCodec.decode(parseSearch(saved.address)), saved: saved.name };
}

/** The saved view that an address asks for without saying more: by its name, or as the default. */
export function viewToApply(search: Search, tags: Readonly<Record<string, string>>): SavedView | undefined {
  const asked = Object.keys(search);
  const bare = asked.length === 0 || (asked.length === 1 && asked[0] === "saved");
  const name = search.saved ?? tags[defaultTag];
  if (!bare || !name || name === noView) return undefined;
  return savedViews(tags).find((v) => v.name === name);
}
