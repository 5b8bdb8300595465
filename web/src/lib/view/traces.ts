import { type ColumnsView, decodeColumns, encodeColumns } from "../columns/columns";
import { spanMS } from "../table/filterText";
import { type Codec, compact, join, oneOf, split } from "./search";

export interface TracesView extends ColumnsView {
  /** The text of the box: clauses of the grammar, or words that occur in the traces. */
  filter: string;
  errorsOnly: boolean;
  /** A span such as "24h" before now, or "" for any time. */
  since: string;
  /** The session whose traces are shown, or "". */
  session: string;
  /** Ids of selected traces. */
  selected: readonly string[];
  live: boolean;
}

export const tracesCodec: Codec<TracesView> = {
  decode: (s) => ({
    ...decodeColumns(s),
    filter: s.q ?? "",
    errorsOnly: s.state === "error",
    since: spanMS(s.since ?? "") ? s.since! : "",
    session: s.session ?? "",
    selected: split(s.traces ?? ""),
    live: s.live !== "0",
  }),
  encode: (v) => ({
    ...compact({
      q: v.filter,
      state: v.errorsOnly && "error",
      since: v.since,
      session: v.session,
      traces: join(v.selected),
      live: !v.live && "0",
    }),
    ...encodeColumns(v),
  }),
};

export const traceTabs = ["content", "attributes", "events", "links", "assessments", "details"] as const;
export type TraceTab = (typeof traceTabs)[number];

/** How inputs and outputs are shown; "" for what suits them. */
export const payloadForms = ["", "chat", "json", "markdown", "text"] as const;
export type PayloadForm = (typeof payloadForms)[number];

export interface TraceView {
  /** The id of the selected span; empty for the root. */
  span: string;
  tab: TraceTab;
  form: PayloadForm;
  /** What is searched for in the spans. */
  text: string;
  errorsOnly: boolean;
}

export const traceCodec: Codec<TraceView> = {
  decode: (s) => ({
    span: s.span ?? "",
    tab: oneOf(traceTabs, s.tab),
    form: oneOf(payloadForms, s.show),
    text: s.q ?? "",
    errorsOnly: s.state === "error",
  }),
  encode: (v) =>
    compact({
      span: v.span,
      tab: v.tab !== "content" && v.tab,
      show: v.form,
      q: v.text,
      state: v.errorsOnly && "error",
    }),
};

export interface SessionView {
  form: PayloadForm;
  live: boolean;
}

export const sessionCodec: Codec<SessionView> = {
  decode: (s) => ({ form: oneOf(payloadForms, s.show), live: s.live !== "0" }),
  encode: (v) => compact({ show: v.form, live: !v.live && "0" }),
};
