import { type Codec, compact, join, oneOf, split } from "./search";

export type MediaSize = "medium" | "small" | "large";

export interface MediaView {
  /** The step shown; undefined for the last one. */
  step: number | undefined;
  /** Text that keys must contain. */
  text: string;
  size: MediaSize;
  /** Ids of the runs shown; none for the newest ones. */
  runs: readonly string[];
}

export const mediaCodec: Codec<MediaView> = {
  decode: (s) => {
    const step = Number(s.step);
    return {
      step: s.step !== undefined && s.step !== "" && Number.isFinite(step) ? step : undefined,
      text: s.key ?? "",
      size: oneOf<MediaSize>(["medium", "small", "large"], s.size),
      runs: split(s.runs ?? ""),
    };
  },
  encode: (v) =>
    compact({
      step: v.step !== undefined && String(v.step),
      key: v.text,
      size: v.size !== "medium" && v.size,
      runs: join(v.runs),
    }),
};
