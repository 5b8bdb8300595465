import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { CopyButton } from "../../components/Copy";
import { Icon } from "../../components/Icon";
import { JSONTree } from "../../components/json/JSONTree";
import { RelativeTime } from "../../components/Values";
import { type DatasetRecord, sourceName } from "../../lib/genai/records";
import { Payload } from "../trace/Payload";
import { RecordDialog } from "./RecordDialog";

interface RecordPanelProps {
  record: DatasetRecord;
  datasetID: string;
  experimentID: string;
  /** Its place among the records that are shown. */
  number: number;
  count: number;
  go: (step: number) => void;
  close: () => void;
}

/** One record in full. Its contents are shown as text. */
export function RecordPanel(props: RecordPanelProps) {
  const { record: r, datasetID, experimentID, number, count, go, close } = props;
  const [editing, setEditing] = useState(false);
  const { trace_id: _, ...source } = r.source;
  return (
    <section className="card record-panel" aria-label="Record">
      <div className="card-head">
        <h2>
          Record <span className="number">{number.toLocaleString("en-US")}</span>
        </h2>
        <CopyButton text={r.id} label="Copy record ID" />
        <button type="button" className="link-button" onClick={() => setEditing(true)}>
          Edit
        </button>
        <span className="spacer" />
        <button
          type="button"
          className="icon-button record-back"
          aria-label="Previous record"
          title="Previous record"
          disabled={number === 1}
          onClick={() => go(-1)}
        >
          <Icon name="chevron" size={14} />
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label="Next record"
          title="Next record"
          disabled={number === count}
          onClick={() => go(1)}
        >
          <Icon name="chevron" size={14} />
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label="Close the record"
          title="Close (Esc)"
          onClick={close}
        >
          <Icon name="close" />
        </button>
      </div>
      <div className="record-body">
        <Payload label="Inputs" value={r.inputs} form="" choose={undefined} />
        <Payload label="Outputs" value={r.outputs} form="" choose={undefined} />
        {Object.keys(r.expectations).length > 0 ? (
          <Payload label="Expectations" value={r.expectations} form="json" choose={undefined} />
        ) : (
          <p className="muted span-none">No expectations.</p>
        )}
        <dl className="record-facts">
          <dt>Source</dt>
          <dd>
            {sourceName(r.sourceType)}
            {r.traceID && (
              <>
                {" "}
                <Link
                  to="/experiments/$experimentID/traces/$traceID"
                  params={{ experimentID, traceID: r.traceID }}
                  className="mono"
                >
                  {r.traceID}
                </Link>
              </>
            )}
            {Object.keys(source).length > 0 && <JSONTree value={source} label="source" />}
          </dd>
          {Object.keys(r.tags).length > 0 && (
            <>
              <dt>Tags</dt>
              <dd>
                {Object.entries(r.tags).map(([key, value]) => (
                  <span key={key} className="chip" title={`${key}: ${value}`}>
                    {key}: {value}
                  </span>
                ))}
              </dd>
            </>
          )}
          <dt>Added</dt>
          <dd>
            <RelativeTime timeMS={r.createdMS} />
            {r.createdBy && ` by ${r.createdBy}`}
          </dd>
          {r.updatedMS !== r.createdMS && (
            <>
              <dt>Changed</dt>
              <dd>
                <RelativeTime timeMS={r.updatedMS} />
              </dd>
            </>
          )}
        </dl>
      </div>
      {editing && <RecordDialog datasetID={datasetID} record={r} onClose={() => setEditing(false)} />}
    </section>
  );
}
