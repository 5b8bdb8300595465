// Experiment names read as paths.

export interface NamedRow<T> {
  /** The full path, unique for folders and leaves alike. */
  path: string;
  /** What to print at this depth. */
  label: string;
  depth: number;
  /** The experiment at this path, if there is one; a folder may be one too. */
  item: T | undefined;
  /** Everything at or below this path. */
  members: T[];
  folder: boolean;
  open: boolean;
}

interface Folder<T> {
  path: string;
  label: string;
  item: T | undefined;
  members: T[];
  children: Map<string, Folder<T>>;
}

/** Groups names by their "/" separated prefixes. Chains of folders with one child print as one row. */
export function nameTree<T extends { name: string }>(
  items: readonly T[],
  folded: ReadonlySet<string>,
): NamedRow<T>[] {
  const root: Folder<T> = { path: "", label: "", item: undefined, members: [], children: new Map() };
  for (const item of items) {
    let at = root;
    for (const part of pathParts(item.name)) {
      let next = at.children.get(part);
      if (!next) {
        next = { path: at.path + part, label: part, item: undefined, members: [], children: new Map() };
        at.children.set(part, next);
      }
      next.members.push(item);
      at = next;
    }
    at.item = item;
  }
  const rows: NamedRow<T>[] = [];
  const walk = (folder: Folder<T>, depth: number, prefix: string) => {
    for (let child of folder.children.values()) {
      let label = prefix + child.label;
      while (!child.item && child.children.size === 1) {
        child = [...child.children.values()][0]!;
        label += child.label;
      }
      const isFolder = child.children.size > 0;
      const open = !folded.has(child.path);
      const { path, item, members } = child;
      rows.push({ path, label, depth, item, members, folder: isFolder, open });
      if (isFolder && open) walk(child, depth + 1, "");
    }
  };
  walk(root, 0, "");
  return rows;
}

/** "a/b/c" -> ["a/", "b/", "c"]; a leading slash belongs to the first part. */
function pathParts(name: string): string[] {
  return name.match(/^\/*[^/]*\/*|[^/]+\/*/g)?.filter(Boolean) ?? [name];
}
