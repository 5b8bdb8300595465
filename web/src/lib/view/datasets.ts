import { type Codec, compact, oneOf } from "./search";

/** Datasets for evaluations, those that runs use, or "" for what the experiment has. */
export const datasetKinds = ["", "evaluation", "runs"] as const;
export type DatasetKind = (typeof datasetKinds)[number];

export interface DatasetsView {
  kind: DatasetKind;
  text: string;
  /** The open dataset of runs; both are empty for none. */
  name: string;
  digest: string;
}

export const datasetsCodec: Codec<DatasetsView> = {
  decode: (s) => ({
    kind: oneOf(datasetKinds, s.kind),
    text: s.q ?? "",
    name: s.name ?? "",
    digest: s.digest ?? "",
  }),
  encode: (v) => compact({ kind: v.kind, q: v.text, name: v.name, digest: v.digest }),
};

export interface RecordsView {
  /** Words that the records contain. */
  text: string;
  /** A type of sources, or "". */
  source: string;
  /** The id of the open record, or "". */
  record: string;
}

export const recordsCodec: Codec<RecordsView> = {
  decode: (s) => ({
    text: s.q ?? "",
    source: s.source ?? "",
    record: s.record ?? "",
  }),
  encode: (v) => compact({ q: v.text, source: v.source, record: v.record }),
};
