import { useInfiniteQuery } from "@tanstack/react-query";
import { Navigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { datasetList } from "../../api/datasets";
import { evaluationDatasetList } from "../../api/genai/evaluationDatasets";
import { Choice } from "../../components/Choice";
import { Icon } from "../../components/Icon";
import { EmptyState, Loading } from "../../components/Notice";
import { useViewState } from "../../lib/browser/hooks";
import { datasetsCodec } from "../../lib/view/datasets";
import type { Search } from "../../lib/view/search";
import { ExperimentGate } from "../runs/ExperimentGate";
import { ExperimentHead } from "../runs/ExperimentHead";
import { defaultDatasetOrder, EvaluationDatasets, HowToCreate } from "./EvaluationDatasets";
import { NewDatasetDialog } from "./NewDatasetDialog";
import { HowToLog, RunDatasets } from "./RunDatasets";

/**
 * The datasets of an experiment: those for evaluations, to which MLflow's links lead, and those that runs and models
 * used. Without a choice, it shows the kind that the experiment has.
 */
export function DatasetsPage() {
  const { experimentID = "" } = useParams({ strict: false });
  const [creating, setCreating] = useState(false);
  // MLflow's own pages name the open dataset here.
  const { selectedDatasetId } = useSearch({ strict: false }) as Search;
  if (selectedDatasetId) {
    return (
      <Navigate
        to="/experiments/$experimentID/datasets/$datasetID"
        params={{ experimentID, datasetID: selectedDatasetId }}
        replace
      />
    );
  }
  return (
    <ExperimentGate experimentID={experimentID}>
      <div className="page">
        <ExperimentHead experimentID={experimentID} tab="datasets">
          <button type="button" className="button primary" onClick={() => setCreating(true)}>
            <Icon name="plus" size={14} /> New dataset
          </button>
        </ExperimentHead>
        <Kinds experimentID={experimentID} />
        {creating && <NewDatasetDialog experimentID={experimentID} onClose={() => setCreating(false)} />}
      </div>
    </ExperimentGate>
  );
}

function Kinds({ experimentID }: { experimentID: string }) {
  const [view, change] = useViewState(datasetsCodec);
  // Both lists are on their way at once; the one that is shown reads the same answer.
  const evaluation = useInfiniteQuery({
    ...evaluationDatasetList(experimentID, "", defaultDatasetOrder),
    enabled: view.kind === "",
  });
  const ofRuns = useInfiniteQuery({ ...datasetList(experimentID, ""), enabled: view.kind === "" });
  const has = {
    evaluation: evaluation.data?.pages.some((page) => page.datasets.length > 0),
    runs: ofRuns.data?.pages.some((page) => page.datasets.length > 0),
  };
  const named = view.name !== "" || view.text !== "";
  if (view.kind === "" && has.evaluation === undefined && !evaluation.error && !named) {
    return <Loading what="Loading datasets" />;
  }
  if (view.kind === "" && !has.evaluation && has.runs === undefined && !ofRuns.error) {
    return <Loading what="Loading datasets" />;
  }
  const kind =
    view.kind || (has.evaluation && view.name === "" ? "evaluation" : has.runs ? "runs" : "evaluation");
  const choice = (
    <Choice
      label="Kind of datasets"
      options={[
        ["evaluation", "For evaluations"],
        ["runs", "Of runs"],
      ]}
      value={kind}
      choose={(next) => change({ kind: next, text: "", name: "", digest: "" })}
    />
  );
  if (view.kind === "" && has.evaluation === false && has.runs === false && view.text === "") {
    return (
      <EmptyState title="No datasets">
        <HowToCreate />
        <HowToLog />
      </EmptyState>
    );
  }
  return kind === "runs" ? (
    <RunDatasets experimentID={experimentID}>{choice}</RunDatasets>
  ) : (
    <EvaluationDatasets experimentID={experimentID}>{choice}</EvaluationDatasets>
  );
}
