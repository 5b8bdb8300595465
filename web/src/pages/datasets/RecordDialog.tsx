import { useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { putRecord } from "../../api/genai/evaluationDatasets";
import { ActionDialog } from "../../components/Dialog";
import { useUser } from "../../components/session/useSession";
import { useToast } from "../../components/Toasts";
import { parseObject, parseTags } from "../../lib/genai/promptRules";
import { type DatasetRecord, parseValue } from "../../lib/genai/records";

interface RecordDialogProps {
  datasetID: string;
  /** The record that is changed; undefined for a new one. */
  record?: DatasetRecord;
  onClose: () => void;
}

const jsonText = (value: unknown) => (value === undefined ? "" : JSON.stringify(value, null, 2));

/** A record that a person writes as JSON. Its inputs tell it apart: they can't be changed. */
export function RecordDialog({ datasetID, record, onClose }: RecordDialogProps) {
  const [inputs, setInputs] = useState(record ? jsonText(record.inputs) : "");
  const [outputs, setOutputs] = useState(jsonText(record?.outputs));
  const [expectations, setExpectations] = useState(
    record && Object.keys(record.expectations).length > 0 ? jsonText(record.expectations) : "",
  );
  const [tags, setTags] = useState(
    Object.entries(record?.tags ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join("\n"),
  );
  const client = useQueryClient();
  const toast = useToast();
  const user = useUser()?.username ?? "";
  const parsed = {
    inputs: parseObject(inputs),
    outputs: parseValue(outputs),
    expectations: parseObject(expectations),
    tags: parseTags(tags),
  };
  const faulty = Object.values(parsed).some((p) => p.fault !== "");
  return (
    <ActionDialog
      title={record ? "Edit the record" : "Add a record"}
      action={record ? "Save" : "Add"}
      wide
      disabled={faulty || parsed.inputs.value === undefined}
      onClose={onClose}
      run={async () => {
        const made = await putRecord(
          datasetID,
          {
            inputs: parsed.inputs.value!,
            outputs: parsed.outputs.value,
            expectations: parsed.expectations.value ?? {},
            tags: Object.fromEntries(parsed.tags.tags),
          },
          user,
        );
        await client.invalidateQueries({ queryKey: ["evaluation datasets"] });
        if (!record) toast(made ? "Added a record" : "Changed the record with these inputs");
      }}
    >
      <Area
        label="Inputs"
        hint="a JSON object"
        value={inputs}
        change={setInputs}
        readOnly={record !== undefined}
        placeholder={'{"question": "What is MLflow?"}'}
        fault={parsed.inputs.fault}
        rows={5}
      />
      <Area
        label="Expectations"
        hint="a JSON object, optional"
        value={expectations}
        change={setExpectations}
        placeholder={'{"expected_response": "A tracker of experiments"}'}
        fault={parsed.expectations.fault}
        rows={5}
      />
      <Area
        label="Outputs"
        hint="any JSON, optional"
        value={outputs}
        change={setOutputs}
        fault={parsed.outputs.fault}
        rows={3}
      />
      <Area
        label="Tags"
        hint="one key=value a line"
        value={tags}
        change={setTags}
        fault={parsed.tags.fault}
        rows={2}
      />
      <p className="hint">
        {record
          ? "Expectations and tags are merged with those of the record: keys that are left out stay."
          : "If the dataset has a record with the same inputs, that one is changed."}
      </p>
    </ActionDialog>
  );
}

interface AreaProps {
  label: string;
  hint: string;
  value: string;
  change: (text: string) => void;
  fault: string;
  rows: number;
  placeholder?: string;
  readOnly?: boolean;
}

function Area({ label, hint, value, change, fault, rows, placeholder, readOnly }: AreaProps) {
  const id = useId();
  return (
    <div className="record-field">
      <label className="field" htmlFor={id}>
        {label} <span className="muted">({hint})</span>
      </label>
      <textarea
        id={id}
        className="input mono"
        rows={rows}
        spellCheck={false}
        readOnly={readOnly}
        placeholder={placeholder}
        value={value}
        onChange={(e) => change(e.target.value)}
      />
      {fault && (
        <p className="field-error" role="alert">
          {fault}
        </p>
      )}
    </div>
  );
}
