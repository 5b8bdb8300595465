import { type Codec, compact, join, oneOf, split } from "./search";

export const comparedTabs = ["content", "attributes"] as const;
export type ComparedTab = (typeof comparedTabs)[number];

export interface CompareTracesView {
  /** The ids of the traces, of which two are compared. */
  traces: readonly string[];
  /** The id of a span of one of them; empty for the root. */
  span: string;
  tab: ComparedTab;
  layout: "lines" | "sides";
  /** What the names of spans contain. */
  text: string;
  differencesOnly: boolean;
}

export const compareTracesCodec: Codec<CompareTracesView> = {
  decode: (s) => ({
    traces: split(s.traces ?? ""),
    span: s.span ?? "",
    tab: oneOf(comparedTabs, s.tab),
    layout: oneOf(["lines", "sides"] as const, s.diff),
    text: s.q ?? "",
    differencesOnly: s.only === "differences",
  }),
  encode: (v) =>
    compact({
      traces: join(v.traces),
      span: v.span,
      tab: v.tab !== "content" && v.tab,
      diff: v.layout !== "lines" && v.layout,
      q: v.text,
      only: v.differencesOnly && "differences",
    }),
};
