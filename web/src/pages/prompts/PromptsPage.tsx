import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { Icon } from "../../components/Icon";
import { PageHead } from "../../components/Page";
import { useTitle } from "../../lib/browser/hooks";
import { ExperimentGate } from "../runs/ExperimentGate";
import { ExperimentHead } from "../runs/ExperimentHead";
import { NewPromptDialog } from "./NewPromptDialog";
import { PromptList } from "./PromptList";

/** All prompts, or those of an experiment. */
export function PromptsPage() {
  const { experimentID } = useParams({ strict: false }) as { experimentID?: string };
  return experimentID === undefined ? <AllPrompts /> : <PromptsOf experimentID={experimentID} />;
}

function AllPrompts() {
  useTitle("Prompts");
  return (
    <div className="page">
      <PageHead title="Prompts" end={<NewPrompt experimentID="" />} />
      <PromptList experimentID="" />
    </div>
  );
}

function PromptsOf({ experimentID }: { experimentID: string }) {
  return (
    <ExperimentGate experimentID={experimentID}>
      <div className="page">
        <ExperimentHead experimentID={experimentID} tab="prompts">
          <NewPrompt experimentID={experimentID} />
        </ExperimentHead>
        <PromptList experimentID={experimentID} />
      </div>
    </ExperimentGate>
  );
}

function NewPrompt({ experimentID }: { experimentID: string }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" className="button primary" onClick={() => setOpen(true)}>
        <Icon name="plus" size={14} /> New prompt
      </button>
      {open && <NewPromptDialog experimentID={experimentID} onClose={() => setOpen(false)} />}
    </>
  );
}
