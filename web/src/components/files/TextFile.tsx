import { useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useRef } from "react";
import type { FileInfo, FilePart, FileSource } from "../../api/artifacts";
import { filePartBytes, fileParts } from "../../api/queries";
import { fileKind, looksBinary } from "../../lib/files/kind";
import { relativePath } from "../../lib/files/paths";
import { type Sheet, SheetReader } from "../../lib/files/sheet";
import { formatBytes } from "../../lib/text/format";
import { ErrorNotice, Loading } from "../Notice";
import { Markdown } from "../notes/Markdown";
import { JSONView } from "./JSONView";
import { NotebookView } from "./NotebookView";
import { maxSheetRows, SheetView } from "./SheetView";
import { TextView } from "./TextView";
import { Unshown } from "./Unshown";

interface TextFileProps {
  source: FileSource;
  file: FileInfo;
}

const wholeTextBytes = 16_000_000;

/** Text is read a part at a time, so that a log of gigabytes opens as fast as a note. */
export function TextFile({ source, file }: TextFileProps) {
  const kind = fileKind(file.path);
  // JSON and notebooks mean nothing in part.
  const whole = kind === "json" || kind === "notebook";
  const parts = useInfiniteQuery(fileParts(source, file.path, whole ? wholeTextBytes : filePartBytes));
  const pages = parts.data?.pages ?? noPages;
  const [first] = pages;
  if (parts.error && !first) {
    return <ErrorNotice error={parts.error} what="Could not read the file" retry={() => parts.refetch()} />;
  }
  if (!first) return <Loading />;
  if (first.total === 0) return <Unshown>The file is empty.</Unshown>;
  if (looksBinary(first.bytes))
    return <Unshown>This looks like a binary file. Download it to use it.</Unshown>;
  const read = pages.reduce((sum, page) => sum + page.bytes.length, 0);
  const more = parts.hasNextPage && (
    <MoreBar
      read={read}
      total={first.total}
      busy={parts.isFetchingNextPage}
      load={() => parts.fetchNextPage()}
    />
  );
  if (kind === "sheet") {
    return <SheetFile pages={pages} complete={!parts.hasNextPage} path={file.path} more={more} />;
  }
  return (
    <>
      <TextContents source={source} path={file.path} pages={pages} complete={!parts.hasNextPage} />
      {more}
    </>
  );
}

const noPages: readonly FilePart[] = [];

interface MoreBarProps {
  read: number;
  total: number;
  busy: boolean;
  load: () => void;
}

/** Says how much of a file is shown, and loads more of it. */
function MoreBar({ read, total, busy, load }: MoreBarProps) {
  const next = formatBytes(Math.min(filePartBytes, total - read));
  return (
    <p className="file-more">
      <span className="muted">
        {formatBytes(read)} of {formatBytes(total)} shown
      </span>
      <button type="button" className="button" disabled={busy} onClick={load}>
        {busy ? "Loading…" : `Load ${next} more`}
      </button>
    </p>
  );
}

interface SheetFileProps {
  pages: readonly FilePart[];
  complete: boolean;
  path: string;
  more: React.ReactNode;
}

/** CSV or TSV as a table. */
function SheetFile({ pages, complete, path, more }: SheetFileProps) {
  const sheet = useSheet(pages, complete, path.toLowerCase().endsWith(".tsv") ? "\t" : ",");
  return (
    <>
      <SheetView sheet={sheet} />
      {!sheet.truncated && more}
    </>
  );
}

/** The table in the parts of a file. A part that was read before is not read again. */
function useSheet(pages: readonly FilePart[], complete: boolean, separator: "," | "\t"): Sheet {
  const known = useRef<{ reader: SheetReader; decoder: TextDecoder; pages: FilePart[] }>(undefined);
  return useMemo(() => {
    let state = known.current;
    if (!state || state.pages.some((page, i) => page !== pages[i])) {
      state = { reader: new SheetReader(separator, maxSheetRows), decoder: new TextDecoder(), pages: [] };
      known.current = state;
    }
    for (const page of pages.slice(state.pages.length)) {
      state.reader.feed(state.decoder.decode(page.bytes, { stream: true }));
      state.pages.push(page);
    }
    return state.reader.sheet(complete);
  }, [pages, complete, separator]);
}

interface TextContentsProps {
  source: FileSource;
  path: string;
  pages: readonly FilePart[];
  complete: boolean;
}

function TextContents({ source, path, pages, complete }: TextContentsProps) {
  const imageURL = useCallback(
    (link: string) => {
      const image = relativePath(path, link);
      return image === undefined || fileKind(image) !== "image" ? undefined : source.url(image);
    },
    [source, path],
  );
  const text = useMemo(() => new TextDecoder().decode(concat(pages.map((page) => page.bytes))), [pages]);
  const kind = fileKind(path);
  if (kind === "markdown") {
    return (
      <div className="file-markdown">
        <Markdown text={text} imageURL={imageURL} />
      </div>
    );
  }
  if (kind === "notebook" && complete) return <NotebookView text={text} imageURL={imageURL} />;
  if (kind === "diff") return <TextView text={text} language="diff" />;
  if (kind === "json" || kind === "notebook") return <JSONView text={text} complete={complete} name={path} />;
  return <TextView text={text} />;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
