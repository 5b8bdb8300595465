import { CopyButton } from "../../components/Copy";
import { KeyValues } from "../../components/KeyValues";
import { SearchField } from "../../components/SearchField";
import { useDeferredText } from "../../lib/browser/hooks";
import { compareNames } from "../../lib/runs/columns";

interface ParamTableProps {
  params: Record<string, string>;
  text: string;
  setText: (text: string) => void;
}

/** Beyond this many, a search saves time. */
const searchFrom = 6;

export function ParamTable({ params, text, setText }: ParamTableProps) {
  const [typed, setTyped] = useDeferredText(text, setText);
  const all = Object.entries(params).sort(([a], [b]) => compareNames(a, b));
  const needle = typed.trim().toLowerCase();
  const shown = all.filter(([key, value]) => `${key} ${value}`.toLowerCase().includes(needle));
  return (
    <section className="card">
      <div className="card-head">
        <h2>Parameters</h2>
        <span className="muted number">{all.length}</span>
        <span className="spacer" />
        {(all.length >= searchFrom || needle) && (
          <SearchField label="Search parameters" placeholder="Search" value={typed} onChange={setTyped} />
        )}
        {all.length > 0 && (
          <CopyButton text={JSON.stringify(params, null, 2)} label="Copy all parameters as JSON" />
        )}
      </div>
      {all.length === 0 && <p className="card-body muted">This run logged none.</p>}
      {all.length > 0 && shown.length === 0 && (
        <p className="card-body muted">No parameter has “{typed}” in its name or value.</p>
      )}
      {shown.length > 0 && (
        <KeyValues
          rows={shown}
          mono
          tool={(key, value) => <CopyButton text={value} label={`Copy ${key}`} />}
        />
      )}
    </section>
  );
}
