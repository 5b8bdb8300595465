// Every key and what it does: the map that ? shows, the palette, and the keys that lead to pages.

export interface KeyTarget {
  /** "g e" is g, then e. */
  keys: string;
  title: string;
  to: string;
  search?: Record<string, string>;
  /** Only on a server with users. */
  users?: boolean;
}

/** Pages that a g and a letter lead to from everywhere. */
export const goToPages: readonly KeyTarget[] = [
  { keys: "g h", title: "Home", to: "/" },
  { keys: "g e", title: "Experiments", to: "/experiments" },
  { keys: "g m", title: "Models", to: "/models" },
  { keys: "g p", title: "Prompts", to: "/prompts" },
  { keys: "g t", title: "Trash", to: "/trash" },
  { keys: "g s", title: "Settings", to: "/settings" },
  { keys: "g a", title: "Account", to: "/account", users: true },
];

/** Pages of the experiment that is open, or that the open run or model belongs to. */
export const goToParts: readonly KeyTarget[] = [
  { keys: "g r", title: "Runs", to: "/experiments/$experimentID" },
  { keys: "g c", title: "Charts", to: "/experiments/$experimentID", search: { view: "charts" } },
  { keys: "g x", title: "Traces", to: "/experiments/$experimentID/traces" },
  { keys: "g o", title: "Overview of traces", to: "/experiments/$experimentID/overview" },
  { keys: "g i", title: "Media", to: "/experiments/$experimentID/media" },
  { keys: "g l", title: "Logged models", to: "/experiments/$experimentID/models" },
  { keys: "g d", title: "Datasets", to: "/experiments/$experimentID/datasets" },
];

export interface KeyGroup {
  title: string;
  /** Keys that do the same are separated by two spaces. */
  keys: readonly (readonly [keys: string, meaning: string])[];
}

const pairs = (targets: readonly KeyTarget[]) => targets.map(({ keys, title }) => [keys, title] as const);

/** The map of all keys, by where they act. */
export const keyMap: readonly KeyGroup[] = [
  {
    title: "Everywhere",
    keys: [
      ["Ctrl K", "Search experiments, runs, models, pages and actions"],
      ["/", "Go to the filter or the search box"],
      ["r", "Refresh now"],
      ["?", "This help"],
      ["Esc", "Close a dialog or a list"],
    ],
  },
  { title: "Go to", keys: pairs(goToPages) },
  { title: "In an experiment, go to", keys: pairs(goToParts) },
  {
    title: "Runs",
    keys: [
      ["j  ↓", "Next row"],
      ["k  ↑", "Previous row"],
      ["x", "Select the row"],
      ["X", "Select all rows from the one selected before"],
      ["Enter", "Open the run, or the menu of a cell"],
      ["→  ←", "Unfold or fold, then move along the cells"],
      ["↓", "On a column's title: its menu"],
    ],
  },
  {
    title: "Experiments, models and versions",
    keys: [
      ["j  k", "Next, previous row"],
      ["x", "Select the row, or tick it for a comparison"],
      ["e", "Edit the tags of an experiment"],
      ["Enter", "Open the row"],
    ],
  },
  {
    title: "Traces and their spans",
    keys: [
      ["c", "Compare the two selected traces, or the open one with another"],
      ["j  k  ↓  ↑", "Next, previous span"],
      ["→  ←", "Unfold or go down; fold or go up"],
      ["e", "Next failed span; in a comparison, the next that differs"],
      ["s", "Swap the compared traces"],
    ],
  },
  {
    title: "Prompts and datasets",
    keys: [
      ["j  k", "Next, previous version or record"],
      ["n", "New version from the selected one, new record"],
      ["x", "Select the record"],
    ],
  },
  {
    title: "Files, media and plots",
    keys: [
      ["j  k  ↓  ↑", "Next, previous file"],
      ["→  ←", "Unfold or fold a folder; next, previous image or mark"],
    ],
  },
];
