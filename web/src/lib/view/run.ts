import { type ChartView, chartCodec } from "./charts";
import { type Codec, compact } from "./search";

export interface RunPageView extends ChartView {
  paramText: string;
  live: boolean;
  /** Whether the lineage shows the many nodes of a kind one by one. */
  unfolded: boolean;
}

export const runPageCodec: Codec<RunPageView> = {
  decode: (s) => ({
    ...chartCodec.decode(s),
    paramText: s.param ?? "",
    live: s.live !== "0",
    unfolded: s.unfold === "1",
  }),
  encode: (v) =>
    compact({ ...chartCodec.encode(v), param: v.paramText, live: !v.live && "0", unfold: v.unfolded && "1" }),
};
