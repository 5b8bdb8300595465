import type { ViewType } from "../../api/experiments";
import { type Codec, compact, decodeSort, decodeStage, join, oneOf, split, stageNames } from "./search";

/** The server can order by names and times of experiments; activity is known to the page only. */
export type ExperimentOrder = "activity" | "name" | "creation_time";

export interface ExperimentsView {
  text: string;
  stage: ViewType;
  order: ExperimentOrder;
  descending: boolean;
  tree: boolean;
  folded: readonly string[];
  /** Ids of the selected experiments. */
  selected: readonly string[];
}

export const experimentsCodec: Codec<ExperimentsView> = {
  decode: (s) => {
    const sort = s.sort ? decodeSort(s.sort) : { column: "activity", descending: true };
    return {
      text: s.q ?? "",
      stage: decodeStage(s.stage),
      order: oneOf<ExperimentOrder>(["activity", "name", "creation_time"], sort.column),
      descending: sort.descending,
      tree: s.list !== "flat",
      folded: split(s.fold ?? ""),
      selected: split(s.ids ?? ""),
    };
  },
  encode: (v) =>
    compact({
      q: v.text,
      stage: stageNames[v.stage],
      sort: !(v.order === "activity" && v.descending) && (v.descending ? "-" : "") + v.order,
      list: !v.tree && "flat",
      fold: join(v.folded),
      ids: join(v.selected),
    }),
};
