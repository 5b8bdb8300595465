import { useInfiniteQuery } from "@tanstack/react-query";
import { type ReactNode, useCallback, useEffect, useMemo, useState } from "react";
import type { FileInfo, FileSource } from "../../api/artifacts";
import { filePartBytes, fileParts } from "../../api/queries";
import { fileKind, looksBinary, mediaType } from "../../lib/files/kind";
import { relativePath } from "../../lib/files/paths";
import { formatBytes } from "../../lib/text/format";
import { CopyButton } from "../Copy";
import { Icon } from "../Icon";
import { Markdown } from "../Markdown";
import { ErrorNotice, Loading } from "../Notice";
import { JSONView } from "./JSONView";
import { NotebookView } from "./NotebookView";
import { TextSheet } from "./SheetView";
import { TableView } from "./TableView";
import { TextView } from "./TextView";

interface FilePreviewProps {
  source: FileSource;
  file: FileInfo;
}

/** The head of a file and, where the browser can show it, its contents. */
export function FilePreview({ source, file }: FilePreviewProps) {
  const kind = fileKind(file.path);
  return (
    <>
      <div className="card-head">
        <h2 className="truncate" title={file.path}>
          {file.path}
        </h2>
        <CopyButton text={file.path} label="Copy path" />
        <span className="spacer" />
        <span className="muted number">{formatBytes(file.size)}</span>
        <a className="button" href={source.url(file.path)} download={file.path.split("/").pop()}>
          <Icon name="download" size={14} /> Download
        </a>
      </div>
      {kind === "binary" ? (
        <Unshown>This is a binary file. Download it to use it.</Unshown>
      ) : kind === "table" ? (
        <TableView source={source} path={file.path} />
      ) : kind === "audio" || kind === "video" ? (
        <Player source={source} file={file} kind={kind} />
      ) : kind === "image" || kind === "frame" ? (
        <WholeFile source={source} file={file} />
      ) : (
        <TextFile source={source} file={file} />
      )}
    </>
  );
}

function Unshown({ children }: { children: ReactNode }) {
  return <p className="file-none muted">{children}</p>;
}

/** Files that mean nothing in part: beyond this they are for downloading. */
const wholeFileBytes = 25_000_000;

function WholeFile({ source, file }: FilePreviewProps) {
  const { data, error, refetch } = useInfiniteQuery(fileParts(source, file.path, wholeFileBytes));
  const part = data?.pages[0];
  const url = useBlobURL(part?.bytes, mediaType(file.path));
  const name = file.path.split("/").pop() ?? "";
  const [broken, setBroken] = useState(false);
  if (error) return <ErrorNotice error={error} what="Could not read the file" retry={() => refetch()} />;
  if (!part || !url) return <Loading />;
  if (part.total > part.bytes.length) {
    return (
      <Unshown>Files over {formatBytes(wholeFileBytes)} of this kind are not shown. Download it.</Unshown>
    );
  }
  if (fileKind(file.path) === "image") {
    if (broken)
      return <Unshown>The browser cannot read this image. Its content may not match its name.</Unshown>;
    return (
      <div className="file-image">
        <img src={url} alt={name} onError={() => setBroken(true)} />
      </div>
    );
  }
  if (mediaType(file.path) === "application/pdf") {
    return (
      <Unshown>
        <a className="button primary" href={url} target="_blank" rel="noopener noreferrer">
          Open the PDF in a new tab
        </a>
      </Unshown>
    );
  }
  return (
    <>
      <p className="file-note">
        Scripts and content from other hosts are blocked here. Download the page to see it in full.
      </p>
      <iframe className="file-frame" src={url} title={name} sandbox="" />
    </>
  );
}

/** Sound and film. The browser reads the parts that it needs. */
function Player({ source, file, kind }: FilePreviewProps & { kind: "audio" | "video" }) {
  const [broken, setBroken] = useState(false);
  if (broken) return <Unshown>The browser cannot play this file. Download it.</Unshown>;
  const media = {
    src: source.url(file.path),
    controls: true,
    preload: "metadata",
    "aria-label": file.path.split("/").pop(),
    onError: () => setBroken(true),
  };
  return <div className="file-player">{kind === "audio" ? <audio {...media} /> : <video {...media} />}</div>;
}

function useBlobURL(bytes: Uint8Array<ArrayBuffer> | undefined, type: string): string | undefined {
  const [url, setURL] = useState<string>();
  useEffect(() => {
    if (!bytes) return;
    const created = URL.createObjectURL(new Blob([bytes], { type }));
    setURL(created);
    return () => URL.revokeObjectURL(created);
  }, [bytes, type]);
  return url;
}

const wholeTextBytes = 16_000_000;

/** Text is read a part at a time, so that a log of gigabytes opens as fast as a note. */
function TextFile({ source, file }: FilePreviewProps) {
  const kind = fileKind(file.path);
  // JSON and notebooks mean nothing in part.
  const whole = kind === "json" || kind === "notebook";
  const parts = useInfiniteQuery(fileParts(source, file.path, whole ? wholeTextBytes : filePartBytes));
  const bytes = useMemo(() => concat(parts.data?.pages.map((p) => p.bytes) ?? []), [parts.data]);
  const total = parts.data?.pages[0]?.total ?? 0;
  const complete = !parts.hasNextPage;
  if (parts.error && bytes.length === 0) {
    return <ErrorNotice error={parts.error} what="Could not read the file" retry={() => parts.refetch()} />;
  }
  if (parts.isPending) return <Loading />;
  if (total === 0) return <Unshown>The file is empty.</Unshown>;
  if (looksBinary(bytes)) return <Unshown>This looks like a binary file. Download it to use it.</Unshown>;
  return (
    <>
      <TextContents source={source} path={file.path} bytes={bytes} complete={complete} />
      {parts.hasNextPage && (
        <p className="file-more">
          <span className="muted">
            {formatBytes(bytes.length)} of {formatBytes(total)} shown
          </span>
          <button
            type="button"
            className="button"
            disabled={parts.isFetchingNextPage}
            onClick={() => parts.fetchNextPage()}
          >
            {parts.isFetchingNextPage
              ? "Loading…"
              : `Load ${formatBytes(Math.min(filePartBytes, total - bytes.length))} more`}
          </button>
        </p>
      )}
    </>
  );
}

interface TextContentsProps {
  source: FileSource;
  path: string;
  bytes: Uint8Array;
  complete: boolean;
}

function TextContents({ source, path, bytes, complete }: TextContentsProps) {
  const imageURL = useCallback(
    (link: string) => {
      const image = relativePath(path, link);
      return image === undefined || fileKind(image) !== "image" ? undefined : source.url(image);
    },
    [source, path],
  );
  const text = useMemo(() => new TextDecoder().decode(bytes), [bytes]);
  const kind = fileKind(path);
  if (kind === "sheet") return <TextSheet text={text} tabs={path.toLowerCase().endsWith(".tsv")} />;
  if (kind === "markdown") {
    return (
      <div className="file-markdown">
        <Markdown text={text} imageURL={imageURL} />
      </div>
    );
  }
  if (kind === "notebook" && complete) return <NotebookView text={text} imageURL={imageURL} />;
  if (kind === "diff") return <TextView text={text} language="diff" />;
  if (kind === "json" || kind === "notebook") return <JSONView text={text} complete={complete} />;
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
