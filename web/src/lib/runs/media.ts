// Images that runs log by key and step: files whose names carry both.
import { compareNames } from "./columns";

export interface StepImage {
  key: string;
  step: number;
  timeMS: number;
  /** The file with all pixels. */
  path: string;
  /** A smaller file of the same image, or the file itself. */
  thumbnail: string;
}

/** The folder that the files are in. */
export const mediaFolder = "images";

/** The tag of a run with such images. */
export const mediaTag = "mlflow.loggedImages";

// Older clients separate the parts by % and newer ones by +. A slash in the key is ~ or #.
const name = /^(.+)([+%])step\2(-?\d+)\2timestamp\2(\d+)\2([0-9a-f-]+)(\2compressed)?\.(\w+)$/i;

/** The images among files, ordered by key, step and time. */
export function stepImages(paths: readonly string[]): StepImage[] {
  const found = new Map<string, StepImage>();
  for (const path of paths) {
    const match = name.exec(path.slice(path.lastIndexOf("/") + 1));
    if (!match) continue;
    const [, key, , step, time, id, small] = match;
    const known = found.get(id!);
    const image = known ?? {
      key: key!.replace(/[~#]/g, "/"),
      step: Number(step),
      timeMS: Number(time),
      path,
      thumbnail: path,
    };
    if (small) image.thumbnail = path;
    else image.path = path;
    found.set(id!, image);
  }
  return [...found.values()].sort(
    (a, b) => compareNames(a.key, b.key) || a.step - b.step || a.timeMS - b.timeMS,
  );
}

/** The image to show at a step: the last one that was logged up to it, or else the first one. */
export function imageAt(images: readonly StepImage[], step: number): StepImage | undefined {
  return images.findLast((image) => image.step <= step) ?? images[0];
}

/** All steps that have an image, in order. */
export function stepsOf(images: Iterable<StepImage>): number[] {
  return [...new Set([...images].map((image) => image.step))].sort((a, b) => a - b);
}

export interface MediaRun {
  id: string;
  name: string;
  images: readonly StepImage[];
}

export interface MediaRow {
  key: string;
  /** For each run that has images of the key. */
  cells: { run: MediaRun; images: StepImage[] }[];
}

/** A row for each key with a cell for each run that has it. */
export function mediaRows(runs: readonly MediaRun[], text = ""): MediaRow[] {
  const needle = text.trim().toLowerCase();
  const rows = new Map<string, MediaRow>();
  for (const run of runs) {
    const cells = new Map<string, MediaRow["cells"][number]>();
    for (const image of run.images) {
      const { key } = image;
      if (!key.toLowerCase().includes(needle)) continue;
      let cell = cells.get(key);
      if (!cell) {
        cell = { run, images: [] };
        cells.set(key, cell);
        const row = rows.get(key) ?? { key, cells: [] };
        row.cells.push(cell);
        rows.set(key, row);
      }
      cell.images.push(image);
    }
  }
  return [...rows.values()].sort((a, b) => compareNames(a.key, b.key));
}
