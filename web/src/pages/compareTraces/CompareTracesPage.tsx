import { useQueries, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { experimentDetail, livePeriod } from "../../api/queries";
import { type Trace, traceDetail, traceSpans } from "../../api/traces";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { type Crumb, experimentPath, experimentsCrumb, PageHead } from "../../components/Page";
import { useDeferredText, useHotkeys, useTitle, useViewState } from "../../lib/browser/hooks";
import { pairSpans } from "../../lib/traces/pairs";
import { type Span, spanTree } from "../../lib/traces/spans";
import { compareTracesCodec } from "../../lib/view/compareTraces";
import { CompareWith } from "./CompareWith";
import { Figures } from "./Figures";
import { PairPanel } from "./PairPanel";
import { PairTree } from "./PairTree";
import "../run/run.css";
import "../trace/trace.css";
import "./compareTraces.css";

/** Two traces beside each other. */
export function CompareTracesPage() {
  const [view] = useViewState(compareTracesCodec);
  const [a = "", b = ""] = view.traces;
  useTitle("Compare traces");
  const one = useQuery({ ...traceDetail(a || b), enabled: (a || b) !== "" && (a === "" || b === "") });
  if (a && b) return <Both ids={[a, b]} />;
  return (
    <div className="page">
      <PageHead path={[experimentsCrumb]} title="Compare traces" />
      {one.error && <ErrorNotice error={one.error} what="Could not load the trace" />}
      {one.isLoading && <Loading what="Loading the trace" />}
      {one.data && (
        <>
          <p className="muted">Choose the trace that {one.data.name || "this one"} is compared with.</p>
          <CompareWith trace={one.data} />
        </>
      )}
      {a === "" && b === "" && (
        <EmptyState title="Two traces are compared">
          <p>Tick two traces in the list of an experiment, then choose “Compare”.</p>
        </EmptyState>
      )}
    </div>
  );
}

const errorsIn = (spans: readonly Span[]) => spans.filter((s) => s.status === "ERROR").length;

/** A trace that goes on is read again. */
const periodOf = (trace: Trace | undefined) => (trace?.state === "IN_PROGRESS" ? livePeriod() : false);

function Both({ ids }: { ids: readonly [string, string] }) {
  const [view, change] = useViewState(compareTracesCodec);
  const [first, second] = useQueries({
    queries: ids.map((id) => ({
      ...traceDetail(id),
      refetchInterval: (query: { state: { data: Trace | undefined } }) => periodOf(query.state.data),
    })),
  }) as [Found, Found];
  const [left, right] = useQueries({
    queries: [first, second].map((found, i) => ({
      ...traceSpans(ids[i]!),
      refetchInterval: periodOf(found.data),
    })),
  });
  const trees = useMemo(
    () => [left?.data, right?.data].map((list) => list && spanTree(list)),
    [left?.data, right?.data],
  );
  const [leftTree, rightTree] = trees;
  const pairs = useMemo(
    () => (leftTree && rightTree ? pairSpans(leftTree, rightTree) : undefined),
    [leftTree, rightTree],
  );
  const found = pairs?.findIndex((p) => p.left?.id === view.span || p.right?.id === view.span) ?? -1;
  const selected = Math.max(0, view.span === "" ? 0 : found);
  const [text, setText] = useDeferredText(view.text, (value) => change({ text: value }, "replace"));
  const swap = () => change({ traces: [ids[1], ids[0]] });
  useHotkeys({
    s: swap,
    r: () => {
      for (const q of [first, second, left, right]) void q?.refetch();
    },
  });
  const error = first.error ?? second.error ?? left?.error ?? right?.error;
  const traces = first.data && second.data ? ([first.data, second.data] as const) : undefined;
  const counts = (of: (spans: readonly Span[]) => number) =>
    [leftTree, rightTree].map((t) => t && of(t)) as [number | undefined, number | undefined];
  const pair = pairs?.[selected];
  // Programs that send spans only set no name of the trace.
  const names = [first.data?.name || leftTree?.[0]?.name, second.data?.name || rightTree?.[0]?.name].map(
    (name) => name || "Trace",
  ) as [string, string];
  return (
    <div className="page fill trace-page">
      <Head traces={traces} names={names} />
      {error && <ErrorNotice error={error} what="Could not load the traces" />}
      {!traces && !error && <Loading what="Loading the traces" />}
      {traces && (
        <Figures
          traces={traces}
          names={names}
          spans={counts((t) => t.length)}
          errors={counts(errorsIn)}
          swap={swap}
        />
      )}
      {traces && !pairs && !error && <Loading what="Loading the spans" />}
      {pairs && (
        <div className="trace-split">
          <PairTree
            pairs={pairs}
            selected={selected}
            select={(p) => change({ span: p.id }, "replace")}
            text={text}
            setText={setText}
            differencesOnly={view.differencesOnly}
            setDifferencesOnly={(differencesOnly) => change({ differencesOnly }, "replace")}
          />
          {pair && <PairPanel pair={pair} view={view} change={change} />}
        </div>
      )}
    </div>
  );
}

interface Found {
  data: Trace | undefined;
  error: unknown;
  refetch: () => unknown;
}

interface HeadProps {
  traces: readonly [Trace, Trace] | undefined;
  names: readonly [string, string];
}

function Head({ traces, names }: HeadProps) {
  const [a, b] = traces ?? [];
  const experimentID = a?.experimentID ?? "";
  const { data: experiment } = useQuery({ ...experimentDetail(experimentID), enabled: experimentID !== "" });
  const together = a !== undefined && a.experimentID === b?.experimentID;
  const path: Crumb[] = together
    ? experimentPath(experimentID, experiment?.name, {
        label: "Traces",
        link: { to: "/experiments/$experimentID/traces", params: { experimentID } },
      })
    : [experimentsCrumb];
  const one = traces && names[0] === names[1] && names[0] !== "Trace";
  return <PageHead path={path} title={one ? `Compare traces of ${names[0]}` : "Compare traces"} />;
}
