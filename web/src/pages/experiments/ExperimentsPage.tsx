import { useState } from "react";
import { Icon } from "../../components/Icon";
import { useTitle } from "../../lib/browser/hooks";
import { CreateExperimentDialog } from "./ExperimentDialogs";
import { ExperimentsList } from "./ExperimentsList";

export function ExperimentsPage() {
  const [creating, setCreating] = useState(false);
  useTitle("Experiments");
  return (
    <div className="page">
      <div className="page-head">
        <h1>Experiments</h1>
        <span className="spacer" />
        <button type="button" className="button primary" onClick={() => setCreating(true)}>
          <Icon name="plus" size={14} />
          New experiment
        </button>
      </div>
      <ExperimentsList />
      {creating && <CreateExperimentDialog onClose={() => setCreating(false)} />}
    </div>
  );
}
