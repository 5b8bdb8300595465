import type { FileWindow } from "../../api/fileTables";
import { type Codec, compact, type Search } from "./search";

/** The part of a file that is shown. */
export const fileCodec: Codec<FileWindow> = {
  decode: (s) => ({ row: position(s.row), column: position(s.col), array: s.array ?? "" }),
  encode: (v) =>
    compact({ row: v.row > 0 && String(v.row), col: v.column > 0 && String(v.column), array: v.array }),
};

function position(text: string | undefined): number {
  const value = Number(text);
  return Number.isSafeInteger(value) && value > 0 ? value : 0;
}

/** The search parameters of a page without those of a file, for the way to another one. */
export function withoutFile({ row: _, col: __, array: ___, ...search }: Search): Search {
  return search;
}
