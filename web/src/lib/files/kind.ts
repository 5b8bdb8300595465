export type FileKind =
  | "image"
  | "audio"
  | "video"
  | "json"
  | "notebook"
  | "sheet"
  | "table"
  | "markdown"
  | "frame"
  | "diff"
  | "text"
  | "binary";

const kinds: Record<Exclude<FileKind, "binary" | "text">, readonly string[]> = {
  image: ["png", "jpg", "jpeg", "gif", "webp", "avif", "bmp", "svg", "ico"],
  audio: ["mp3", "wav", "flac", "ogg", "oga", "opus", "m4a", "aac"],
  video: ["mp4", "webm", "m4v", "mov", "ogv"],
  json: ["json", "geojson"],
  notebook: ["ipynb"],
  sheet: ["csv", "tsv"],
  table: ["parquet", "npy", "npz"],
  markdown: ["md", "markdown"],
  frame: ["html", "htm", "pdf"],
  diff: ["diff", "patch"],
};

const binary = new Set(
  (
    "pkl pickle joblib pt pth pt2 bin onnx h5 hdf5 keras safetensors ckpt arrow feather zip gz tgz tar bz2 " +
    "xz zst 7z whl so dll exe avi db sqlite skops cbm ubj tflite gguf jar class"
  ).split(" "),
);

/** How to preview a file, by its name. Unknown names are tried as text; looksBinary then decides. */
export function fileKind(path: string): FileKind {
  const name = path.split("/").pop() ?? "";
  const extension = name.includes(".") ? name.split(".").pop()!.toLowerCase() : "";
  for (const [kind, extensions] of Object.entries(kinds)) {
    if (extensions.includes(extension)) return kind as FileKind;
  }
  return binary.has(extension) ? "binary" : "text";
}

const imageTypes: Record<string, string> = { jpg: "image/jpeg", svg: "image/svg+xml", ico: "image/x-icon" };

/** The media type to give a blob of this file, so that the browser will show it. */
export function mediaType(path: string): string {
  const extension = path.split(".").pop()!.toLowerCase();
  if (extension === "pdf") return "application/pdf";
  if (extension === "html" || extension === "htm") return "text/html";
  return imageTypes[extension] ?? `image/${extension}`;
}

/** Text has no zero bytes; nearly every binary format has one early on. */
export function looksBinary(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 8000).includes(0);
}
