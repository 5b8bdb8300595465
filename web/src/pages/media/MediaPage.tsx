import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { livePeriod, runsWithMedia, sourceRuns } from "../../api/queries";
import { Snippet } from "../../components/Copy";
import { MediaGrid } from "../../components/media/MediaGrid";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { useHotkeys, useViewState } from "../../lib/browser/hooks";
import { mediaCodec } from "../../lib/view/media";
import { ExperimentGate } from "../runs/ExperimentGate";
import { ExperimentHead } from "../runs/ExperimentHead";

/** How many runs are beside each other. */
const runsShown = 12;

/** The images that the runs of an experiment log by key and step: those chosen, or of the newest runs. */
export function MediaPage() {
  const { experimentID = "" } = useParams({ strict: false });
  const [view, change] = useViewState(mediaCodec);
  const newest = useQuery({ ...runsWithMedia(experimentID, runsShown), enabled: view.runs.length === 0 });
  const chosen = useQuery({
    ...sourceRuns(experimentID, view.runs.slice(0, runsShown)),
    enabled: view.runs.length > 0,
  });
  const query = view.runs.length > 0 ? chosen : newest;
  const runs =
    view.runs.length > 0 ? view.runs.flatMap((id) => chosen.data?.get(id) ?? []) : (newest.data ?? []);
  const live = runs.some((run) => run.status === "RUNNING");
  useHotkeys({ r: () => void query.refetch() });
  return (
    <ExperimentGate experimentID={experimentID}>
      <div className="page">
        <ExperimentHead experimentID={experimentID} tab="media" />
        {query.error && (
          <ErrorNotice error={query.error} what="Could not load the runs" retry={() => query.refetch()} />
        )}
        {query.isPending && <Loading what="Loading runs" />}
        {query.data && runs.length === 0 && <NoMedia />}
        {runs.length > 0 && (
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

export function NoMedia() {
  return (
    <EmptyState title="No images by step">
      <p>Images that are logged with a key and a step are shown here beside each other, at any step:</p>
      <Snippet code={`mlflow.log_image(image, key="samples", step=epoch)`} label="log_image example" />
    </EmptyState>
  );
}
