import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useId, useState } from "react";
import { createDataset } from "../../api/genai/evaluationDatasets";
import { ActionDialog } from "../../components/Dialog";
import { useUser } from "../../components/session/useSession";
import { parseTags } from "../../lib/genai/promptRules";

interface NewDatasetDialogProps {
  experimentID: string;
  onClose: () => void;
}

/** Creates an evaluation dataset without records. */
export function NewDatasetDialog({ experimentID, onClose }: NewDatasetDialogProps) {
  const [name, setName] = useState("");
  const [tags, setTags] = useState("");
  const nameID = useId();
  const tagsID = useId();
  const client = useQueryClient();
  const navigate = useNavigate();
  const user = useUser()?.username ?? "";
  const parsed = parseTags(tags);
  return (
    <ActionDialog
      title="New evaluation dataset"
      action="Create"
      disabled={name.trim() === "" || parsed.fault !== ""}
      onClose={onClose}
      run={async () => {
        const id = await createDataset(name.trim(), experimentID, Object.fromEntries(parsed.tags), user);
        await client.invalidateQueries({ queryKey: ["evaluation datasets"] });
        void navigate({
          to: "/experiments/$experimentID/datasets/$datasetID",
          params: { experimentID, datasetID: id },
        });
      }}
    >
      <label className="field" htmlFor={nameID}>
        Name
      </label>
      <input
        id={nameID}
        className="input"
        value={name}
        maxLength={255}
        autoComplete="off"
        onChange={(e) => setName(e.target.value)}
      />
      <p className="hint">Several datasets may have one name; programs find them by id or name.</p>
      <div className="field-gap" />
      <label className="field" htmlFor={tagsID}>
        Tags <span className="muted">(optional, one key=value a line)</span>
      </label>
      <textarea
        id={tagsID}
        className="input mono"
        rows={2}
        value={tags}
        onChange={(e) => setTags(e.target.value)}
      />
      {parsed.fault && (
        <p className="field-error" role="alert">
          {parsed.fault}
        </p>
      )}
    </ActionDialog>
  );
}
