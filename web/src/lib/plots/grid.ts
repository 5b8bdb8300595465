// A surface over scattered points, for contours. All coordinates are between 0 and 1.

export interface Sample {
  x: number;
  y: number;
  z: number;
}

export interface Grid {
  /** Nodes along each side. */
  size: number;
  /** Row by row from y = 0; NaN outside the hull of the samples. */
  values: Float64Array;
}

/** The square of the distance below which samples are averaged rather than told apart. */
const blur = 6e-4;

/** Shepard's interpolation: a node has the mean of all samples, weighted by their distance to the power of -3. */
export function interpolate(samples: readonly Sample[], size = 64): Grid {
  const values = new Float64Array(size * size).fill(Number.NaN);
  const hull = hullOf(samples);
  if (hull.length < 3) return { size, values };
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const [x, y] = [column / (size - 1), row / (size - 1)];
      if (isInside(hull, x, y)) values[row * size + column] = valueAt(samples, x, y);
    }
  }
  return { size, values };
}

function valueAt(samples: readonly Sample[], x: number, y: number): number {
  let sum = 0;
  let weights = 0;
  for (const sample of samples) {
    const square = (sample.x - x) ** 2 + (sample.y - y) ** 2;
    const soft = square + blur;
    const weight = 1 / (soft * Math.sqrt(soft));
    sum += weight * sample.z;
    weights += weight;
  }
  return sum / weights;
}

/** The corners of the convex hull, counterclockwise; fewer than three if all points are on a line. */
export function hullOf(points: readonly { x: number; y: number }[]): { x: number; y: number }[] {
  const sorted = [...points].sort((a, b) => a.x - b.x || a.y - b.y);
  const half = (ordered: typeof sorted) => {
    const chain: typeof sorted = [];
    for (const point of ordered) {
      while (chain.length >= 2 && turn(chain.at(-2)!, chain.at(-1)!, point) <= 1e-12) chain.pop();
      chain.push(point);
    }
    chain.pop();
    return chain;
  };
  return [...half(sorted), ...half(sorted.reverse())];
}

type XY = { x: number; y: number };

const turn = (a: XY, b: XY, c: XY) => (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);

function isInside(hull: readonly XY[], x: number, y: number): boolean {
  return hull.every((corner, i) => turn(corner, hull[(i + 1) % hull.length]!, { x, y }) >= -1e-9);
}

/** The line at a level through the grid, as segments x0, y0, x1, y1 (marching squares). */
export function isoline({ size, values }: Grid, level: number): [number, number, number, number][] {
  const segments: [number, number, number, number][] = [];
  const unit = 1 / (size - 1);
  for (let row = 0; row + 1 < size; row++) {
    for (let column = 0; column + 1 < size; column++) {
      const at = row * size + column;
      const corners = [values[at]!, values[at + 1]!, values[at + size + 1]!, values[at + size]!];
      if (corners.some(Number.isNaN)) continue;
      const crossings = edges.flatMap(([a, b]): XY[] => {
        const [from, to] = [corners[a]!, corners[b]!];
        if (from < level === to < level) return [];
        const share = (level - from) / (to - from);
        const [p, q] = [places[a]!, places[b]!];
        return [
          {
            x: (column + p.x + (q.x - p.x) * share) * unit,
            y: (row + p.y + (q.y - p.y) * share) * unit,
          },
        ];
      });
      for (let i = 0; i + 1 < crossings.length; i += 2) {
        const [from, to] = [crossings[i]!, crossings[i + 1]!];
        segments.push([from.x, from.y, to.x, to.y]);
      }
    }
  }
  return segments;
}

const edges = [
  [0, 1],
  [1, 2],
  [2, 3],
  [3, 0],
] as const;

const places: readonly XY[] = [
  { x: 0, y: 0 },
  { x: 1, y: 0 },
  { x: 1, y: 1 },
  { x: 0, y: 1 },
];
