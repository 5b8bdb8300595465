import type { TrashKind } from "../../api/trash";
import { type Codec, compact, oneOf } from "./search";

export interface TrashView {
  kind: TrashKind;
  text: string;
}

export const trashCodec: Codec<TrashView> = {
  decode: (s) => ({
    kind: oneOf<TrashKind>(["run", "experiment", "logged_model"], s.kind),
    text: s.q ?? "",
  }),
  encode: (v) => compact({ kind: v.kind !== "run" && v.kind, q: v.text }),
};
