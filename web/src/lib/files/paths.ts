/** The path that a relative link in a file leads to, or undefined if it leads elsewhere. */
export function relativePath(file: string, link: string): string | undefined {
  if (link === "" || /^([a-z][a-z0-9+.-]*:|\/|#|\\)/i.test(link)) return undefined;
  const parts = file.split("/").slice(0, -1);
  let target: string;
  try {
    target = decodeURIComponent(link.replace(/[?#].*$/, ""));
  } catch {
    return undefined;
  }
  for (const part of target.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.length > 0 ? parts.join("/") : undefined;
}

/** Files that programs write their console output to. */
export const isLog = (path: string) =>
  /(^|[/._-])(log|logs|stdout|stderr|console|output)([._-][^/]*)?\.(txt|log|out|err)$|\.(log|out|err)$/i.test(
    path,
  );
