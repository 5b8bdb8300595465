import { compareMetrics, relevance } from "../runs/relevance";

export interface Section {
  prefix: string;
  members: string[];
}

/** A prefix earns a section of its own from this many metrics; smaller ones share the first. */
const sectionFrom = 4;

/** Sections by the first part of the name, by relevance. System metrics always stand apart, at the end. */
export function sectionsOf(metrics: readonly string[], moved: readonly string[] = []): Section[] {
  const prefixOf = (metric: string) => metric.slice(0, Math.max(0, metric.indexOf("/")));
  const groups = new Map<string, string[]>();
  for (const metric of ordered(metrics, moved)) {
    const prefix = prefixOf(metric);
    groups.set(prefix, [...(groups.get(prefix) ?? []), metric]);
  }
  const own = (prefix: string, members: string[]) =>
    prefix !== "" && (prefix === "system" || members.length >= sectionFrom);
  const large = [...groups].filter(([prefix, members]) => own(prefix, members));
  const inLarge = new Set(large.flatMap(([, members]) => members));
  const first = { prefix: "", members: ordered(metrics, moved).filter((metric) => !inLarge.has(metric)) };
  const sections = large.map(([prefix, members]) => ({ prefix, members }));
  // A section comes where its best metric would.
  const best = ({ members }: Section) => Math.min(...members.map(relevance));
  sections.sort((a, b) => best(a) - best(b));
  return first.members.length > 0 ? [first, ...sections] : sections;
}

function ordered(metrics: readonly string[], moved: readonly string[]): string[] {
  return inMovedOrder(metrics.toSorted(compareMetrics), moved);
}

/** A list with the members that were moved in their own order, at the places that they have together. */
export function inMovedOrder(list: readonly string[], moved: readonly string[]): string[] {
  const present = new Set(list);
  const queue = moved.filter((member) => present.has(member));
  const isMoved = new Set(queue);
  return list.map((member) => (isMoved.has(member) ? queue.shift()! : member));
}

/** The new order of a list after one of its members was put before another. */
export function moveBefore(list: readonly string[], member: string, before: string): string[] {
  if (member === before) return [...list];
  const rest = list.filter((m) => m !== member);
  const at = rest.indexOf(before);
  // What comes from above the place goes behind it, as things do that are dragged down.
  const down = list.indexOf(member) < list.indexOf(before);
  rest.splice(down ? at + 1 : at, 0, member);
  return rest;
}
