import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, useState } from "react";
import { type FileSource, runFiles } from "../../api/artifacts";
import { mediaFiles } from "../../api/queries";
import { fileAt, type MediaRow, mediaRows, type StepFile, stepFiles, stepsOf } from "../../lib/runs/media";
import type { MediaView } from "../../lib/view/media";
import { ErrorNotice, Loading } from "../Notice";
import { RunSwatch } from "../Values";
import { MediaCell } from "./MediaCell";
import { MediaToolbar } from "./MediaToolbar";
import "./media.css";

const MediaViewer = lazy(async () => ({ default: (await import("./MediaViewer")).MediaViewer }));

interface MediaGridProps {
  runs: readonly { id: string; name: string }[];
  view: MediaView;
  change: (part: Partial<MediaView>, how?: "push" | "replace") => void;
  /** Milliseconds between refreshes, or false. */
  refetchInterval: number | false;
  /** Shown when no run has a file. */
  empty: React.ReactNode;
}

interface Shown {
  file: StepFile;
  files: readonly StepFile[];
  runID: string;
  runName: string;
}

/** Pictures, figures and tables by key and run, all at one step. */
export function MediaGrid({ runs, view, change, refetchInterval, empty }: MediaGridProps) {
  const ids = runs.map((run) => run.id).join(" ");
  const sources = useMemo(() => new Map(ids.split(" ").map((id) => [id, runFiles(id)])), [ids]);
  const query = useQuery({ ...mediaFiles(ids.split(" ")), refetchInterval });
  const files = useMemo(
    () => new Map(query.data?.map((run) => [run.runID, stepFiles(run.paths)])),
    [query.data],
  );
  const [open, setOpen] = useState<Shown>();
  if (query.isPending) return <Loading what="Looking for media" />;
  if (query.error) {
    return <ErrorNotice error={query.error} what="Could not list the files" retry={() => query.refetch()} />;
  }
  const media = runs.map((run) => ({ ...run, files: files.get(run.id) ?? [] }));
  const steps = stepsOf(media.flatMap((run) => run.files));
  const failed = query.data.find((run) => run.error)?.error;
  if (steps.length === 0) return <>{failed ? <p className="muted">{failed}</p> : empty}</>;
  const step = view.step ?? steps.at(-1)!;
  const rows = mediaRows(media, view.text);
  return (
    <>
      <MediaToolbar steps={steps} step={step} view={view} change={change} />
      {query.data.some((run) => run.bounded) && (
        <p className="muted">Some runs have very many files, of which only the first ones are looked at.</p>
      )}
      {rows.length === 0 && <p className="muted">No key contains “{view.text}”.</p>}
      {rows.map((row) => (
        <KeySection
          key={row.id}
          row={row}
          step={step}
          size={view.size}
          sources={sources}
          single={runs.length === 1}
          onOpen={setOpen}
        />
      ))}
      {open && (
        <Suspense>
          <MediaViewer {...open} source={sources.get(open.runID)!} onClose={() => setOpen(undefined)} />
        </Suspense>
      )}
    </>
  );
}

interface KeySectionProps {
  row: MediaRow;
  step: number;
  size: MediaView["size"];
  sources: ReadonlyMap<string, FileSource>;
  /** Whether all files are of one run, whose name is known. */
  single: boolean;
  onOpen: (shown: Shown) => void;
}

function KeySection({ row, step, size, sources, single, onOpen }: KeySectionProps) {
  const pair = row.cells.length === 2 && size === "large";
  return (
    <section className="media-row" aria-label={row.key}>
      <h2 className="truncate" title={row.key}>
        {row.key}
      </h2>
      <div className={pair ? "media-cells pair" : `media-cells ${size}`}>
        {row.cells.map(({ run, files }) => {
          const file = fileAt(files, step)!;
          return (
            <figure key={run.id} className="card media-cell">
              <MediaCell
                file={file}
                source={sources.get(run.id)!}
                size={size}
                label={`Open ${row.key} of ${run.name}`}
                onOpen={() => onOpen({ file, files, runID: run.id, runName: run.name })}
              />
              <figcaption>
                {!single && (
                  <>
                    <RunSwatch runID={run.id} />
                    <span className="truncate" title={run.name}>
                      {run.name}
                    </span>
                  </>
                )}
                <span className={file.step === step ? "muted number" : "muted number late"}>
                  step {file.step.toLocaleString("en-US")}
                </span>
              </figcaption>
            </figure>
          );
        })}
      </div>
    </section>
  );
}
