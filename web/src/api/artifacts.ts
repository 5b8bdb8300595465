import { ApiError, get, type Query, send, serverURL } from "./client";

export interface FileInfo {
  path: string;
  isDir: boolean;
  size: number;
}

/** Where a file browser reads from: the artifacts of a run or the files of a logged model. */
export interface FileSource {
  /** Unique per source; part of every cache key. */
  id: string;
  list(path: string, signal?: AbortSignal): Promise<FileInfo[]>;
  url(path: string): string;
  /** How Millrace's own routes name a file. */
  place(path: string): Query;
}

interface WireListing {
  files?: { path: string; is_dir?: boolean; file_size?: number }[];
}

export function runFiles(runID: string): FileSource {
  return {
    id: `run:${runID}`,
    list: async (path, signal) =>
      toFiles(await get<WireListing>("artifacts/list", { run_id: runID, path: path || undefined }, signal)),
    url: (path) => serverURL("get-artifact", { run_id: runID, path }),
    place: (path) => ({ run_id: runID, path }),
  };
}

export function modelFiles(modelID: string): FileSource {
  const root = `logged-models/${encodeURIComponent(modelID)}/artifacts`;
  return {
    id: `model:${modelID}`,
    list: async (path, signal) =>
      toFiles(
        await get<WireListing>(`${root}/directories`, { artifact_directory_path: path || undefined }, signal),
      ),
    url: (path) => serverURL(`ajax-api/2.0/mlflow/${root}/files`, { artifact_file_path: path }),
    place: (path) => ({ model_id: modelID, path }),
  };
}

export interface MountedFiles {
  folder: string;
  source: FileSource;
}

/** Shows other sources as folders of the first one. */
export function mountFiles(base: FileSource, mounts: readonly MountedFiles[]): FileSource {
  const find = (path: string) =>
    mounts.find(({ folder }) => path === folder || path.startsWith(`${folder}/`));
  const inside = (path: string, folder: string) => path.slice(folder.length + 1);
  const at = <T>(path: string, ask: (source: FileSource, path: string) => T): T => {
    const mount = find(path);
    return mount ? ask(mount.source, inside(path, mount.folder)) : ask(base, path);
  };
  return {
    id: [base.id, ...mounts.map(({ folder, source }) => `${folder}=${source.id}`)].join(" "),
    list: async (path, signal) => {
      const mount = find(path);
      if (mount) {
        const files = await mount.source.list(inside(path, mount.folder), signal);
        return files.map((file) => ({ ...file, path: `${mount.folder}/${file.path}` }));
      }
      const files = await base.list(path, signal);
      if (path !== "") return files;
      return [...mounts.map(({ folder }) => ({ path: folder, isDir: true, size: 0 })), ...files];
    },
    url: (path) => at(path, (source, below) => source.url(below)),
    place: (path) => at(path, (source, below) => source.place(below)),
  };
}

/** Folder names for things that may share a name with each other or with what is there already. */
export function folderNames(
  items: readonly { id: string; name: string }[],
  taken: readonly string[],
): string[] {
  const names = items.map((item) => item.name);
  return items.map(({ id, name }) => {
    const alone = !taken.includes(name) && names.filter((other) => other === name).length === 1;
    return alone ? name : `${name} (${id})`;
  });
}

function toFiles(listing: WireListing): FileInfo[] {
  return (listing.files ?? []).map((f) => ({
    path: f.path,
    isDir: f.is_dir ?? false,
    size: f.file_size ?? 0,
  }));
}

export interface FilePart {
  bytes: Uint8Array<ArrayBuffer>;
  /** Size of the whole file. */
  total: number;
}

export interface FileTail {
  text: string;
  /** Where the text begins in the file. */
  start: number;
  total: number;
}

/** Reads whole lines of the last bytes of a text file. */
export async function readTail(url: string, length: number, signal?: AbortSignal): Promise<FileTail> {
  let response: Response;
  try {
    response = await send(url, { headers: { Range: `bytes=-${length}` }, signal: signal ?? null });
  } catch (error) {
    // An empty file has no last byte.
    if (error instanceof ApiError && error.status === 416) return { text: "", start: 0, total: 0 };
    throw error;
  }
  let bytes = new Uint8Array(await response.arrayBuffer());
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get("Content-Range") ?? "");
  const total = range ? Number(range[2]) : bytes.length;
  let start = range ? Number(range[1]) : Math.max(0, bytes.length - length);
  if (!range) bytes = bytes.subarray(start);
  if (start > 0) {
    const cut = bytes.indexOf(10) + 1;
    bytes = bytes.subarray(cut);
    start += cut;
  }
  return { text: new TextDecoder().decode(bytes), start, total };
}

/** Reads part of a file. A server that ignores the range sends the whole file, which is cut here. */
export async function readPart(
  url: string,
  start: number,
  length: number,
  signal?: AbortSignal,
): Promise<FilePart> {
  const headers = { Range: `bytes=${start}-${start + length - 1}` };
  let response: Response;
  try {
    response = await send(url, { headers, signal: signal ?? null });
  } catch (error) {
    // An empty file has no first byte to send.
    if (error instanceof ApiError && error.status === 416) return { bytes: new Uint8Array(), total: start };
    throw error;
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (response.status !== 206) {
    return { bytes: bytes.slice(start, start + length), total: bytes.length };
  }
  const total = Number(response.headers.get("Content-Range")?.split("/")[1]);
  return { bytes, total: Number.isFinite(total) ? total : start + bytes.length };
}

/** The address of a folder as a ZIP file. */
export const folderURL = (source: FileSource, path: string) =>
  serverURL("ajax-api/millrace/artifacts/zip", source.place(path));
