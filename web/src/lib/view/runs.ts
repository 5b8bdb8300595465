import type { ViewType } from "../../api/experiments";
import { allStates, type FilterChoice, spanMS } from "../table/filterText";
import { clampWidth } from "../table/layout";
import { type ChartView, chartCodec } from "./charts";
import {
  type Codec,
  compact,
  decodeSort,
  decodeStage,
  encodeSort,
  join,
  oneOf,
  type Sort,
  split,
  stageNames,
} from "./search";

export interface RunsView extends ChartView, FilterChoice {
  view: "table" | "charts";
  sort: Sort;
  stage: ViewType;
  /** Column ids the user chose; undefined while the columns are chosen automatically. */
  columns: readonly string[] | undefined;
  /** Ids of columns that stay in sight. */
  pinned: readonly string[];
  /** Widths in pixels of columns that were resized, by id. */
  widths: Readonly<Record<string, number>>;
  diffOnly: boolean;
  /** Ids of selected runs. With selectAll, all runs that match are selected except for these. */
  selected: readonly string[];
  selectAll: boolean;
  /** Runs are listed without nesting. */
  flat: boolean;
  /** Ids of parent runs that show their children, or all of them. */
  open: readonly string[];
  openAll: boolean;
  /** Ids of parent runs whose children are folded away. */
  folded: readonly string[];
  /** The name of the saved view that this one began as. */
  saved: string;
  live: boolean;
}

const all = "all";

/** The name in an address that means no saved view, where an experiment has a default one. */
export const noView = "-";

export const runsCodec: Codec<RunsView> = {
  decode: (s) => ({
    ...chartCodec.decode(s),
    view: oneOf(["table", "charts"], s.view),
    // Links from MLflow itself name the filter searchFilter.
    filter: s.q ?? s.searchFilter ?? "",
    states: allStates.filter((state) => split(s.state ?? "").includes(state.toLowerCase())),
    user: s.user ?? "",
    dataset: s.dataset ?? "",
    since: spanMS(s.since ?? "") ? s.since! : "",
    sort: decodeSort(s.sort),
    stage: decodeStage(s.stage),
    columns: s.cols === undefined ? undefined : split(s.cols),
    pinned: split(s.pin ?? ""),
    widths: decodeWidths(s.width ?? ""),
    diffOnly: s.diff === "1",
    selected: split(s.runs ?? ""),
    selectAll: s.select === all,
    flat: s.flat === "1",
    open: s.open === all ? [] : split(s.open ?? ""),
    openAll: s.open === all,
    folded: split(s.fold ?? ""),
    saved: s.saved ?? "",
    live: s.live !== "0",
  }),
  encode: (v) => {
    const search = {
      ...compact({
        view: v.view === "charts" && "charts",
        q: v.filter,
        state: join(v.states).toLowerCase(),
        user: v.user,
        dataset: v.dataset,
        since: v.since,
        sort: encodeSort(v.sort),
        stage: stageNames[v.stage],
        pin: join(v.pinned),
        width: join(Object.entries(v.widths).map(([id, width]) => `${width}:${id}`)),
        diff: v.diffOnly && "1",
        runs: join(v.selected),
        select: v.selectAll && all,
        flat: v.flat && "1",
        open: v.openAll ? all : join(v.open),
        fold: join(v.folded),
        saved: v.saved,
        live: !v.live && "0",
        ...chartCodec.encode(v),
      }),
      // An empty list is a choice too: no columns at all.
      ...(v.columns && { cols: join(v.columns) }),
    };
    // An address with nothing but the name of a saved view means that view; this one was changed to the defaults.
    const named = v.saved !== "" && v.saved !== noView;
    return named && Object.keys(search).length === 1 ? { ...search, view: v.view } : search;
  },
};

function decodeWidths(text: string): Record<string, number> {
  const widths: Record<string, number> = {};
  for (const item of split(text)) {
    const [, width, id] = /^(\d{1,4}):(.+)$/s.exec(item) ?? [];
    if (width && id) widths[id] = clampWidth(Number(width));
  }
  return widths;
}
