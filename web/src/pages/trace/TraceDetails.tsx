import { useQueryClient } from "@tanstack/react-query";
import { changedTraces, deleteTraceTag, setTraceTag, type Trace } from "../../api/traces";
import { JSONTree } from "../../components/json/JSONTree";
import { TagCard } from "../../components/tags/TagCard";
import { formatDateTime } from "../../lib/text/format";
import { attributeValue } from "../../lib/traces/spans";

/** The tags, which can be edited, and what the program said about the trace. */
export function TraceDetails({ trace }: { trace: Trace }) {
  const client = useQueryClient();
  const metadata = Object.entries(trace.metadata)
    .filter(([, text]) => text !== "")
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return (
    <div className="trace-details">
      <TagCard
        tags={trace.tags}
        editable
        set={(key, value) => setTraceTag(trace.id, key, value)}
        remove={(key) => deleteTraceTag(trace.id, key)}
        refresh={() => client.invalidateQueries(changedTraces)}
      />
      <section className="card">
        <div className="card-head">
          <h2>Metadata</h2>
        </div>
        <table className="table key-values">
          <tbody>
            <tr>
              <th scope="row">Trace ID</th>
              <td className="wrap mono">{trace.id}</td>
            </tr>
            <tr>
              <th scope="row">Start</th>
              <td>{formatDateTime(trace.startMS)}</td>
            </tr>
            {metadata.map(([key, text]) => (
              <tr key={key}>
                <th scope="row" className="wrap">
                  {key}
                </th>
                <td className="wrap">
                  <Metadata text={text} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  );
}

function Metadata({ text }: { text: string }) {
  const value = attributeValue(text);
  return typeof value === "object" && value !== null ? <JSONTree value={value} label="value" /> : text;
}
