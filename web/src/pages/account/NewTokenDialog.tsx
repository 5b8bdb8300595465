import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { trackingURI } from "../../api/client";
import type { Experiment } from "../../api/experiments";
import { createToken } from "../../api/tokens";
import { ExperimentField } from "../../components/accounts/ExperimentField";
import { Snippet } from "../../components/Copy";
import { ActionDialog, Dialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import { expiry, lifetimes } from "../../lib/accounts/tokens";
import { logInByToken } from "../../lib/text/snippets";

interface NewTokenDialogProps {
  username: string;
  onClose: () => void;
}

/** Makes an access token and shows its secret once. */
export function NewTokenDialog({ username, onClose }: NewTokenDialogProps) {
  const client = useQueryClient();
  const [secret, setSecret] = useState("");
  const [name, setName] = useState("");
  const [days, setDays] = useState(90);
  const [readOnly, setReadOnly] = useState(false);
  const [some, setSome] = useState(false);
  const [experiments, setExperiments] = useState<readonly Experiment[]>([]);
  if (secret) return <SecretDialog secret={secret} onClose={onClose} />;
  return (
    <ActionDialog
      title="New access token"
      action="Create"
      disabled={!name.trim() || (some && experiments.length === 0)}
      onClose={onClose}
      // The dialog with the secret takes its place.
      stay
      run={async () => {
        const made = await createToken({
          name: name.trim(),
          readOnly,
          experimentIDs: some ? experiments.map((e) => e.id) : undefined,
          expiresMS: expiry(days, Date.now()),
        });
        setSecret(made);
        void client.invalidateQueries({ queryKey: ["users", "tokens", username] });
      }}
    >
      <label className="stacked">
        <span className="field">Name</span>
        <input
          className="input"
          value={name}
          maxLength={250}
          autoComplete="off"
          placeholder="What it is for, such as training server"
          onChange={(e) => setName(e.target.value)}
        />
      </label>
      <label className="stacked">
        <span className="field">Expires after</span>
        <select className="input" value={days} onChange={(e) => setDays(Number(e.target.value))}>
          {lifetimes.map((l) => (
            <option key={l.days} value={l.days}>
              {l.label}
            </option>
          ))}
        </select>
      </label>
      <label className="check">
        <input type="checkbox" checked={readOnly} onChange={(e) => setReadOnly(e.target.checked)} />
        Only for reading
      </label>
      <label className="check">
        <input type="checkbox" checked={some} onChange={(e) => setSome(e.target.checked)} />
        Only for some experiments
      </label>
      {some && <ExperimentChoice chosen={experiments} onChange={setExperiments} />}
    </ActionDialog>
  );
}

interface ExperimentChoiceProps {
  chosen: readonly Experiment[];
  onChange: (experiments: readonly Experiment[]) => void;
}

function ExperimentChoice({ chosen, onChange }: ExperimentChoiceProps) {
  return (
    <>
      {/* The key empties the field after each choice. */}
      <ExperimentField
        key={chosen.length}
        label="Add an experiment"
        onChange={(e) => e && !chosen.some((c) => c.id === e.id) && onChange([...chosen, e])}
      />
      <ul className="chosen" aria-label="Experiments of the token">
        {chosen.map((e) => (
          <li key={e.id}>
            <span className="truncate">{e.name}</span>
            <button
              type="button"
              className="icon-button"
              aria-label={`Leave out ${e.name}`}
              onClick={() => onChange(chosen.filter((c) => c.id !== e.id))}
            >
              <Icon name="close" size={12} />
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function SecretDialog({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <Dialog title="Copy the token now" onClose={onClose} persistent>
      <p>It is shown only this once. Whoever has it can do what it permits.</p>
      <div className="stacked secret">
        <Snippet code={secret} label="token" />
      </div>
      <p>Programs use it by the environment:</p>
      <Snippet code={logInByToken(trackingURI(), secret)} label="environment" />
      <div className="dialog-actions">
        <button type="button" className="button primary" onClick={onClose}>
          Done
        </button>
      </div>
    </Dialog>
  );
}
