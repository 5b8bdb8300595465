import { useMemo } from "react";
import { Choice } from "../../components/Choice";
import { DiffView } from "../../components/diff/DiffView";
import { Tab, Tabs } from "../../components/Tabs";
import { diffLines } from "../../lib/compare/diff";
import { plural } from "../../lib/text/format";
import type { Pair } from "../../lib/traces/pairs";
import { textsOf } from "../../lib/traces/payloadText";
import { attributeValue, typeClass } from "../../lib/traces/spans";
import { type ComparedTab, type CompareTracesView, compareTracesCodec } from "../../lib/view/compareTraces";
import type { Search } from "../../lib/view/search";
import { Payload } from "../trace/Payload";
import { attributeKeys } from "../trace/SpanPanel";

interface PairPanelProps {
  pair: Pair;
  view: CompareTracesView;
  change: (part: Partial<CompareTracesView>, how?: "push" | "replace") => void;
}

/** What the selected span did in both traces. */
export function PairPanel({ pair, view, change }: PairPanelProps) {
  const { left, right } = pair;
  const span = (left ?? right)!;
  const withTab = (tab: ComparedTab) =>
    ((search: Search) => compareTracesCodec.encode({ ...compareTracesCodec.decode(search), tab })) as never;
  const values = (key: string) =>
    [left, right].map((s) => attributeValue(s?.wire.attributes?.[key])) as [unknown, unknown];
  // biome-ignore lint/correctness/useExhaustiveDependencies: the values belong to the pair
  const inputs = useMemo(() => values("mlflow.spanInputs"), [pair]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the values belong to the pair
  const outputs = useMemo(() => values("mlflow.spanOutputs"), [pair]);
  return (
    <section className="card span-panel" aria-label="Selected span">
      <div className={`span-title ${typeClass(span.type)}`}>
        <span className="span-dot" aria-hidden="true" />
        <h2 className="truncate" title={span.name}>
          {span.name}
        </h2>
        {span.type && <span className="badge">{span.type}</span>}
        {(!left || !right) && <span className="muted">only in {left ? "A" : "B"}</span>}
        <span className="spacer" />
        <Choice
          label="Layout of differences"
          options={[
            ["lines", "Lines"],
            ["sides", "Side by side"],
          ]}
          value={view.layout}
          choose={(layout) => change({ layout }, "replace")}
        />
      </div>
      <Tabs label="Parts of the span">
        <Tab link={{ to: ".", search: withTab("content"), replace: true }} current={view.tab === "content"}>
          Content
        </Tab>
        <Tab
          link={{ to: ".", search: withTab("attributes"), replace: true }}
          current={view.tab === "attributes"}
        >
          Attributes
        </Tab>
      </Tabs>
      <div className="span-body">
        {view.tab === "content" ? (
          <div key={pair.id}>
            <Messages pair={pair} />
            <Compared label="Inputs" values={inputs} layout={view.layout} />
            <Compared label="Outputs" values={outputs} layout={view.layout} />
            {[...inputs, ...outputs].every(none) && (
              <p className="muted span-none">Neither has inputs or outputs. The attributes may say more.</p>
            )}
          </div>
        ) : (
          <Attributes pair={pair} />
        )}
      </div>
    </section>
  );
}

const none = (value: unknown) => value === undefined || value === null;

function Messages({ pair }: { pair: Pair }) {
  return (["left", "right"] as const).map((side) => {
    const span = pair[side];
    return span?.status === "ERROR" ? (
      <div key={side} className="span-error" role="note">
        <strong>
          {side === "left" ? "A" : "B"}: {span.wire.status?.message || "This span failed."}
        </strong>
      </div>
    ) : null;
  });
}

interface ComparedProps {
  label: string;
  values: readonly [unknown, unknown];
  layout: CompareTracesView["layout"];
}

/** A value of both sides: once if it is the same, as differences if it is not. */
function Compared({ label, values: [a, b], layout }: ComparedProps) {
  const lines = useMemo(() => {
    if (a === undefined || b === undefined) return undefined;
    const [left, right] = textsOf(a, b);
    return diffLines(left, right);
  }, [a, b]);
  if (none(a) && none(b)) return null;
  const removed = lines?.filter((l) => l.kind === "removed").length ?? 0;
  const added = lines?.filter((l) => l.kind === "added").length ?? 0;
  if (!lines || removed + added === 0) {
    const note = lines ? "the same in both" : `only in ${a === undefined ? "B" : "A"}`;
    return <Payload label={label} value={a ?? b} form="" choose={undefined} note={note} />;
  }
  return (
    <section className="payload" aria-label={label}>
      <div className="payload-head">
        <h3>{label}</h3>
        <span className="muted payload-note">
          {plural(removed, "line")} in A, {added.toLocaleString("en-US")} in B differ
        </span>
      </div>
      <div className="payload-diff">
        <DiffView lines={lines} layout={layout} label={`Differences of the ${label.toLowerCase()}`} />
      </div>
    </section>
  );
}

/** The attributes of both spans, those that differ first. */
function Attributes({ pair: { left, right } }: { pair: Pair }) {
  const rows = useMemo(() => {
    const keys = [...new Set([left, right].flatMap((s) => (s ? attributeKeys(s) : [])))].sort();
    return keys
      .map((key) => {
        const [a, b] = [left, right].map((s) => s?.wire.attributes?.[key]);
        return { key, a, b, same: a === b };
      })
      .sort((x, y) => Number(x.same) - Number(y.same));
  }, [left, right]);
  if (rows.length === 0) return <p className="muted span-none">None.</p>;
  return (
    <div className="table-scroll">
      <table className="table pair-attributes">
        <thead>
          <tr>
            <th>Attribute</th>
            <th>A</th>
            <th>B</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, a, b, same }) => (
            <tr key={key} className={same ? "same" : undefined}>
              <th scope="row" className="wrap">
                {key}
              </th>
              <td className="wrap">{short(a)}</td>
              <td className="wrap">{same ? <span className="muted">the same</span> : short(b)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const mostOfValue = 2000;

function short(text: string | undefined) {
  if (text === undefined) return <span className="muted">–</span>;
  const value = attributeValue(text);
  const shown = typeof value === "string" ? value : text;
  return (
    <span className="plain-text">
      {shown.length > mostOfValue ? `${shown.slice(0, mostOfValue)}…` : shown}
    </span>
  );
}
