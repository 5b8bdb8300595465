import type { FileInfo } from "../../api/artifacts";
import { type FileKind, fileKind } from "../files/kind";
import { compareNames } from "../runs/columns";

export interface SharedFile {
  path: string;
  name: string;
  isDir: boolean;
  /** How many runs have it. */
  count: number;
}

/** What several runs have in one folder: folders first, then what most of them share. */
export function mergeListings(listings: readonly (readonly FileInfo[])[]): SharedFile[] {
  const found = new Map<string, SharedFile>();
  for (const { path, isDir } of listings.flat()) {
    const key = `${isDir} ${path}`;
    const entry = found.get(key);
    if (entry) entry.count++;
    else found.set(key, { path, isDir, name: path.split("/").pop() ?? path, count: 1 });
  }
  return [...found.values()].sort(
    (a, b) => Number(b.isDir) - Number(a.isDir) || b.count - a.count || compareNames(a.name, b.name),
  );
}

const texts: readonly FileKind[] = ["text", "json", "notebook", "sheet", "markdown", "diff"];

/** Whether a file's lines can be compared, by its name. */
export const isDiffable = (path: string) => texts.includes(fileKind(path));

export const parentOf = (path: string) => path.split("/").slice(0, -1).join("/");
