import { type Codec, compact } from "./search";

export interface DatasetsView {
  text: string;
  /** The open dataset; both are empty for none. */
  name: string;
  digest: string;
}

export const datasetsCodec: Codec<DatasetsView> = {
  decode: (s) => ({ text: s.q ?? "", name: s.name ?? "", digest: s.digest ?? "" }),
  encode: (v) => compact({ q: v.text, name: v.name, digest: v.digest }),
};
