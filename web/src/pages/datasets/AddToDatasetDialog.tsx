import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useId, useState } from "react";
import { createDataset, evaluationDatasetList, putTraces } from "../../api/genai/evaluationDatasets";
import { ActionDialog } from "../../components/Dialog";
import { useUser } from "../../components/session/useSession";
import { useToast } from "../../components/Toasts";
import { plural } from "../../lib/text/format";

interface AddToDatasetDialogProps {
  experimentID: string;
  traces: readonly string[];
  onClose: () => void;
}

const newDataset = "new";

/** Makes records of an evaluation dataset from traces: inputs and outputs of their roots, and expectations. */
export function AddToDatasetDialog({ experimentID, traces, onClose }: AddToDatasetDialogProps) {
  const list = useInfiniteQuery(evaluationDatasetList(experimentID, "", "last_update_time DESC"));
  const datasets = list.data?.pages.flatMap((page) => page.datasets) ?? [];
  const [picked, setPicked] = useState("");
  const chosen = picked || (datasets[0]?.id ?? (list.data ? newDataset : ""));
  const [name, setName] = useState("");
  const selectID = useId();
  const nameID = useId();
  const client = useQueryClient();
  const navigate = useNavigate();
  const toast = useToast();
  const user = useUser()?.username ?? "";
  return (
    <ActionDialog
      title={`Add ${plural(traces.length, "trace")} to a dataset`}
      action="Add"
      disabled={chosen === "" || (chosen === newDataset && name.trim() === "")}
      onClose={onClose}
      run={async () => {
        const made = chosen === newDataset;
        const id = made ? await createDataset(name.trim(), experimentID, {}, user) : chosen;
        // If the records are refused, the next try adds them to the dataset that was made.
        setPicked(id);
        if (made) await client.invalidateQueries({ queryKey: ["evaluation datasets", "list"] });
        const { inserted, updated, without } = await putTraces(id, client, traces, user);
        await client.invalidateQueries({ queryKey: ["evaluation datasets"] });
        toast(
          [
            `Added ${plural(inserted, "record")}`,
            updated > 0 && `${updated.toLocaleString("en-US")} had the same inputs`,
            without > 0 && `${plural(without, "trace")} without inputs`,
          ]
            .filter(Boolean)
            .join(", "),
        );
        void navigate({
          to: "/experiments/$experimentID/datasets/$datasetID",
          params: { experimentID, datasetID: id },
        });
      }}
    >
      <label className="field" htmlFor={selectID}>
        Evaluation dataset
      </label>
      <select id={selectID} className="input" value={chosen} onChange={(e) => setPicked(e.target.value)}>
        {datasets.map((d) => (
          <option key={d.id} value={d.id}>
            {d.name} ({plural(d.records ?? 0, "record")})
          </option>
        ))}
        <option value={newDataset}>New dataset…</option>
      </select>
      {chosen === newDataset && (
        <>
          <div className="field-gap" />
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
        </>
      )}
      <p className="hint">
        A record has the inputs and outputs of the root span and the expectations of the trace. One with the
        same inputs is changed.
      </p>
    </ActionDialog>
  );
}
