import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useId, useMemo, useRef } from "react";
import { SearchField } from "../../components/SearchField";
import { useFolds, useTreeKeys } from "../../lib/browser/treeKeys";
import { plural } from "../../lib/text/format";
import { countPairs, lengthOf, type Pair, slowdown } from "../../lib/traces/pairs";
import { visibleRows } from "../../lib/traces/rows";
import { formatNanos, type Span, typeClass } from "../../lib/traces/spans";
import { SpanName } from "../trace/SpanName";

interface PairTreeProps {
  pairs: readonly Pair[];
  /** The index of the selected pair. */
  selected: number;
  select: (pair: Pair) => void;
  text: string;
  setText: (text: string) => void;
  differencesOnly: boolean;
  setDifferencesOnly: (only: boolean) => void;
}

const rowHeight = 26;
const isMarked = (pair: Pair) => pair.differs;

/** The spans of both traces in one tree, with their durations beside each other. */
export function PairTree(props: PairTreeProps) {
  const { pairs, selected, select, text, setText, differencesOnly, setDifferencesOnly } = props;
  const tree = { items: pairs, selected, select, marked: isMarked };
  const folds = useFolds(tree);
  const { folded, setFolded, fold } = folds;
  const scroller = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const id = useId();
  const found = text.trim() !== "" || differencesOnly;
  const rows = useMemo(
    () => visibleRows(pairs, folded, wanted(text, differencesOnly)),
    [pairs, folded, text, differencesOnly],
  );
  const at = useTreeKeys(tree, folds, rows, () => search.current?.focus());
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 20,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new selection is brought into sight
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: "auto" });
  }, [selected]);
  const most = useMemo(
    () => pairs.reduce((size, p) => Math.max(size, Math.abs(slowdown(p) ?? 0)), 0),
    [pairs],
  );
  const parents = useMemo(() => pairs.filter((p, i) => p.end > i + 1), [pairs]);
  const counts = useMemo(() => countPairs(pairs), [pairs]);
  return (
    <section className="card span-tree pair-tree" aria-label="Spans of both traces">
      <div className="span-tools">
        <SearchField
          label="Search spans"
          placeholder="Search names  ( / )"
          value={text}
          onChange={setText}
          inputRef={search}
        />
        <button
          type="button"
          className="button"
          aria-pressed={differencesOnly}
          title="Show what differs in more than its times (e goes to the next one)"
          onClick={() => setDifferencesOnly(!differencesOnly)}
        >
          Differences only
        </button>
        <button
          type="button"
          className="button"
          disabled={parents.length < 2 || found}
          onClick={() => setFolded(new Set(folded.size > 0 ? [] : parents.slice(1).map((p) => p.id)))}
        >
          {folded.size > 0 ? "Unfold all" : "Fold all"}
        </button>
      </div>
      <div className="span-head muted">
        <span className="truncate" role="status">
          {summary(counts)}
        </span>
        <span className="span-duration">A</span>
        <span className="span-duration">B</span>
        <span className="pair-scale">Change</span>
      </div>
      <div
        ref={scroller}
        className="span-rows"
        role="tree"
        aria-label="Spans of both traces"
        tabIndex={0}
        aria-activedescendant={at >= 0 ? `${id}-${selected}` : undefined}
      >
        <div role="presentation" style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {virtual.getVirtualItems().map((v) => {
            const index = rows[v.index]!;
            const pair = pairs[index]!;
            const parent = pair.end > index + 1;
            return (
              <PairRow
                key={index}
                id={`${id}-${index}`}
                pair={pair}
                open={parent ? found || !folded.has(pair.id) : undefined}
                selected={index === selected}
                top={v.start}
                most={most}
                select={select}
                fold={found ? undefined : fold}
              />
            );
          })}
        </div>
        {rows.length === 0 && (
          <p className="muted span-none">
            {pairs.length === 0 ? "These traces have no spans." : "No span matches."}
          </p>
        )}
      </div>
    </section>
  );
}

function wanted(text: string, differencesOnly: boolean): ((pair: Pair) => boolean) | undefined {
  const needle = text.trim().toLowerCase();
  if (needle === "" && !differencesOnly) return undefined;
  return ({ left, right, differs }) =>
    (differs || !differencesOnly) && (left ?? right)!.name.toLowerCase().includes(needle);
}

function summary({ onlyLeft, onlyRight, changed }: ReturnType<typeof countPairs>): string {
  if (onlyLeft + onlyRight + changed === 0) return "Only times differ";
  return [
    changed > 0 && `${changed.toLocaleString("en-US")} differ`,
    onlyLeft > 0 && `${plural(onlyLeft, "span")} in A only`,
    onlyRight > 0 && `${plural(onlyRight, "span")} in B only`,
  ]
    .filter(Boolean)
    .join(", ");
}

interface PairRowProps {
  id: string;
  pair: Pair;
  /** Undefined for spans without children. */
  open: boolean | undefined;
  selected: boolean;
  top: number;
  /** The largest change of a duration, in nanoseconds. */
  most: number;
  select: (pair: Pair) => void;
  fold: ((pair: Pair, closed: boolean) => void) | undefined;
}

const PairRow = memo(
  function PairRow({ id, pair, open, selected, top, most, select, fold }: PairRowProps) {
    const { left, right, differs } = pair;
    const span = (left ?? right)!;
    const only = !right ? "A" : !left ? "B" : "";
    return (
      // biome-ignore lint/a11y/useKeyWithClickEvents: the keys of the tree are those of the page
      <div
        id={id}
        role="treeitem"
        className={`span-row ${typeClass(span.type)}${selected ? " selected" : ""}${only && ` only only-${only}`}`}
        style={{ transform: `translateY(${top}px)` }}
        aria-level={pair.depth + 1}
        aria-expanded={open}
        aria-selected={selected}
        onClick={() => select(pair)}
      >
        <SpanName
          name={span.name}
          type={span.type}
          depth={pair.depth}
          open={open}
          fold={fold && ((closed) => fold(pair, closed))}
        >
          {only ? (
            <span className="pair-mark">only in {only}</span>
          ) : (
            differs && (
              <span className="pair-dot" title="Inputs, outputs or states differ">
                <span className="visually-hidden"> differs</span>
              </span>
            )
          )}
        </SpanName>
        <Length span={left} />
        <Length span={right} />
        <Change by={slowdown(pair)} most={most} />
      </div>
    );
  },
  (a, b) =>
    a.pair === b.pair &&
    a.open === b.open &&
    a.selected === b.selected &&
    a.top === b.top &&
    a.most === b.most &&
    (a.fold === undefined) === (b.fold === undefined),
);

function Length({ span }: { span: Span | undefined }) {
  const ns = lengthOf(span);
  const failed = span?.status === "ERROR";
  return (
    <span className="span-duration">
      {failed && (
        <span className="status failed" title={span.wire.status?.message || "Error"}>
          <span aria-hidden="true">✕ </span>
          <span className="visually-hidden">failed </span>
        </span>
      )}
      {!span ? "–" : ns === undefined ? "open" : formatNanos(ns)}
    </span>
  );
}

/** A bar to the left for a span that got faster, to the right for one that got slower. */
function Change({ by, most }: { by: number | undefined; most: number }) {
  if (by === undefined) return <span className="pair-change" />;
  const width = most > 0 ? (Math.abs(by) / most) * 50 : 0;
  const side = by < 0 ? { right: "50%" } : { left: "50%" };
  return (
    <span className="pair-change">
      <span className="pair-track" aria-hidden="true">
        {by !== 0 && (
          <span
            className={by < 0 ? "pair-bar faster" : "pair-bar slower"}
            style={{ ...side, width: `max(1px, ${width}%)` }}
          />
        )}
      </span>
      <span className="span-duration">
        {by === 0 ? "±0" : `${by < 0 ? "−" : "+"}${formatNanos(Math.abs(by))}`}
      </span>
    </span>
  );
}
