import type { Run } from "../../api/runs";
import { TraceList } from "../traces/TraceList";

/** The traces that a run made, or that are linked to it. The page of the run has the control of live refresh. */
export function RunTraces({ run }: { run: Run }) {
  return <TraceList experimentID={run.experimentID} runID={run.id} place={null} />;
}
