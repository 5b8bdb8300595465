import { type KeyboardEvent, useState } from "react";
import type { FileSource } from "../../api/artifacts";
import type { StepImage } from "../../lib/runs/media";
import { Dialog } from "../Dialog";
import { Icon } from "../Icon";

interface MediaViewerProps {
  image: StepImage;
  /** All images of the key and the run. */
  images: readonly StepImage[];
  runName: string;
  source: FileSource;
  onClose: () => void;
}

/** One image in full. The arrow keys go through its steps. */
export function MediaViewer({ image, images, runName, source, onClose }: MediaViewerProps) {
  const [at, setAt] = useState(() =>
    Math.max(
      0,
      images.findIndex((other) => other.path === image.path),
    ),
  );
  const shown = images[at]!;
  const move = (by: number) => setAt((i) => Math.max(0, Math.min(images.length - 1, i + by)));
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowLeft") move(-1);
    else if (event.key === "ArrowRight") move(1);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title={`${shown.key} · ${runName}`} onClose={onClose} wide>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys belong to the buttons inside */}
      <div className="media-viewer" onKeyDown={onKeyDown}>
        <img src={source.url(shown.path)} alt={`${shown.key} at step ${shown.step}`} />
        <div className="media-steps">
          <button
            type="button"
            className="icon-button turned"
            aria-label="Previous step"
            disabled={at === 0}
            onClick={() => move(-1)}
          >
            <Icon name="chevron" />
          </button>
          <span className="number" role="status">
            step {shown.step.toLocaleString("en-US")} · {at + 1} of {images.length}
          </span>
          <button
            type="button"
            className="icon-button"
            aria-label="Next step"
            disabled={at === images.length - 1}
            onClick={() => move(1)}
          >
            <Icon name="chevron" />
          </button>
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
