import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { livePeriod, recentRuns, runsWithMedia, sourceRuns } from "../../api/queries";
import { Snippet } from "../../components/Copy";
import { MediaGrid } from "../../components/media/MediaGrid";
import { RunPicker } from "../../components/media/RunPicker";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { useHotkeys, useViewState } from "../../lib/browser/hooks";
import { mediaCodec } from "../../lib/view/media";
import { ExperimentGate } from "../runs/ExperimentGate";
import { ExperimentHead } from "../runs/ExperimentHead";

/** How many runs are beside each other. */
const runsShown = 12;
const runsOffered = 50;

/** What the runs of an experiment log by key and step: those chosen, or the newest ones. */
export function MediaPage() {
  const { experimentID = "" } = useParams({ strict: false });
  const [view, change] = useViewState(mediaCodec);
  const choice = view.runs.slice(0, runsShown);
  const tagged = useQuery(runsWithMedia(experimentID, runsShown));
  const recent = useQuery(recentRuns([experimentID], runsOffered));
  const newest = newestFirst([...(tagged.data ?? []), ...(recent.data ?? []).slice(0, runsShown)]);
  const known = new Map([...(tagged.data ?? []), ...(recent.data ?? [])].map((run) => [run.id, run]));
  // Runs that an address names may be older than those that are offered.
  const missing = choice.filter((id) => !known.has(id));
  const listed = !tagged.isPending && !recent.isPending;
  const older = useQuery({ ...sourceRuns(experimentID, missing), enabled: listed && missing.length > 0 });
  const queries = missing.length > 0 ? [tagged, recent, older] : [tagged, recent];
  const runs =
    choice.length > 0 ? choice.flatMap((id) => known.get(id) ?? older.data?.get(id) ?? []) : newest;
  const offered = newestFirst([...known.values(), ...runs]);
  const failed = queries.find((query) => query.error);
  const pending = queries.some((query) => query.isPending);
  const live = runs.some((run) => run.status === "RUNNING");
  useHotkeys({
    r: () => {
      for (const query of queries) void query.refetch();
    },
  });
  return (
    <ExperimentGate experimentID={experimentID}>
      <div className="page">
        <ExperimentHead experimentID={experimentID} tab="media" />
        {failed && (
          <ErrorNotice error={failed.error} what="Could not load the runs" retry={() => failed.refetch()} />
        )}
        {pending && <Loading what="Loading runs" />}
        {offered.length > 1 && (
          <div className="toolbar">
            <RunPicker
              runs={offered}
              chosen={choice}
              most={runsShown}
              choose={(ids) => change({ runs: ids }, "replace")}
            />
          </div>
        )}
        {!pending && !failed && runs.length === 0 && <NoMedia />}
        {!pending && runs.length > 0 && (
          <MediaGrid
            runs={runs}
            view={view}
            change={change}
            refetchInterval={live ? livePeriod() : false}
            empty={<NoMedia />}
          />
        )}
      </div>
    </ExperimentGate>
  );
}

/** Each run once, the newest first. */
function newestFirst<R extends { id: string; startMS: number | undefined }>(runs: readonly R[]): R[] {
  const all = [...new Map(runs.map((run) => [run.id, run])).values()];
  return all.sort((a, b) => (b.startMS ?? 0) - (a.startMS ?? 0));
}

export function NoMedia() {
  return (
    <EmptyState title="No media by step">
      <p>
        Images that are logged with a key and a step are shown here beside each other, at any step. So are
        figures and tables whose names have a step:
      </p>
      <Snippet
        code={`mlflow.log_image(image, key="samples", step=epoch)
mlflow.log_figure(figure, f"plots/confusion_step_{epoch}.html")
mlflow.log_table(rows, f"eval/epoch_{epoch}.json")`}
        label="media example"
      />
    </EmptyState>
  );
}
