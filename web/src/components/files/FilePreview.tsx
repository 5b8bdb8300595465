import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { FileInfo, FileSource } from "../../api/artifacts";
import { fileParts } from "../../api/queries";
import { fileKind, mediaType } from "../../lib/files/kind";
import { formatBytes } from "../../lib/text/format";
import { CopyButton } from "../Copy";
import { Icon } from "../Icon";
import { ErrorNotice, Loading } from "../Notice";
import { StepButton } from "../StepButton";
import { HTMLView } from "./HTMLView";
import { TableView } from "./TableView";
import { TextFile } from "./TextFile";
import { Unshown } from "./Unshown";

interface FileProps {
  source: FileSource;
  file: FileInfo;
}

interface FilePreviewProps extends FileProps {
  /** Go to the files before and after it, where there are any; absent for a file that is shown alone. */
  beside?: { previous: (() => void) | undefined; next: (() => void) | undefined };
}

/** The head of a file and, where the browser can show it, its contents. */
export function FilePreview({ source, file, beside }: FilePreviewProps) {
  const kind = fileKind(file.path);
  return (
    <>
      <div className="card-head">
        <h2 className="truncate" title={file.path}>
          {file.path}
        </h2>
        <CopyButton text={file.path} label="Copy path" />
        <span className="spacer" />
        {beside && (
          <>
            <StepButton label="Previous file (k)" turned go={beside.previous} />
            <StepButton label="Next file (j)" go={beside.next} />
          </>
        )}
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

/** Files that mean nothing in part: beyond this they are for downloading. */
const wholeFileBytes = 25_000_000;

function WholeFile({ source, file }: FileProps) {
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
  if (mediaType(file.path) === "application/pdf") return <PDFView url={url} name={name} />;
  return <HTMLView html={new TextDecoder().decode(part.bytes)} url={url} name={name} />;
}

/** A PDF in the viewer of the browser, if it has one. */
function PDFView({ url, name }: { url: string; name: string }) {
  if (navigator.pdfViewerEnabled) return <iframe className="file-frame" src={url} title={name} />;
  return (
    <Unshown>
      This browser has no viewer for PDF.{" "}
      <a href={url} target="_blank" rel="noopener noreferrer">
        Open it in a new tab
      </a>{" "}
      or download it.
    </Unshown>
  );
}

/** Sound and film. The browser reads the parts that it needs. */
function Player({ source, file, kind }: FileProps & { kind: "audio" | "video" }) {
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
