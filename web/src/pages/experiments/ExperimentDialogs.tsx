import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import {
  createExperiment,
  deleteExperiment,
  type Experiment,
  renameExperiment,
  restoreExperiment,
} from "../../api/experiments";
import { ActionDialog, NameDialog } from "../../components/Dialog";
import { useToast } from "../../components/Toasts";
import { plural } from "../../lib/text/format";

export function CreateExperimentDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  return (
    <NameDialog
      title="New experiment"
      action="Create"
      label="Name"
      hint="A slash groups experiments: vision/segmentation is listed under vision."
      onClose={onClose}
      save={async (name) => {
        const experimentID = await createExperiment(name);
        void client.invalidateQueries({ queryKey: ["experiments"] });
        void navigate({ to: "/experiments/$experimentID", params: { experimentID } });
      }}
    />
  );
}

interface ExperimentDialogProps {
  experiment: Experiment;
  onClose: () => void;
}

export function RenameExperimentDialog({ experiment, onClose }: ExperimentDialogProps) {
  const client = useQueryClient();
  return (
    <NameDialog
      title="Rename experiment"
      action="Rename"
      label="Name"
      initial={experiment.name}
      hint="Programs that look the experiment up by its old name will create a new one."
      onClose={onClose}
      save={async (name) => {
        await renameExperiment(experiment.id, name);
        await client.invalidateQueries({ queryKey: ["experiments"] });
      }}
    />
  );
}

export function DeleteExperimentDialog({
  experiment,
  runs,
  onClose,
}: ExperimentDialogProps & { runs?: number }) {
  const client = useQueryClient();
  const toast = useToast();
  const refresh = () => {
    void client.invalidateQueries({ queryKey: ["runs"] });
    return client.invalidateQueries({ queryKey: ["experiments"] });
  };
  return (
    <ActionDialog
      title="Delete experiment?"
      action="Delete"
      danger
      onClose={onClose}
      run={async () => {
        await deleteExperiment(experiment.id);
        toast(`Deleted ${experiment.name}`, async () => {
          await restoreExperiment(experiment.id);
          await refresh();
        });
        await refresh();
      }}
    >
      <p>
        <strong>{experiment.name}</strong>
        {runs ? ` and its ${plural(runs, "run")}` : ""} will move to the deleted ones. You can restore it from
        the list of experiments as long as nobody purges it.
      </p>
    </ActionDialog>
  );
}
