import { type KeyboardEvent, useState } from "react";
import type { FileSource } from "../../api/artifacts";
import type { StepFile } from "../../lib/runs/media";
import { Dialog } from "../Dialog";
import { Icon } from "../Icon";
import { StepButton } from "../StepButton";
import { MediaContents } from "./MediaContents";

interface MediaViewerProps {
  file: StepFile;
  /** All files of the key and the run. */
  files: readonly StepFile[];
  runName: string;
  source: FileSource;
  onClose: () => void;
}

/** One file in full. The arrow keys go through its steps. */
export function MediaViewer({ file, files, runName, source, onClose }: MediaViewerProps) {
  const [at, setAt] = useState(() =>
    Math.max(
      0,
      files.findIndex((other) => other.path === file.path),
    ),
  );
  const shown = files[at]!;
  const move = (by: number) => setAt((i) => Math.max(0, Math.min(files.length - 1, i + by)));
  const onKeyDown = (event: KeyboardEvent) => {
    // In a table, the keys scroll.
    if ((event.target as Element).closest("[tabindex='0']")) return;
    if (event.key === "ArrowLeft") move(-1);
    else if (event.key === "ArrowRight") move(1);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title={`${shown.key} · ${runName}`} onClose={onClose} wide>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys belong to the buttons inside */}
      <div className="media-viewer" onKeyDown={onKeyDown}>
        {shown.kind === "image" ? (
          <img src={source.url(shown.path)} alt={`${shown.key} at step ${shown.step}`} />
        ) : (
          <div className="media-whole">
            <MediaContents file={shown} source={source} />
          </div>
        )}
        <div className="media-steps">
          <StepButton label="Previous step" turned go={at > 0 ? () => move(-1) : undefined} />
          <span className="number" role="status">
            step {shown.step.toLocaleString("en-US")} · {at + 1} of {files.length}
          </span>
          <StepButton label="Next step" go={at < files.length - 1 ? () => move(1) : undefined} />
          <span className="spacer" />
          <a className="button" href={source.url(shown.path)} download={shown.path.split("/").pop()}>
            <Icon name="download" size={14} /> Download
          </a>
          <button type="button" className="button primary" onClick={onClose}>
            Close
          </button>
        </div>
      </div>
    </Dialog>
  );
}
