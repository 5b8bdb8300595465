// View state and the address bar. Everything that changes what a page shows is a search parameter, so
// that a copied link opens the same view. Defaults are left out to keep addresses short.
import type { ViewType } from "../../api/experiments";

export type Search = Record<string, string>;

/** Translates between a view and its search parameters. decode never fails: links get edited by hand. */
export interface Codec<T> {
  decode(search: Search): T;
  encode(view: T): Search;
}

export function parseSearch(text: string): Search {
  return Object.fromEntries(new URLSearchParams(text));
}

export function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) {
    if (typeof value === "string") params.set(key, value);
  }
  // Slashes, colons and commas are legal in a query and common in metric names: keep them readable.
  const text = params.toString().replace(/%(2F|3A|2C)/g, (code) => decodeURIComponent(code));
  return text ? `?${text}` : "";
}

export const join = (items: readonly string[]) =>
  items.map((s) => s.replaceAll("~", "~0").replaceAll(",", "~1")).join(",");
export const split = (text: string) =>
  text
    .split(",")
    .filter(Boolean)
    .map((s) => s.replaceAll("~1", ",").replaceAll("~0", "~"));

export function oneOf<T extends string>(allowed: readonly T[], text: string | undefined): T {
  return allowed.find((a) => a === text) ?? allowed[0]!;
}

/** Drops empty values, which stand for defaults. */
export function compact(search: Record<string, string | undefined | false>): Search {
  return Object.fromEntries(Object.entries(search).filter((e): e is [string, string] => Boolean(e[1])));
}

const stages: readonly ViewType[] = ["ACTIVE_ONLY", "DELETED_ONLY", "ALL"];
export const stageNames: Record<ViewType, string> = { ACTIVE_ONLY: "", DELETED_ONLY: "deleted", ALL: "all" };

export function decodeStage(text: string | undefined): ViewType {
  return stages.find((s) => stageNames[s] === text) ?? "ACTIVE_ONLY";
}

export interface Sort {
  /** A column id such as "metrics.loss" or "attributes.start_time". */
  column: string;
  descending: boolean;
}

export const defaultSort: Sort = { column: "attributes.start_time", descending: true };

export function decodeSort(text: string | undefined): Sort {
  if (!text) return defaultSort;
  return text.startsWith("-")
    ? { column: text.slice(1), descending: true }
    : { column: text, descending: false };
}

export function encodeSort(sort: Sort): string {
  if (sort.column === defaultSort.column && sort.descending === defaultSort.descending) return "";
  return (sort.descending ? "-" : "") + sort.column;
}
