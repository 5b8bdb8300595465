/** Hands a file to the browser's downloads. */
export function saveBlob(name: string, blob: Blob) {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName(name);
  link.click();
  // The download has begun by then; some browsers read the blob after the click returns.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export function saveText(name: string, type: string, text: string) {
  saveBlob(name, new Blob([text], { type: `${type};charset=utf-8` }));
}

const longest = 120;

/** A name that every file system takes: separators and control characters become underscores. */
export function fileName(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what file systems refuse
  const plain = name.replace(/[\u0000-\u001f\u007f<>:"/\\|?*]+/g, "_").replace(/^[.\s]+|[.\s]+$/g, "");
  if (plain.length <= longest) return plain || "file";
  const dot = plain.lastIndexOf(".");
  const ending = dot > 0 && plain.length - dot <= 10 ? plain.slice(dot) : "";
  return plain.slice(0, longest - ending.length) + ending;
}
