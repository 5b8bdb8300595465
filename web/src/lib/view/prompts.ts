import { type Codec, compact, oneOf } from "./search";

export const promptOrders = ["last_updated_timestamp", "name"] as const;

export interface PromptsView {
  /** Words of the name, and tags as key=value. */
  text: string;
  sort: (typeof promptOrders)[number];
  descending: boolean;
}

export const promptsCodec: Codec<PromptsView> = {
  decode: (s) => ({
    text: s.q ?? "",
    sort: oneOf(promptOrders, s.sort?.replace(/^-/, "")),
    descending: s.sort ? s.sort.startsWith("-") : true,
  }),
  encode: (v) =>
    compact({
      q: v.text,
      sort: !(v.sort === promptOrders[0] && v.descending) && (v.descending ? "-" : "") + v.sort,
    }),
};

export const promptTabs = ["prompt", "compare", "uses", "history", "code"] as const;
export type PromptTab = (typeof promptTabs)[number];

export interface PromptView {
  /** The version that is shown; empty for the newest. */
  version: string;
  tab: PromptTab;
  /** The version that it is compared with; empty for the one before it. */
  base: string;
  layout: "lines" | "sides";
}

const number = (text: string | undefined) => (/^\d+$/.test(text ?? "") ? text! : "");

export const promptCodec: Codec<PromptView> = {
  decode: (s) => ({
    // MLflow's own pages spell it differently.
    version: number(s.version) || number(s.promptVersion),
    tab: oneOf(promptTabs, s.tab),
    base: number(s.base),
    layout: oneOf(["lines", "sides"] as const, s.diff),
  }),
  encode: (v) =>
    compact({
      version: v.version,
      tab: v.tab !== "prompt" && v.tab,
      base: v.base,
      diff: v.layout !== "lines" && v.layout,
    }),
};
