import type { ViewType } from "../../api/experiments";
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

export interface RunsView extends ChartView {
  view: "table" | "charts";
  filter: string;
  sort: Sort;
  stage: ViewType;
  /** Column ids the user chose; undefined while the columns are chosen automatically. */
  columns: readonly string[] | undefined;
  diffOnly: boolean;
  /** Ids of selected runs. */
  selected: readonly string[];
  /** Ids of parent runs whose children are folded away. */
  folded: readonly string[];
  live: boolean;
}

export const runsCodec: Codec<RunsView> = {
  decode: (s) => ({
    ...chartCodec.decode(s),
    view: oneOf(["table", "charts"], s.view),
    // Links from MLflow itself name the filter searchFilter.
    filter: s.q ?? s.searchFilter ?? "",
    sort: decodeSort(s.sort),
    stage: decodeStage(s.stage),
    columns: s.cols === undefined ? undefined : split(s.cols),
    diffOnly: s.diff === "1",
    selected: split(s.runs ?? ""),
    folded: split(s.fold ?? ""),
    live: s.live !== "0",
  }),
  encode: (v) => ({
    ...compact({
      view: v.view === "charts" && "charts",
      q: v.filter,
      sort: encodeSort(v.sort),
      stage: stageNames[v.stage],
      diff: v.diffOnly && "1",
      runs: join(v.selected),
      fold: join(v.folded),
      live: !v.live && "0",
      ...chartCodec.encode(v),
    }),
    // An empty list is a choice too: no columns at all.
    ...(v.columns && { cols: join(v.columns) }),
  }),
};
