import { useQuery } from "@tanstack/react-query";
import { experimentDetail } from "../../api/queries";
import { EmptyState } from "../../components/Notice";
import { QuickStart } from "../../components/QuickStart";
import type { RunsViewProps } from "./runsView";

/** Why the list is empty, and the way out of it. */
export function NoRuns({ experimentID, view, change }: RunsViewProps) {
  const { data: experiment } = useQuery(experimentDetail(experimentID));
  if (view.filter || view.states.length > 0 || view.user || view.dataset || view.since) {
    return (
      <EmptyState title="No run matches the filter">
        {view.filter && (
          <p>
            <code>{view.filter}</code>
          </p>
        )}
        <p>A comparison never matches runs that lack the key, not even with !=.</p>
        <button
          type="button"
          className="button"
          onClick={() => change({ filter: "", states: [], user: "", dataset: "", since: "" })}
        >
          Clear the filter
        </button>
      </EmptyState>
    );
  }
  if (view.stage === "DELETED_ONLY") {
    return (
      <EmptyState title="No deleted runs">
        <p>Runs you delete wait here until they are restored or purged.</p>
      </EmptyState>
    );
  }
  if (experiment?.stage === "deleted") {
    return (
      <EmptyState title="This experiment is deleted">
        <p>Its runs were deleted with it. Restoring the experiment brings them back.</p>
        <button type="button" className="button" onClick={() => change({ stage: "DELETED_ONLY" })}>
          Show deleted runs
        </button>
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No runs yet">
      <QuickStart {...(experiment && { experiment: experiment.name })} />
    </EmptyState>
  );
}
