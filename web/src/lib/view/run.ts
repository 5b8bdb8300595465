import { type ChartView, chartCodec } from "./charts";
import { type Codec, compact } from "./search";

export interface RunPageView extends ChartView {
  paramText: string;
  live: boolean;
}

export const runPageCodec: Codec<RunPageView> = {
  decode: (s) => ({ ...chartCodec.decode(s), paramText: s.param ?? "", live: s.live !== "0" }),
  encode: (v) => compact({ ...chartCodec.encode(v), param: v.paramText, live: !v.live && "0" }),
};
