import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { deleteRunTag, type Run, setRunTag } from "../../api/runs";
import { Icon } from "../../components/Icon";
import { errorText } from "../../components/Notice";
import { useToast } from "../../components/Toasts";
import { isUserTag } from "../../lib/columns";

/** The tags people set. MLflow's own are what the other cards are made of. */
export function TagEditor({ run }: { run: Run }) {
  const [adding, setAdding] = useState(false);
  const client = useQueryClient();
  const toast = useToast();
  const tags = Object.entries(run.tags).filter(([key]) => isUserTag(key));
  const refresh = () => client.invalidateQueries({ queryKey: ["runs"] });
  const remove = async (key: string, value: string) => {
    try {
      await deleteRunTag(run.id, key);
      toast(`Removed tag ${key}`, async () => {
        await setRunTag(run.id, key, value);
        await refresh();
      });
    } catch (error) {
      toast(`Could not remove the tag: ${errorText(error)}`);
    }
    await refresh();
  };
  const editable = run.stage === "active";
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
            await setRunTag(run.id, key, value);
            await refresh();
          }}
          close={() => setAdding(false)}
        />
      )}
      {tags.length === 0 && !adding && <p className="card-body muted">None.</p>}
      {tags.length > 0 && (
        <table className="table key-values">
          <tbody>
            {tags.map(([key, value]) => (
              <tr key={key}>
                <th scope="row" className="wrap">
                  {key}
                </th>
                <td className="wrap">{value}</td>
                <td className="row-tool">
                  {editable && (
                    <button
                      type="button"
                      className="icon-button copy"
                      aria-label={`Remove tag ${key}`}
                      title="Remove tag"
                      onClick={() => remove(key, value)}
                    >
                      <Icon name="close" size={12} />
                    </button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
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
