import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { type Trace, traceHead } from "../../api/traces";
import { Choice } from "../../components/Choice";
import { ErrorNotice, Loading } from "../../components/Notice";
import { StateGlyph } from "../../components/traces";
import { RelativeTime } from "../../components/Values";
import { quoteValue } from "../../lib/runs/filter";
import { sessionFilter } from "../../lib/traces/filter";
import { formatTook } from "../../lib/traces/list";
import { previewText } from "../../lib/traces/preview";
import { compareTracesCodec } from "../../lib/view/compareTraces";
import "./compareTraces.css";

type Among = "name" | "session" | "all";

const shown = 30;

interface CompareWithProps {
  trace: Trace;
  /** The name of the root span, for a trace without a name of its own. */
  rootName?: string;
}

/** The traces that one can be compared with: those before it come first. */
export function CompareWith({ trace, rootName = "" }: CompareWithProps) {
  const named = trace.name !== "" || rootName !== "";
  const [among, setAmong] = useState<Among>(named ? "name" : "all");
  const options: (readonly [Among, string])[] = [
    ...(named ? [["name", "Same name"] as const] : []),
    ...(trace.session ? [["session", "Same session"] as const] : []),
    ["all", "All"],
  ];
  const filter = {
    name: trace.name ? `name = ${quoteValue(trace.name)}` : `span.name = ${quoteValue(rootName)}`,
    session: sessionFilter(trace.session),
    all: "",
  }[among];
  const before = `timestamp_ms <= ${trace.startMS}`;
  const query = useQuery(
    traceHead({
      experimentID: trace.experimentID,
      filter: filter ? `${filter} AND ${before}` : before,
      orderBy: "timestamp_ms DESC",
    }),
  );
  const found = useMemo(
    () => query.data?.traces.filter((t) => t.id !== trace.id).slice(0, shown),
    [query.data, trace.id],
  );
  return (
    <div className="compare-with">
      <Choice label="Among which traces" options={options} value={among} choose={setAmong} />
      {query.error && <ErrorNotice error={query.error} what="Could not load the traces" />}
      {!found && !query.error && <Loading what="Loading traces" />}
      {found?.length === 0 && (
        <p className="muted">No trace came before it. Tick any two in the list to compare them.</p>
      )}
      {found && found.length > 0 && (
        <ul aria-label="Traces to compare with">
          {found.map((t, i) => (
            <li key={t.id}>
              <Link
                to="/compare-traces"
                search={
                  compareTracesCodec.encode({
                    ...compareTracesCodec.decode({}),
                    traces: [t.id, trace.id],
                  }) as never
                }
                title={t.id}
              >
                <StateGlyph state={t.state} />
                <span className="truncate">{previewText(t.request) || t.name || t.id}</span>
                {i === 0 && <span className="badge">Previous</span>}
                <span className="muted number">
                  {t.durationMS === undefined ? "" : formatTook(t.durationMS)}
                </span>
                <span className="muted">
                  <RelativeTime timeMS={t.startMS} />
                </span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
