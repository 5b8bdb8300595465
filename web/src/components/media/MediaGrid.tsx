import { useQueries } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { type FileSource, runFiles } from "../../api/artifacts";
import { directory } from "../../api/queries";
import {
  imageAt,
  type MediaRow,
  mediaFolder,
  mediaRows,
  type StepImage,
  stepImages,
  stepsOf,
} from "../../lib/runs/media";
import type { MediaView } from "../../lib/view/media";
import { ErrorNotice, Loading } from "../Notice";
import { RunSwatch } from "../Values";
import { MediaToolbar } from "./MediaToolbar";
import { MediaViewer } from "./MediaViewer";
import "./media.css";

interface MediaGridProps {
  runs: readonly { id: string; name: string }[];
  view: MediaView;
  change: (part: Partial<MediaView>, how?: "push" | "replace") => void;
  /** Milliseconds between refreshes, or false. */
  refetchInterval: number | false;
  /** Shown when no run has an image. */
  empty: React.ReactNode;
}

interface Shown {
  image: StepImage;
  images: readonly StepImage[];
  runID: string;
  runName: string;
}

/** Images by key and run, all at one step. */
export function MediaGrid({ runs, view, change, refetchInterval, empty }: MediaGridProps) {
  const ids = runs.map((run) => run.id).join(" ");
  const sources = useMemo(() => new Map(ids.split(" ").map((id) => [id, runFiles(id)])), [ids]);
  const listings = useQueries({
    queries: runs.map((run) => ({ ...directory(sources.get(run.id)!, mediaFolder), refetchInterval })),
  });
  const [open, setOpen] = useState<Shown>();
  const media = runs.map((run, i) => ({
    ...run,
    images: stepImages((listings[i]?.data ?? []).map((file) => file.path)),
  }));
  const steps = stepsOf(media.flatMap((run) => run.images));
  const failed = listings.find((list) => list.error);
  if (listings.some((list) => list.isPending)) return <Loading what="Looking for images" />;
  if (steps.length === 0 && failed) {
    return (
      <ErrorNotice error={failed.error} what="Could not list the images" retry={() => failed.refetch()} />
    );
  }
  if (steps.length === 0) return <>{empty}</>;
  const step = view.step ?? steps.at(-1)!;
  const rows = mediaRows(media, view.text);
  return (
    <>
      <MediaToolbar steps={steps} step={step} view={view} change={change} />
      {rows.length === 0 && <p className="muted">No key of an image contains “{view.text}”.</p>}
      {rows.map((row) => (
        <KeySection
          key={row.key}
          row={row}
          step={step}
          size={view.size}
          sources={sources}
          single={runs.length === 1}
          onOpen={setOpen}
        />
      ))}
      {open && <MediaViewer {...open} source={sources.get(open.runID)!} onClose={() => setOpen(undefined)} />}
    </>
  );
}

interface KeySectionProps {
  row: MediaRow;
  step: number;
  size: MediaView["size"];
  sources: ReadonlyMap<string, FileSource>;
  /** Whether all images are of one run, whose name is known. */
  single: boolean;
  onOpen: (shown: Shown) => void;
}

function KeySection({ row, step, size, sources, single, onOpen }: KeySectionProps) {
  return (
    <section className="media-row" aria-label={row.key}>
      <h3 className="truncate" title={row.key}>
        {row.key}
      </h3>
      <div className={`media-cells ${size}`}>
        {row.cells.map(({ run, images }) => {
          const image = imageAt(images, step)!;
          const open = () => onOpen({ image, images, runID: run.id, runName: run.name });
          return (
            <figure key={run.id} className="card media-cell">
              <button type="button" onClick={open} aria-label={`Open ${row.key} of ${run.name}`}>
                <img
                  src={sources.get(run.id)!.url(size === "large" ? image.path : image.thumbnail)}
                  alt={`${row.key} at step ${image.step}`}
                  loading="lazy"
                />
              </button>
              <figcaption>
                {!single && (
                  <>
                    <RunSwatch runID={run.id} />
                    <span className="truncate" title={run.name}>
                      {run.name}
                    </span>
                  </>
                )}
                <span className={image.step === step ? "muted number" : "muted number late"}>
                  step {image.step.toLocaleString("en-US")}
                </span>
              </figcaption>
            </figure>
          );
        })}
      </div>
    </section>
  );
}
