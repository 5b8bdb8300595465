import { type ColumnsView, decodeColumns, encodeColumns } from "../columns/columns";
import { type ChartView, chartCodec } from "./charts";
import { type Codec, compact, join, split } from "./search";

export interface RunPageView extends ChartView, ColumnsView {
  paramText: string;
  live: boolean;
  /** Whether the lineage shows the many nodes of a kind one by one. */
  unfolded: boolean;
  /** The descendants whose children are shown. The columns are those of the table of children. */
  opened: readonly string[];
}

export const runPageCodec: Codec<RunPageView> = {
  decode: (s) => ({
    ...chartCodec.decode(s),
    ...decodeColumns(s),
    paramText: s.param ?? "",
    live: s.live !== "0",
    unfolded: s.unfold === "1",
    opened: split(s.open ?? ""),
  }),
  encode: (v) => ({
    ...compact({
      ...chartCodec.encode(v),
      param: v.paramText,
      live: !v.live && "0",
      unfold: v.unfolded && "1",
      open: join(v.opened),
    }),
    ...encodeColumns(v),
  }),
};
