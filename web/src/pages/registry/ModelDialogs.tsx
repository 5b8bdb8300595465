import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { createRegisteredModel, deleteRegisteredModel, deleteVersion } from "../../api/registry";
import { ActionDialog, NameDialog } from "../../components/Dialog";
import { useToast } from "../../components/Toasts";

export function CreateModelDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  return (
    <NameDialog
      title="New model"
      action="Create"
      label="Name"
      hint="It starts without versions; register logged models as its versions."
      onClose={onClose}
      save={async (name) => {
        await createRegisteredModel(name);
        void client.invalidateQueries({ queryKey: ["registry"] });
        void navigate({ to: "/models/$modelName", params: { modelName: name } });
      }}
    />
  );
}

export function DeleteModelDialog({ name, onClose }: { name: string; onClose: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const toast = useToast();
  return (
    <ActionDialog
      title="Delete model?"
      action="Delete"
      danger
      onClose={onClose}
      run={async () => {
        await deleteRegisteredModel(name);
        toast(`Deleted ${name}`);
        client.removeQueries({ queryKey: ["registry", "monitor", name] });
        await navigate({ to: "/models" });
        await client.invalidateQueries({ queryKey: ["registry", "list"] });
      }}
    >
      <p>
        <strong>{name}</strong> and all its versions leave the registry for good. Logged models, runs and
        files stay as they are.
      </p>
    </ActionDialog>
  );
}

interface DeleteVersionProps {
  name: string;
  version: string;
  onClose: () => void;
}

export function DeleteVersionDialog({ name, version, onClose }: DeleteVersionProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const toast = useToast();
  return (
    <ActionDialog
      title={`Delete version ${version}?`}
      action="Delete"
      danger
      onClose={onClose}
      run={async () => {
        await deleteVersion(name, version);
        toast(`Deleted version ${version} of ${name}`);
        await navigate({ to: "/models/$modelName", params: { modelName: name } });
        await client.invalidateQueries({ queryKey: ["registry"] });
      }}
    >
      <p>
        Version {version} of <strong>{name}</strong> leaves the registry for good, with its aliases. Its
        number is not used again. The logged model and its files stay.
      </p>
    </ActionDialog>
  );
}
