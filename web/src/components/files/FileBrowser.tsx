import { useQueries } from "@tanstack/react-query";
import { type KeyboardEvent, useMemo, useRef, useState } from "react";
import { type FileInfo, type FileSource, folderURL } from "../../api/artifacts";
import { directory } from "../../api/queries";
import { useHotkeys } from "../../lib/browser/hooks";
import { formatBytes } from "../../lib/text/format";
import { Icon } from "../Icon";
import { ErrorNotice } from "../Notice";
import { FilePreview } from "./FilePreview";
import "./files.css";

interface FileBrowserProps {
  source: FileSource;
  /** The path of the selected file or folder; empty for none. */
  selected: string;
  onSelect: (path: string) => void;
  /** A file to show while none is selected, if it exists. */
  initial?: string;
  /** Shown when there is no file at all. */
  emptyHint: React.ReactNode;
}

/** A lazily loaded tree of files with a preview beside it. */
export function FileBrowser({
  source,
  selected: chosen,
  initial = "",
  onSelect,
  emptyHint,
}: FileBrowserProps) {
  const selected = chosen || initial;
  const [toggled, setToggled] = useState<Record<string, boolean>>({});
  // Folders on the way to the selected file are open unless the user closed them.
  const isOpen = (path: string) => toggled[path] ?? selected.startsWith(`${path}/`);
  const openPaths = ["", ...ancestors(selected), ...Object.keys(toggled)].filter(
    (path, i, all) => (path === "" || isOpen(path)) && all.indexOf(path) === i,
  );
  const listings = useQueries({ queries: openPaths.map((path) => directory(source, path)) });
  const byPath = new Map(openPaths.map((path, i) => [path, listings[i]!]));
  const rows = flatten("", 0, (path) => (path === "" || isOpen(path) ? byPath.get(path)?.data : undefined));
  const root = byPath.get("")!;
  const current = rows.find((row) => row.file.path === selected)?.file;
  const files = rows.filter((row) => !row.file.isDir).map((row) => row.file.path);
  const at = files.indexOf(selected);
  const open = (path: string | undefined) => path !== undefined && onSelect(path);
  useHotkeys({ j: () => open(files[at + 1]), k: () => open(files[at - 1]) });

  if (root.error) {
    return <ErrorNotice error={root.error} what="Could not list the files" retry={() => root.refetch()} />;
  }
  if (root.data?.length === 0) return <>{emptyHint}</>;
  return (
    <div className="files">
      <div className="card file-side">
        <FileTree
          rows={rows}
          selected={selected}
          isOpen={isOpen}
          isLoading={(path) => byPath.get(path)?.isFetching ?? false}
          setOpen={(path, open) => setToggled((all) => ({ ...all, [path]: open }))}
          onSelect={onSelect}
        />
        <FolderDownloads
          source={source}
          folder={current?.isDir ? selected : parentOf(selected)}
          all={root.data?.some((file) => ownerOf(source, file.path) === ownerOf(source, "")) ?? false}
        />
      </div>
      <section className="card file-view" aria-label="Preview">
        {current && !current.isDir ? (
          <FilePreview
            key={current.path}
            source={source}
            file={current}
            beside={{
              previous: at > 0 ? () => open(files[at - 1]) : undefined,
              next: at < files.length - 1 ? () => open(files[at + 1]) : undefined,
            }}
          />
        ) : (
          <p className="file-none muted">
            {chosen && !current && !root.isFetching && listings.every((l) => !l.isFetching)
              ? `There is no file ${selected}.`
              : "Choose a file to see it here."}
          </p>
        )}
      </section>
    </div>
  );
}

const parentOf = (path: string) => path.split("/").slice(0, -1).join("/");

/** Whose file it is: that of a run, or of a model whose files are a folder here. */
function ownerOf(source: FileSource, path: string): string {
  const { path: _, ...owner } = source.place(path);
  return JSON.stringify(owner);
}

interface FolderDownloadsProps {
  source: FileSource;
  /** The folder of the selected file. */
  folder: string;
  /** Whether there are files that a ZIP file of all has. */
  all: boolean;
}

/** Links to ZIP files of the folder of the selected file and of all files. */
function FolderDownloads({ source, folder, all }: FolderDownloadsProps) {
  if (!folder && !all) return null;
  const name = folder.split("/").pop();
  return (
    <div className="file-zips">
      {folder && (
        <a
          className="button"
          href={folderURL(source, folder)}
          download
          title={`Download ${folder} as a ZIP file`}
        >
          <Icon name="download" size={14} /> <span className="truncate">{name}.zip</span>
        </a>
      )}
      {all && (
        <a className="button" href={folderURL(source, "")} download title="Download all files as a ZIP file">
          <Icon name="download" size={14} /> All files
        </a>
      )}
    </div>
  );
}

interface TreeRow {
  file: FileInfo;
  depth: number;
}

function flatten(path: string, depth: number, list: (path: string) => FileInfo[] | undefined): TreeRow[] {
  return (list(path) ?? []).flatMap((file) => [
    { file, depth },
    ...(file.isDir ? flatten(file.path, depth + 1, list) : []),
  ]);
}

function ancestors(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
}

interface FileTreeProps {
  rows: TreeRow[];
  selected: string;
  isOpen: (path: string) => boolean;
  isLoading: (path: string) => boolean;
  setOpen: (path: string, open: boolean) => void;
  onSelect: (path: string) => void;
}

/** The ARIA tree pattern: one tab stop, arrow keys inside. */
function FileTree({ rows, selected, isOpen, isLoading, setOpen, onSelect }: FileTreeProps) {
  const list = useRef<HTMLDivElement>(null);
  const [focused, setFocused] = useState(selected);
  const index = Math.max(
    0,
    rows.findIndex((row) => row.file.path === focused),
  );
  const focusRow = (i: number) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, i))];
    if (!row) return;
    setFocused(row.file.path);
    const items = list.current?.querySelectorAll<HTMLElement>("[role=treeitem]");
    items?.[rows.indexOf(row)]?.focus();
    // Files follow the arrows, so that a folder of images can be paged through.
    if (!row.file.isDir) onSelect(row.file.path);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const row = rows[index];
    if (!row) return;
    const { file, depth } = row;
    const actions: Record<string, () => void> = {
      ArrowDown: () => focusRow(index + 1),
      ArrowUp: () => focusRow(index - 1),
      Home: () => focusRow(0),
      End: () => focusRow(rows.length - 1),
      ArrowRight: () => {
        if (file.isDir && !isOpen(file.path)) setOpen(file.path, true);
        else if (file.isDir) focusRow(index + 1);
      },
      ArrowLeft: () => {
        if (file.isDir && isOpen(file.path)) setOpen(file.path, false);
        else focusRow(rows.slice(0, index).findLastIndex((r) => r.depth < depth));
      },
      Enter: () => choose(file),
      " ": () => choose(file),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  };
  const choose = (file: FileInfo) => {
    setFocused(file.path);
    if (file.isDir) setOpen(file.path, !isOpen(file.path));
    else onSelect(file.path);
  };
  const sizes = useMemo(() => new Map(rows.map(({ file }) => [file.path, formatBytes(file.size)])), [rows]);
  return (
    <div ref={list} className="file-tree" role="tree" aria-label="Files" onKeyDown={onKeyDown} tabIndex={-1}>
      {rows.map(({ file, depth }, i) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the tree handles the keys for all its items
        <div
          key={file.path}
          role="treeitem"
          aria-level={depth + 1}
          aria-expanded={file.isDir ? isOpen(file.path) : undefined}
          aria-selected={file.path === selected}
          tabIndex={i === index ? 0 : -1}
          className="file-item"
          style={{ paddingLeft: 8 + depth * 16 }}
          onClick={() => choose(file)}
        >
          <span className={file.isDir && isOpen(file.path) ? "file-chevron turned" : "file-chevron"}>
            {file.isDir && <Icon name="chevron" size={12} />}
          </span>
          <Icon name={file.isDir ? "folder" : "file"} size={14} />
          <span className="truncate" title={file.path}>
            {file.path.split("/").pop()}
          </span>
          <span className="file-size muted number">
            {file.isDir ? isOpen(file.path) && isLoading(file.path) && "…" : sizes.get(file.path)}
          </span>
        </div>
      ))}
    </div>
  );
}
