import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { type ReactNode, useCallback, useMemo } from "react";
import { livePeriod } from "../../api/queries";
import { type Trace, traceDetail, traceSpans } from "../../api/traces";
import { ErrorNotice, Loading } from "../../components/Notice";
import { QueryPage } from "../../components/Page";
import { Tab, Tabs } from "../../components/Tabs";
import { useDeferredText, useHotkeys, useTitle, useViewState } from "../../lib/browser/hooks";
import { extent, type Span, spanTree } from "../../lib/traces/spans";
import type { Search } from "../../lib/view/search";
import { type TraceTab, type TraceView, traceCodec } from "../../lib/view/traces";
import { Assessments } from "./Assessments";
import { attributeKeys, SpanAttributes, SpanContent, SpanEvents, SpanHead, SpanLinks } from "./SpanPanel";
import { SpanTree } from "./SpanTree";
import { TraceDetails } from "./TraceDetails";
import { TraceHead } from "./TraceHead";
import "../run/run.css";
import "./trace.css";

/** A trace: its spans as a tree with their times, and what the selected one did. */
export function TracePage() {
  const { experimentID = "", traceID = "" } = useParams({ strict: false });
  const trace = useQuery({
    ...traceDetail(traceID),
    refetchInterval: (query) => (query.state.data?.state === "IN_PROGRESS" ? livePeriod() : false),
  });
  // Both are on their way at once.
  useQuery({ ...traceSpans(traceID), refetchOnMount: false });
  return (
    <QueryPage query={trace} what={`trace ${traceID}`}>
      {(data) => <TraceBody trace={data} experimentID={data.experimentID || experimentID} />}
    </QueryPage>
  );
}

function TraceBody({ trace, experimentID }: { trace: Trace; experimentID: string }) {
  const [view, change] = useViewState(traceCodec);
  const query = useQuery({
    ...traceSpans(trace.id),
    refetchInterval: trace.state === "IN_PROGRESS" ? livePeriod() : false,
  });
  const spans = useMemo(() => spanTree(query.data ?? []), [query.data]);
  const found = useMemo(() => spans.findIndex((s) => s.id === view.span), [spans, view.span]);
  const selected = found >= 0 ? found : 0;
  const [text, setText] = useDeferredText(view.text, (value) => change({ text: value }, "replace"));
  const select = useCallback((span: Span) => change({ span: span.id }, "replace"), [change]);
  useTitle(trace.name || spans[0]?.name || trace.id);
  useHotkeys({ r: () => void query.refetch() });
  return (
    <div className="page fill trace-page">
      <TraceHead trace={trace} experimentID={experimentID} rootName={spans[0]?.name ?? ""} />
      <div className="trace-split">
        {query.error ? (
          <ErrorNotice error={query.error} what="Could not load the spans" retry={() => query.refetch()} />
        ) : query.isPending ? (
          <Loading what="Loading the spans" />
        ) : (
          <SpanTree
            spans={spans}
            selected={selected}
            select={select}
            text={text}
            setText={setText}
            errorsOnly={view.errorsOnly}
            setErrorsOnly={(errorsOnly) => change({ errorsOnly })}
          />
        )}
        <Panel
          trace={trace}
          experimentID={experimentID}
          spans={spans}
          span={spans[selected]}
          select={select}
          startNS={extent(spans).startNS}
          view={view}
          change={change}
        />
      </div>
    </div>
  );
}

interface PanelProps {
  trace: Trace;
  experimentID: string;
  spans: readonly Span[];
  select: (span: Span) => void;
  /** Undefined while the spans are on their way, or if there are none. */
  span: Span | undefined;
  startNS: number;
  view: TraceView;
  change: (part: Partial<TraceView>, how?: "push" | "replace") => void;
}

function Panel({ trace, experimentID, spans, select, span, startNS, view, change }: PanelProps) {
  const withTab = (tab: TraceTab) =>
    ((search: Search) => traceCodec.encode({ ...traceCodec.decode(search), tab })) as never;
  const count = (n: number | undefined) => (n ? <span className="muted number"> {n}</span> : null);
  const tab = (name: TraceTab, label: string, n?: number): ReactNode => (
    <Tab link={{ to: ".", search: withTab(name), replace: true }} current={view.tab === name}>
      {label}
      {count(n)}
    </Tab>
  );
  return (
    <section className="card span-panel" aria-label="Selected span">
      {span && <SpanHead span={span} startNS={startNS} />}
      <Tabs label="Parts of the trace">
        {tab("content", "Content")}
        {tab("attributes", "Attributes", span && attributeKeys(span).length)}
        {tab("events", "Events", span?.wire.events?.length)}
        {tab("links", "Links", span?.wire.links?.length)}
        {tab("assessments", "Assessments", trace.assessments.filter((a) => a.valid).length)}
        {tab("details", "Trace")}
      </Tabs>
      <div className="span-body">
        {view.tab === "assessments" && (
          <Assessments trace={trace} spans={spans} span={span} select={select} />
        )}
        {view.tab === "details" && <TraceDetails trace={trace} />}
        {span && view.tab === "content" && (
          <SpanContent
            key={span.id}
            span={span}
            form={view.form}
            choose={(form) => change({ form }, "replace")}
          />
        )}
        {span && view.tab === "attributes" && <SpanAttributes key={span.id} span={span} />}
        {span && view.tab === "events" && <SpanEvents span={span} />}
        {span && view.tab === "links" && <SpanLinks span={span} experimentID={experimentID} />}
      </div>
    </section>
  );
}
