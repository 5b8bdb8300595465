// Pictures, sound, film, figures and tables that runs log by key and step: files whose names carry both.
import { compareNames } from "./columns";

/** What a file is read as. JSON and HTML can be figures or tables; their contents say which. */
export type MediaKind = "image" | "audio" | "video" | "html" | "json" | "sheet";

export interface StepFile {
  kind: MediaKind;
  key: string;
  step: number;
  timeMS: number;
  /** The whole file. */
  path: string;
  /** A smaller file of the same image, or the file itself. */
  thumbnail: string;
}

/** The tag of a run with images by step. */
export const mediaTag = "mlflow.loggedImages";

const extensions: Record<MediaKind, string> = {
  image: "png jpg jpeg gif webp avif bmp svg",
  audio: "wav mp3 flac ogg opus m4a",
  video: "mp4 webm",
  html: "html",
  json: "json",
  sheet: "csv tsv",
};

const kinds = new Map(
  (Object.keys(extensions) as MediaKind[]).flatMap((kind) =>
    extensions[kind].split(" ").map((extension) => [extension, kind] as const),
  ),
);

// The names that log_image writes. Older clients separate the parts by % and newer ones by +. A slash
// in the key is ~ or #.
const logged = /^(.+)([+%])step\2(-?\d+)\2timestamp\2(\d+)\2([0-9a-f-]+)(\2compressed)?\.(\w+)$/i;
// A step that a part of the path names: plots/cm_step_10.png, step=10/cm.png, epoch-3.csv.
const named =
  /(^|[/_\-. ])(?:global[_-]?)?(step|epoch|iter|iteration|batch|round)s?[_\-=. ]?(\d{1,12})(?=$|[/_\-. ])/gi;
// A number at the end, which is a step if there are others: cm_10.png beside cm_20.png.
const numbered = /^(.*?)(?:[_\-. /]|^)(\d{1,12})$/;
// JSON in these folders configures something.
const notData = /(^|\/)(checkpoint|ckpt|model|tokenizer)s?([-_.]\d+)?\//i;

/** The files with a key and a step among files, ordered by key, step and time. */
export function stepFiles(paths: readonly string[]): StepFile[] {
  const images = new Map<string, StepFile>();
  const others: StepFile[] = [];
  const candidates = new Map<string, StepFile[]>();
  for (const path of paths) {
    const match = logged.exec(path.slice(path.lastIndexOf("/") + 1));
    if (match) {
      addImage(images, path, match);
      continue;
    }
    const dot = path.lastIndexOf(".");
    const kind = kinds.get(path.slice(dot + 1).toLowerCase());
    if (!kind || (kind === "json" && notData.test(path))) continue;
    const stem = path.slice(0, dot);
    const certain = namedStep(stem);
    const found = certain ?? numberedStep(stem);
    if (!found) continue;
    const file: StepFile = { kind, ...found, timeMS: 0, path, thumbnail: path };
    if (certain) others.push(file);
    else candidates.set(rowID(file), [...(candidates.get(rowID(file)) ?? []), file]);
  }
  const series = [...candidates.values()].filter((files) => new Set(files.map((f) => f.step)).size > 1);
  return [...images.values(), ...others, ...series.flat()].sort(
    (a, b) => compareNames(a.key, b.key) || a.step - b.step || a.timeMS - b.timeMS,
  );
}

function addImage(found: Map<string, StepFile>, path: string, match: RegExpExecArray) {
  const [, key, , step, time, id, small] = match;
  const image = found.get(id!) ?? {
    kind: "image" as const,
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

const trim = (key: string) => key.replace(/^[/_\-. ]+|[/_\-. ]+$/g, "");

function namedStep(stem: string): { key: string; step: number } | undefined {
  const match = [...stem.matchAll(named)].at(-1);
  if (!match) return undefined;
  const key = stem.slice(0, match.index) + stem.slice(match.index + match[0].length);
  return { key: trim(key) || match[2]!.toLowerCase(), step: Number(match[3]) };
}

function numberedStep(stem: string): { key: string; step: number } | undefined {
  const match = numbered.exec(stem);
  return match ? { key: trim(match[1]!) || "files", step: Number(match[2]) } : undefined;
}

/** The file to show at a step: the last one that was logged up to it, or else the first one. */
export function fileAt(files: readonly StepFile[], step: number): StepFile | undefined {
  return files.findLast((file) => file.step <= step) ?? files[0];
}

/** All steps that have a file, in order. */
export function stepsOf(files: Iterable<StepFile>): number[] {
  return [...new Set([...files].map((file) => file.step))].sort((a, b) => a - b);
}

export interface MediaRun {
  id: string;
  name: string;
  files: readonly StepFile[];
}

export interface MediaRow {
  /** Distinguishes rows: a key can have files of several kinds. */
  id: string;
  key: string;
  kind: MediaKind;
  /** For each run that has files of the key. */
  cells: { run: MediaRun; files: StepFile[] }[];
}

const rowID = ({ kind, key }: StepFile) => `${key} ${kind}`;

/** A row for each key with a cell for each run that has it. */
export function mediaRows(runs: readonly MediaRun[], text = ""): MediaRow[] {
  const needle = text.trim().toLowerCase();
  const rows = new Map<string, MediaRow>();
  for (const run of runs) {
    const cells = new Map<string, MediaRow["cells"][number]>();
    for (const file of run.files) {
      const { key, kind } = file;
      if (!key.toLowerCase().includes(needle)) continue;
      const id = rowID(file);
      let cell = cells.get(id);
      if (!cell) {
        cell = { run, files: [] };
        cells.set(id, cell);
        const row = rows.get(id) ?? { id, key, kind, cells: [] };
        row.cells.push(cell);
        rows.set(id, row);
      }
      cell.files.push(file);
    }
  }
  return [...rows.values()].sort((a, b) => compareNames(a.key, b.key) || compareNames(a.kind, b.kind));
}
