import { lazy, Suspense } from "react";
import type { FileSource } from "../../api/artifacts";
import { useSeen } from "../../lib/browser/useSeen";
import type { StepFile } from "../../lib/runs/media";
import type { MediaSize } from "../../lib/view/media";
import { Icon } from "../Icon";
import { Loading } from "../Notice";

const MediaContents = lazy(async () => ({ default: (await import("./MediaContents")).MediaContents }));

interface MediaCellProps {
  file: StepFile;
  source: FileSource;
  size: MediaSize;
  label: string;
  onOpen: () => void;
}

/** The rows of a table that fit into a cell. */
const rowsOf: Record<MediaSize, number> = { small: 3, medium: 6, large: 11 };

/** A file in the grid. A figure or a table is read when it comes into sight. */
export function MediaCell({ file, source, size, label, onOpen }: MediaCellProps) {
  const [box, seen] = useSeen<HTMLDivElement>();
  if (file.kind === "image") {
    return (
      <button type="button" className="media-open" onClick={onOpen} aria-label={label}>
        <img
          src={source.url(size === "large" ? file.path : file.thumbnail)}
          alt={`${file.key} at step ${file.step}`}
          loading="lazy"
        />
      </button>
    );
  }
  if (file.kind === "audio" || file.kind === "video") return <Player file={file} source={source} />;
  return (
    <div ref={box} className="media-data">
      <button
        type="button"
        className="icon-button media-expand"
        onClick={onOpen}
        aria-label={label}
        title={label}
      >
        <Icon name="expand" size={14} />
      </button>
      {seen && (
        <Suspense fallback={<Loading />}>
          <MediaContents file={file} source={source} rows={rowsOf[size]} />
        </Suspense>
      )}
    </div>
  );
}

/** Sound or film, which is read when it is played. */
function Player({ file, source }: { file: StepFile; source: FileSource }) {
  const media = {
    src: source.url(file.path),
    controls: true,
    preload: file.kind === "video" ? "metadata" : "none",
    "aria-label": `${file.key} at step ${file.step}`,
  } as const;
  return (
    <div className="media-player">{file.kind === "audio" ? <audio {...media} /> : <video {...media} />}</div>
  );
}
