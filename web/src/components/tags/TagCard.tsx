import { type FormEvent, useState } from "react";
import { isUserTag } from "../../lib/runs/columns";
import { Icon } from "../Icon";
import { KeyValues } from "../KeyValues";
import { errorText } from "../Notice";
import { useToast } from "../Toasts";
import "./tags.css";

interface TagCardProps {
  tags: Record<string, string>;
  editable: boolean;
  set: (key: string, value: string) => Promise<unknown>;
  remove: (key: string) => Promise<unknown>;
  /** Called after every change. */
  refresh: () => Promise<unknown>;
}

/** The tags people set. MLflow's own are what other cards are made of. */
export function TagCard({ tags, editable, set, remove, refresh }: TagCardProps) {
  const [adding, setAdding] = useState(false);
  const toast = useToast();
  const own = Object.entries(tags).filter(([key]) => isUserTag(key));
  const drop = async (key: string, value: string) => {
    try {
      await remove(key);
      toast(`Removed tag ${key}`, async () => {
        await set(key, value);
        await refresh();
      });
    } catch (error) {
      toast(`Could not remove the tag: ${errorText(error)}`);
    }
    await refresh();
  };
  return (
    <section className="card">
      <div className="card-head">
        <h2>Tags</h2>
        <span className="spacer" />
        {editable && !adding && (
          <button type="button" className="link-button" onClick={() => setAdding(true)}>
            Add tag
          </button>
        )}
      </div>
      {adding && (
        <NewTag
          save={async (key, value) => {
            await set(key, value);
            await refresh();
          }}
          close={() => setAdding(false)}
        />
      )}
      {own.length === 0 && !adding && <p className="card-body muted">None.</p>}
      {own.length > 0 && (
        <KeyValues
          rows={own}
          tool={(key, value) =>
            editable && (
              <button
                type="button"
                className="icon-button copy"
                aria-label={`Remove tag ${key}`}
                title="Remove tag"
                onClick={() => drop(key, value)}
              >
                <Icon name="close" size={12} />
              </button>
            )
          }
        />
      )}
    </section>
  );
}

function NewTag({ save, close }: { save: (key: string, value: string) => Promise<void>; close: () => void }) {
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const [failure, setFailure] = useState<string>();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await save(key.trim(), value);
      close();
    } catch (error) {
      setFailure(errorText(error));
    }
  };
  return (
    <form className="new-tag card-body" onSubmit={submit}>
      <input
        className="input"
        aria-label="Tag key"
        placeholder="Key"
        value={key}
        maxLength={250}
        // biome-ignore lint/a11y/noAutofocus: the user has just asked to type here
        autoFocus
        onChange={(e) => setKey(e.target.value)}
      />
      <input
        className="input"
        aria-label="Tag value"
        placeholder="Value"
        value={value}
        onChange={(e) => setValue(e.target.value)}
      />
      <button type="submit" className="button primary" disabled={!key.trim()}>
        Add
      </button>
      <button type="button" className="button" onClick={close}>
        Cancel
      </button>
      {failure && (
        <p className="field-error" role="alert">
          {failure}
        </p>
      )}
    </form>
  );
}
