import { Navigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import type { Search } from "../../lib/view/search";
import { ExperimentGate } from "../runs/ExperimentGate";
import { ExperimentHead } from "../runs/ExperimentHead";
import { TraceList } from "./TraceList";

/** The traces of an experiment. */
export function TracesPage() {
  const { experimentID = "" } = useParams({ strict: false });
  // MLflow's clients print links with this parameter.
  const { selectedEvaluationId } = useSearch({ strict: false }) as Search;
  const [place, setPlace] = useState<HTMLElement | null>(null);
  if (selectedEvaluationId) {
    return (
      <Navigate
        to="/experiments/$experimentID/traces/$traceID"
        params={{ experimentID, traceID: selectedEvaluationId }}
        replace
      />
    );
  }
  return (
    <ExperimentGate experimentID={experimentID}>
      <div className="page fill">
        <ExperimentHead experimentID={experimentID} tab="traces">
          <span ref={setPlace} />
        </ExperimentHead>
        <TraceList experimentID={experimentID} place={place} />
      </div>
    </ExperimentGate>
  );
}
