import { expect, test } from "vitest";
import {
  boxHeight,
  boxWidth,
  drawLineage,
  foldAbove,
  type Lineage,
  type LineageKind,
  smoothPath,
} from "./lineage";

/** Nodes by kind, and edges as "from to" with an optional label. */
function graph(kinds: string, edges: [number, number, string?][]): Lineage {
  const names: Record<string, LineageKind> = { d: "dataset", r: "run", m: "logged_model", v: "version" };
  return {
    nodes: [...kinds].map((letter, i) => ({
      kind: names[letter]!,
      id: String(i),
      name: `${letter}${i}`,
      experimentID: "1",
      experimentName: "e",
      status: "",
      stage: "None",
      aliases: [],
      deleted: false,
      unavailable: false,
    })),
    edges: edges.map(([from, to, label = ""]) => ({ from, to, label, step: 0 })),
    bounded: false,
  };
}

const layers = (lineage: Lineage, unfolded = false) =>
  drawLineage(lineage, unfolded).boxes.map((b) => b.layer);

test("what was made of something is at its right", () => {
  // A version, its model, its run and the dataset of the run.
  expect(
    layers(
      graph("vmrd", [
        [1, 0],
        [2, 1],
        [3, 2, "training"],
      ]),
    ),
  ).toEqual([3, 2, 1, 0]);
});

test("a dataset of a later run is next to it, not at the far left", () => {
  const later = graph("rmrdd", [
    [0, 1],
    [1, 2],
    [3, 0],
    [4, 2],
  ]);
  expect(layers(later)).toEqual([1, 2, 3, 0, 2]);
});

test("a ring has an end", () => {
  const ring = graph("rm", [
    [0, 1],
    [1, 0],
  ]);
  expect(layers(ring)).toEqual([0, 1]);
  expect(drawLineage(ring, false).lines).toHaveLength(2);
});

test("boxes of a layer do not touch, whatever their order", () => {
  const { boxes, width, height } = drawLineage(
    graph("rmmmm", [
      [0, 1],
      [0, 2],
      [0, 3],
      [0, 4],
    ]),
    false,
  );
  const column = boxes.filter((b) => b.layer === 1).sort((a, b) => a.y - b.y);
  for (let i = 1; i < column.length; i++) expect(column[i]!.y).toBeGreaterThan(column[i - 1]!.y + boxHeight);
  expect(width).toBeGreaterThan(2 * boxWidth);
  expect(height).toBe(column.at(-1)!.y + boxHeight);
  expect(boxes[0]!.y).toBe((height - boxHeight) / 2);
});

test("lines of neighbours do not cross", () => {
  const { boxes } = drawLineage(
    graph("rmmvv", [
      [0, 1],
      [0, 2],
      [1, 4],
      [2, 3],
    ]),
    false,
  );
  const y = (i: number) => boxes.find((b) => b.members[0] === i)!.y;
  expect(y(1) < y(2)).toBe(y(4) < y(3));
});

test("many of a kind with the same neighbours are folded until they are unfolded", () => {
  const count = foldAbove + 1;
  const edges = Array.from({ length: count }, (_, i): [number, number] => [0, i + 1]);
  const many = graph(`r${"m".repeat(count)}v`, [...edges, [1, count + 1]]);
  // The model with a version has other neighbours, so the rest are few enough.
  expect(drawLineage(many, false).boxes.every((b) => b.members.length === 1)).toBe(true);
  const more = graph(`r${"m".repeat(count + 1)}v`, [...edges, [0, count + 1], [1, count + 2]]);
  const folded = drawLineage(more, false);
  expect(folded.boxes.map((b) => b.members.length).sort()).toEqual([1, 1, 1, 1, 1, 1, 1, 3]);
  expect(folded.lines).toHaveLength(7);
  expect(drawLineage(more, true).boxes).toHaveLength(count + 3);
});

test("an edge over a layer passes between the boxes of the layer", () => {
  const { boxes, lines } = drawLineage(
    graph("rmv", [
      [0, 1],
      [1, 2],
      [0, 2],
    ]),
    false,
  );
  const [, through] = lines.find((l) => l.from === 0 && l.to === 2)!.points;
  const model = boxes[1]!;
  expect(through![1] < model.y || through![1] > model.y + boxHeight).toBe(true);
});

test("the first node stands alone, however alike others are", () => {
  const edges = Array.from({ length: 8 }, (_, i): [number, number] => [8, i]);
  const { boxes } = drawLineage(graph(`${"m".repeat(8)}r`, edges), false);
  expect(boxes.find((b) => b.members.includes(0))!.members).toEqual([0]);
});

test("a label is said of single nodes, a step as well", () => {
  const steps = graph("rm", [[0, 1]]);
  steps.edges[0]!.step = 1200;
  expect(drawLineage(steps, false).lines[0]!.label).toBe("step 1,200");
});

test("a path is straight at one height and bends otherwise", () => {
  expect(
    smoothPath([
      [0, 10],
      [50, 10],
    ]),
  ).toBe("M0 10H50");
  expect(
    smoothPath([
      [0, 10],
      [60, 30],
    ]),
  ).toBe("M0 10C30 10 30 30 60 30");
  expect(smoothPath([])).toBe("");
});
