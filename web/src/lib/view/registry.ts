import { type ColumnsView, decodeColumns, encodeColumns } from "../columns/columns";
import { type Codec, compact, join, oneOf, split } from "./search";

export interface RegistryView extends ColumnsView {
  text: string;
}

export const registryCodec: Codec<RegistryView> = {
  decode: (s) => ({ ...decodeColumns(s), text: s.q ?? s.searchQuery ?? "" }),
  encode: (v) => ({ ...compact({ q: v.text }), ...encodeColumns(v) }),
};

/** The logged models of an experiment. */
export const modelsCodec: Codec<ColumnsView> = { decode: decodeColumns, encode: encodeColumns };

export interface VersionView {
  tab: "overview" | "lineage";
  /** As in RunPageView. */
  unfolded: boolean;
}

export const versionCodec: Codec<VersionView> = {
  decode: (s) => ({
    tab: oneOf<VersionView["tab"]>(["overview", "lineage"], s.tab),
    unfolded: s.unfold === "1",
  }),
  encode: (v) => compact({ tab: v.tab !== "overview" && v.tab, unfold: v.unfolded && "1" }),
};

export type MonitorTab = "versions" | "performance" | "transitions";

export interface MonitorView extends ColumnsView {
  tab: MonitorTab;
  /** Versions ticked for comparison. */
  selected: readonly string[];
  /** The metric drawn; empty for the first one. */
  metric: string;
  /** The dataset drawn; empty for all. */
  dataset: string;
}

export const monitorCodec: Codec<MonitorView> = {
  decode: (s) => ({
    ...decodeColumns(s),
    tab: oneOf<MonitorTab>(["versions", "performance", "transitions"], s.tab),
    selected: split(s.versions ?? ""),
    metric: s.metric ?? "",
    dataset: s.dataset ?? "",
  }),
  encode: (v) => ({
    ...compact({
      tab: v.tab !== "versions" && v.tab,
      versions: join(v.selected),
      metric: v.metric,
      dataset: v.dataset,
    }),
    ...encodeColumns(v),
  }),
};
