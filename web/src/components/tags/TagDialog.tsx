import { useState } from "react";
import { ActionDialog } from "../Dialog";

interface TagDialogProps {
  /** What is tagged, as in "3 runs". */
  what: string;
  onClose: () => void;
  set: (key: string, value: string) => Promise<unknown>;
  remove: (key: string) => Promise<unknown>;
}

/** Asks for a tag that is set on many things, or removed from them. */
export function TagDialog({ what, onClose, set, remove }: TagDialogProps) {
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const [removing, setRemoving] = useState(false);
  return (
    <ActionDialog
      title={`Tag ${what}`}
      action={removing ? "Remove the tag" : "Set the tag"}
      disabled={key.trim() === ""}
      onClose={onClose}
      run={async () => {
        await (removing ? remove(key.trim()) : set(key.trim(), value));
      }}
    >
      <label className="field">
        Key
        <input className="input" value={key} maxLength={250} onChange={(e) => setKey(e.target.value)} />
      </label>
      <label className="field">
        Value
        <input
          className="input"
          value={value}
          disabled={removing}
          onChange={(e) => setValue(e.target.value)}
        />
      </label>
      <label className="check">
        <input type="checkbox" checked={removing} onChange={(e) => setRemoving(e.target.checked)} />
        Remove the tag instead
      </label>
    </ActionDialog>
  );
}
