// The lineage of a run, a model or a version, and where its parts are drawn.
import type { ModelStage } from "../../api/registry";

export type LineageKind = "dataset" | "run" | "logged_model" | "version";

export interface LineageNode {
  kind: LineageKind;
  id: string;
  name: string;
  experimentID: string;
  experimentName: string;
  status: string;
  stage: ModelStage;
  aliases: string[];
  deleted: boolean;
  /** Removed, or not for the user to read: the server tells nothing else about it. */
  unavailable: boolean;
}

export interface LineageEdge {
  from: number;
  to: number;
  label: string;
  step: number;
}

/** The first node is the one whose lineage it is. */
export interface Lineage {
  nodes: LineageNode[];
  edges: LineageEdge[];
  bounded: boolean;
}

export const kindNames: Record<LineageKind, [one: string, many: string]> = {
  dataset: ["Dataset", "Datasets"],
  run: ["Run", "Runs"],
  logged_model: ["Logged model", "Logged models"],
  version: ["Version", "Versions"],
};

/** A node on screen: one of the lineage, or several that are folded into one. */
export interface LineageBox {
  kind: LineageKind;
  /** Indexes of nodes: one, or those that are folded. */
  members: number[];
  layer: number;
  x: number;
  y: number;
}

export interface LineageLine {
  /** Indexes of boxes. */
  from: number;
  to: number;
  label: string;
  /** Where it goes, from the right side of a box to the left side of another. */
  points: [x: number, y: number][];
  /** Whether the label is at the end, because several lines begin where this one does. */
  labelAtEnd: boolean;
}

export interface LineageDrawing {
  boxes: LineageBox[];
  lines: LineageLine[];
  width: number;
  height: number;
}

export const boxWidth = 196;
export const boxHeight = 66;
const gapX = 84;
const gapY = 14;
/** The height of a line where it passes through a layer. */
const passHeight = 14;

/** More nodes of one kind with the same neighbours than this are folded. */
export const foldAbove = 6;
const shownOfMany = 4;

interface Group {
  kind: LineageKind;
  members: number[];
}

/**
 * The nodes in groups of one, except for nodes of one kind with the same neighbours: of many of them,
 * the first ones stay alone and the rest is one group.
 */
function fold(lineage: Lineage, unfolded: boolean): Group[] {
  const neighbours = lineage.nodes.map(() => [] as string[]);
  for (const { from, to } of lineage.edges) {
    neighbours[from]!.push(`>${to}`);
    neighbours[to]!.push(`<${from}`);
  }
  const alike = new Map<string, number[]>();
  lineage.nodes.forEach(({ kind }, i) => {
    const key = i === 0 ? "first" : `${kind} ${neighbours[i]!.sort().join(" ")}`;
    alike.set(key, [...(alike.get(key) ?? []), i]);
  });
  return [...alike.values()].flatMap((members) => {
    const kind = lineage.nodes[members[0]!]!.kind;
    const alone = (list: number[]) => list.map((i): Group => ({ kind, members: [i] }));
    if (unfolded || members.length <= foldAbove) return alone(members);
    return [...alone(members.slice(0, shownOfMany)), { kind, members: members.slice(shownOfMany) }];
  });
}

/** The edges between groups, without those that close a ring: a run can use a model that it logged. */
function edgesOf(groups: readonly Group[], lineage: Lineage): Map<string, LineageEdge & { ring: boolean }> {
  const groupOf = new Map(groups.flatMap((g, i) => g.members.map((m) => [m, i] as const)));
  const edges = new Map<string, LineageEdge & { ring: boolean }>();
  const after = groups.map(() => [] as number[]);
  for (const edge of lineage.edges) {
    const [from, to] = [groupOf.get(edge.from)!, groupOf.get(edge.to)!];
    const id = `${from} ${to}`;
    if (edges.has(id)) continue;
    const ring = reaches(after, to, from);
    if (!ring) after[from]!.push(to);
    const single = groups[from]!.members.length === 1 && groups[to]!.members.length === 1;
    edges.set(id, { ...edge, from, to, label: single ? edgeText(edge) : edge.label, ring });
  }
  return edges;
}

const edgeText = ({ label, step }: LineageEdge) =>
  label || (step ? `step ${step.toLocaleString("en-US")}` : "");

function reaches(after: readonly number[][], start: number, goal: number): boolean {
  const seen = new Set([start]);
  for (const at of seen) {
    if (at === goal) return true;
    for (const next of after[at]!) seen.add(next);
  }
  return false;
}

/** The layer of each group: one after the last of those it was made of. */
function layersOf(count: number, edges: readonly { from: number; to: number }[]): number[] {
  const layers = new Array<number>(count).fill(0);
  for (let changed = true; changed; ) {
    changed = false;
    for (const { from, to } of edges) {
      if (layers[to]! > layers[from]!) continue;
      layers[to] = layers[from]! + 1;
      changed = true;
    }
  }
  // What nothing was made of moves next to what is made of it.
  const isTarget = new Set(edges.map((e) => e.to));
  for (let i = 0; i < count; i++) {
    const targets = edges.filter((e) => e.from === i).map((e) => layers[e.to]!);
    if (!isTarget.has(i) && targets.length > 0) layers[i] = Math.min(...targets) - 1;
  }
  return layers;
}

/** A place in a layer: a group, or an edge that passes through. */
interface Place {
  group: number | undefined;
  before: Place[];
  after: Place[];
  layer: number;
  order: number;
  y: number;
}

/** Places everything: what was made of something is at its right. */
export function drawLineage(lineage: Lineage, unfolded: boolean): LineageDrawing {
  const groups = fold(lineage, unfolded);
  const all = [...edgesOf(groups, lineage).values()];
  const forward = all.filter((e) => !e.ring);
  const layers = layersOf(groups.length, forward);
  const places: Place[] = groups.map((_, group) => place(group, layers[group]!));
  const chains = forward.map((edge) => chain(places, edge.from, edge.to));
  const rows: Place[][] = [];
  for (const p of places) rows[p.layer] = [...(rows[p.layer] ?? []), p];
  arrange(rows);
  const height = spread(rows);
  const boxes = groups.map(({ kind, members }, i): LineageBox => {
    const { layer, y } = places[i]!;
    return { kind, members, layer, x: layer * (boxWidth + gapX), y };
  });
  const line = ({ from, to, label }: LineageEdge, points: [number, number][]): LineageLine => {
    const labelAtEnd = all.filter((e) => e.from === from).length > 1;
    return { from, to, label, points, labelAtEnd };
  };
  const lines = forward.map((edge, i) => line(edge, pathOf(chains[i]!)));
  for (const edge of all.filter((e) => e.ring)) {
    lines.push(line(edge, pathOf([places[edge.from]!, places[edge.to]!])));
  }
  return { boxes, lines, width: rows.length * (boxWidth + gapX) - gapX, height };
}

const place = (group: number | undefined, layer: number): Place => ({
  group,
  before: [],
  after: [],
  layer,
  order: 0,
  y: 0,
});

/** The places of an edge, with one in each layer that it passes. */
function chain(places: Place[], from: number, to: number): Place[] {
  const list = [places[from]!];
  for (let layer = places[from]!.layer + 1; layer < places[to]!.layer; layer++) {
    const passing = place(undefined, layer);
    places.push(passing);
    list.push(passing);
  }
  list.push(places[to]!);
  for (let i = 1; i < list.length; i++) {
    list[i - 1]!.after.push(list[i]!);
    list[i]!.before.push(list[i - 1]!);
  }
  return list;
}

function number(row: readonly Place[]) {
  row.forEach((p, i) => {
    p.order = i;
  });
}

/** Orders each layer by the mean place of its neighbours, back and forth, so that few lines cross. */
function arrange(rows: Place[][]) {
  for (const row of rows) number(row);
  for (let sweep = 0; sweep < 6; sweep++) {
    const forth = sweep % 2 === 0;
    for (const row of forth ? rows : [...rows].reverse()) {
      const mean = (p: Place) => {
        const near = forth ? p.before : p.after;
        return near.length === 0 ? p.order : near.reduce((sum, n) => sum + n.order, 0) / near.length;
      };
      const means = new Map(row.map((p) => [p, mean(p)]));
      row.sort((a, b) => means.get(a)! - means.get(b)! || a.order - b.order);
      number(row);
    }
  }
}

/** Sets the heights: each layer is in the middle of the tallest one. Returns the height of all. */
function spread(rows: readonly Place[][]): number {
  const tall = (p: Place) => (p.group === undefined ? passHeight : boxHeight);
  const heights = rows.map((row) => row.reduce((sum, p) => sum + tall(p) + gapY, -gapY));
  const height = Math.max(...heights);
  rows.forEach((row, i) => {
    let y = (height - heights[i]!) / 2;
    for (const p of row) {
      p.y = y;
      y += tall(p) + gapY;
    }
  });
  return height;
}

function pathOf(list: readonly Place[]): [number, number][] {
  const left = (p: Place) => p.layer * (boxWidth + gapX);
  const middle = (p: Place) => p.y + (p.group === undefined ? passHeight : boxHeight) / 2;
  const points: [number, number][] = [];
  list.forEach((p, i) => {
    if (i > 0) points.push([left(p), middle(p)]);
    if (i < list.length - 1) points.push([left(p) + boxWidth, middle(p)]);
  });
  return points;
}

/** The points as a path of smooth lines between the layers. */
export function smoothPath(points: readonly (readonly [number, number])[]): string {
  const [first, ...rest] = points;
  if (!first) return "";
  let path = `M${first[0]} ${first[1]}`;
  let [x, y] = first;
  for (const [toX, toY] of rest) {
    const bend = Math.max(24, Math.abs(toX - x) / 2);
    path += toY === y && toX > x ? `H${toX}` : `C${x + bend} ${y} ${toX - bend} ${toY} ${toX} ${toY}`;
    [x, y] = [toX, toY];
  }
  return path;
}
