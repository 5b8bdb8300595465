import { useState } from "react";
import { attachmentOf } from "../../lib/traces/attachment";
import { CopyButton } from "../Copy";
import { Icon } from "../Icon";
import { AttachmentView } from "./AttachmentView";
import "./jsonTree.css";

const itemsAtFirst = 100;
const textAtFirst = 3_000;
/** The file is shown below its reference, whose end tells little. */
const textOfReference = 200;

/** JSON whose objects and lists fold. Only what is open exists. */
export function JSONTree({ value, label }: { value: unknown; label: string }) {
  return (
    <div className="json-tree mono">
      <Node value={value} depth={0} last />
      <CopyButton text={JSON.stringify(value, null, 2) ?? ""} label={`Copy ${label}`} />
    </div>
  );
}

interface NodeProps {
  name?: string;
  value: unknown;
  depth: number;
  last: boolean;
}

function Node({ name, value, depth, last }: NodeProps) {
  const entries = entriesOf(value);
  const [open, setOpen] = useState(depth < 2 || (depth < 4 && entries !== undefined && entries.length <= 6));
  const [count, setCount] = useState(itemsAtFirst);
  const head = name !== undefined && (
    <>
      <span className="json-key">{name}</span>:{" "}
    </>
  );
  const comma = last ? "" : ",";
  if (!entries) {
    return (
      <div className="json-line">
        {head}
        <Scalar value={value} comma={comma} />
      </div>
    );
  }
  const [begin, end] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  if (entries.length === 0) {
    return (
      <div className="json-line">
        {head}
        {begin + end + comma}
      </div>
    );
  }
  return (
    <div>
      <div className="json-line">
        <button
          type="button"
          className="json-fold"
          aria-expanded={open}
          aria-label={`${name ?? "Value"}, ${entries.length} ${entries.length === 1 ? "item" : "items"}`}
          onClick={() => setOpen(!open)}
        >
          <Icon name="chevron" size={10} />
        </button>
        {head}
        {begin}
        {!open && (
          <>
            <span className="muted"> {entries.length} … </span>
            {end + comma}
          </>
        )}
      </div>
      {open && (
        <>
          <div className="json-items">
            {entries.slice(0, count).map(([key, item], i) => (
              <Node
                key={key}
                {...(!Array.isArray(value) && { name: key })}
                value={item}
                depth={depth + 1}
                last={i === entries.length - 1}
              />
            ))}
            {entries.length > count && (
              <button type="button" className="link-button" onClick={() => setCount(count * 4)}>
                {(entries.length - count).toLocaleString("en-US")} more
              </button>
            )}
          </div>
          <div className="json-line">{end + comma}</div>
        </>
      )}
    </div>
  );
}

function entriesOf(value: unknown): [string, unknown][] | undefined {
  return typeof value === "object" && value !== null ? Object.entries(value) : undefined;
}

function Scalar({ value, comma }: { value: unknown; comma: string }) {
  const [all, setAll] = useState(false);
  if (typeof value !== "string") {
    const kind = typeof value === "number" ? "json-number" : "json-word";
    return (
      <>
        <span className={kind}>{String(value)}</span>
        {comma}
      </>
    );
  }
  const attachment = attachmentOf(value);
  const most = attachment ? textOfReference : textAtFirst;
  const cut = !all && value.length > most;
  return (
    <>
      <span className="json-string">
        "{cut ? value.slice(0, most) : value}
        {cut ? "…" : '"'}
      </span>
      {comma}
      {cut && (
        <button type="button" className="link-button" onClick={() => setAll(true)}>
          {" "}
          Show all {value.length.toLocaleString("en-US")} characters
        </button>
      )}
      {attachment && <AttachmentView attachment={attachment} />}
    </>
  );
}
