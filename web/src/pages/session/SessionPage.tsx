import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { experimentDetail } from "../../api/queries";
import { type Trace, traceSpans } from "../../api/traces";
import { CopyButton } from "../../components/Copy";
import { LiveControl } from "../../components/LiveControl";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { experimentPath, PageHead } from "../../components/Page";
import { AssessmentChip, StateBadge } from "../../components/traces";
import { RelativeTime } from "../../components/Values";
import { useHotkeys, useTitle, useViewState } from "../../lib/browser/hooks";
import { plural } from "../../lib/text/format";
import { sessionFilter } from "../../lib/traces/filter";
import { formatCost, formatTokens, formatTook } from "../../lib/traces/list";
import { mostOfPreview, previewText } from "../../lib/traces/preview";
import { attributeValue, spanTree } from "../../lib/traces/spans";
import { type SessionView, sessionCodec } from "../../lib/view/traces";
import { Payload } from "../trace/Payload";
import { useTraces } from "../traces/useTraces";
import "../trace/trace.css";
import "./session.css";

/** The traces of a session as a conversation, in the order of time. */
export function SessionPage() {
  const { experimentID = "", sessionID = "" } = useParams({ strict: false });
  const { data: experiment } = useQuery(experimentDetail(experimentID));
  const [view, change] = useViewState(sessionCodec);
  const query = useMemo(
    () => ({ experimentID, filter: sessionFilter(sessionID), orderBy: "timestamp_ms ASC" }),
    [experimentID, sessionID],
  );
  const list = useTraces(query, view.live);
  useTitle(`Session ${sessionID}`);
  useHotkeys({ r: list.refetch });
  return (
    <div className="page">
      <PageHead
        path={experimentPath(experimentID, experiment?.name, {
          label: "Traces",
          link: { to: "/experiments/$experimentID/traces", params: { experimentID } },
        })}
        title={`Session ${sessionID}`}
        end={
          <LiveControl
            live={view.live}
            updatedMS={list.updatedMS}
            busy={list.fetching}
            setLive={(live) => change({ live }, "replace")}
            refresh={list.refetch}
          />
        }
      >
        <CopyButton text={sessionID} label="Copy session ID" />
        <Link
          className="button"
          to="/experiments/$experimentID/traces"
          params={{ experimentID }}
          search={{ session: sessionID } as never}
        >
          As a table
        </Link>
      </PageHead>
      {list.error && (
        <ErrorNotice error={list.error} what="Could not load the session" retry={list.refetch} />
      )}
      {!list.loaded && !list.error && <Loading what="Loading the session" />}
      {list.loaded && list.traces.length === 0 && (
        <EmptyState title="No traces in this session">
          <p>
            A trace belongs to a session by its metadata <code>mlflow.trace.session</code>, or by the
            attribute <code>session.id</code> of OpenTelemetry.
          </p>
        </EmptyState>
      )}
      {list.traces.length > 0 && (
        <>
          <p className="muted session-sum">{sumOf(list.traces, !list.complete)}</p>
          <ol className="session">
            {list.traces.map((trace) => (
              <Turn key={trace.id} trace={trace} view={view} change={change} />
            ))}
          </ol>
        </>
      )}
      {!list.complete && (
        <p className="more">
          <button type="button" className="button" disabled={list.fetchingMore} onClick={list.more}>
            {list.fetchingMore ? "Loading…" : "Load more traces"}
          </button>
        </p>
      )}
    </div>
  );
}

/** "12 traces, 4.2k tokens, $0.01". */
function sumOf(traces: readonly Trace[], more: boolean): string {
  const sum = (value: (t: Trace) => number | undefined) => traces.reduce((n, t) => n + (value(t) ?? 0), 0);
  const tokens = sum((t) => t.tokens?.total);
  const cost = sum((t) => t.cost);
  return [
    plural(traces.length, "trace") + (more ? " and more" : ""),
    tokens > 0 && `${formatTokens(tokens)} tokens`,
    cost > 0 && formatCost(cost),
  ]
    .filter(Boolean)
    .join(", ");
}

interface TurnProps {
  trace: Trace;
  view: SessionView;
  change: (part: Partial<SessionView>, how?: "push" | "replace") => void;
}

/** A request and its answer. */
function Turn({ trace, view, change }: TurnProps) {
  const [whole, setWhole] = useState(false);
  const cut = Math.max(trace.request.length, trace.response.length) >= mostOfPreview;
  return (
    <li className="turn">
      <div className="turn-head">
        <Link
          to="/experiments/$experimentID/traces/$traceID"
          params={{ experimentID: trace.experimentID, traceID: trace.id }}
        >
          {trace.name || <code>{trace.id}</code>}
        </Link>
        {trace.state !== "OK" && <StateBadge state={trace.state} />}
        <span className="muted">
          <RelativeTime timeMS={trace.startMS} />
          {trace.durationMS !== undefined && ` · ${formatTook(trace.durationMS)}`}
          {trace.tokens?.total !== undefined && ` · ${formatTokens(trace.tokens.total)} tokens`}
        </span>
        {trace.assessments
          .filter((a) => a.valid)
          .slice(0, 5)
          .map((a) => (
            <AssessmentChip key={a.id} assessment={a} />
          ))}
        <span className="spacer" />
        <button type="button" className="link-button" aria-expanded={whole} onClick={() => setWhole(!whole)}>
          {whole ? "Show the preview" : "Show in full"}
        </button>
      </div>
      {whole ? (
        <WholeTurn trace={trace} view={view} change={change} />
      ) : (
        <>
          <Bubble by="user" text={previewText(trace.request)} />
          <Bubble by="assistant" text={previewText(trace.response)} />
          {cut && <p className="muted turn-cut">The preview is cut after 1,000 characters.</p>}
        </>
      )}
    </li>
  );
}

function Bubble({ by, text }: { by: "user" | "assistant"; text: string }) {
  return (
    <div className={`message bubble ${by}`}>
      <span className="visually-hidden">{by}: </span>
      {text ? (
        <div className="plain-text">{text}</div>
      ) : (
        <p className="muted">No {by === "user" ? "request" : "answer"}.</p>
      )}
    </div>
  );
}

/** The inputs and outputs of the root span. */
function WholeTurn({ trace, view, change }: TurnProps) {
  const { data, error, refetch } = useQuery(traceSpans(trace.id));
  const root = useMemo(() => spanTree(data ?? [])[0], [data]);
  if (error) return <ErrorNotice error={error} what="Could not load the spans" retry={() => refetch()} />;
  if (!data) return <Loading what="Loading the spans" />;
  const value = (key: string) => attributeValue(root?.wire.attributes?.[key]);
  const choose = (form: SessionView["form"]) => change({ form }, "replace");
  return (
    <>
      <Payload label="Inputs" value={value("mlflow.spanInputs")} form={view.form} choose={choose} />
      <Payload label="Outputs" value={value("mlflow.spanOutputs")} form={view.form} choose={choose} />
    </>
  );
}
