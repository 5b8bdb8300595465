import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, memo, useEffect, useId, useMemo, useRef } from "react";
import { SearchField } from "../../components/SearchField";
import { useFolds, useTreeKeys } from "../../lib/browser/treeKeys";
import { plural } from "../../lib/text/format";
import { extent, formatNanos, type Span, typeClass, visibleSpans } from "../../lib/traces/spans";
import { SpanName } from "./SpanName";

interface SpanTreeProps {
  spans: readonly Span[];
  /** The index of the selected span. */
  selected: number;
  select: (span: Span) => void;
  text: string;
  setText: (text: string) => void;
  errorsOnly: boolean;
  setErrorsOnly: (only: boolean) => void;
}

const rowHeight = 26;
const isFailed = (span: Span) => span.status === "ERROR";

/** The spans as a tree beside their times. Only the rows in sight exist. */
export function SpanTree(props: SpanTreeProps) {
  const { spans, selected, select, text, setText, errorsOnly, setErrorsOnly } = props;
  const tree = { items: spans, selected, select, marked: isFailed };
  const folds = useFolds(tree);
  const { folded, setFolded, fold } = folds;
  const scroller = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const id = useId();
  const rows = useMemo(
    () => visibleSpans(spans, { folded, text, errorsOnly }),
    [spans, folded, text, errorsOnly],
  );
  const time = useMemo(() => extent(spans), [spans]);
  const errors = useMemo(() => spans.filter(isFailed).length, [spans]);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 20,
  });
  const at = useTreeKeys(tree, folds, rows, () => search.current?.focus());
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new selection is brought into sight
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: "auto" });
  }, [selected]);
  const parents = useMemo(() => spans.filter((s, i) => s.end > i + 1), [spans]);
  const found = text.trim() !== "" || errorsOnly;
  return (
    <section className="card span-tree" aria-label="Spans">
      <div className="span-tools">
        <SearchField
          label="Search spans"
          placeholder="Search names and attributes  ( / )"
          value={text}
          onChange={setText}
          inputRef={search}
        />
        {errors > 0 && (
          <button
            type="button"
            className="button"
            aria-pressed={errorsOnly}
            title="Show failed spans only (e goes to the next one)"
            onClick={() => setErrorsOnly(!errorsOnly)}
          >
            {plural(errors, "error")}
          </button>
        )}
        <button
          type="button"
          className="button"
          disabled={parents.length < 2 || found}
          onClick={() => setFolded(new Set(folded.size > 0 ? [] : parents.slice(1).map((s) => s.id)))}
        >
          {folded.size > 0 ? "Unfold all" : "Fold all"}
        </button>
      </div>
      <div className="span-head muted">
        <span>
          {found
            ? `${plural(rows.length, "row")} of ${plural(spans.length, "span")}`
            : plural(spans.length, "span")}
        </span>
        <span className="span-scale number">
          <span>0</span>
          <span>{formatNanos((time.endNS - time.startNS) / 2)}</span>
          <span>{formatNanos(time.endNS - time.startNS)}</span>
        </span>
        <span className="span-duration">Duration</span>
      </div>
      <div
        ref={scroller}
        className="span-rows"
        role="tree"
        aria-label="Spans"
        tabIndex={0}
        aria-activedescendant={at >= 0 ? `${id}-${selected}` : undefined}
      >
        <div role="presentation" style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {virtual.getVirtualItems().map((v) => {
            const index = rows[v.index]!;
            const span = spans[index]!;
            const parent = span.end > index + 1;
            return (
              <SpanRow
                key={index}
                id={`${id}-${index}`}
                span={span}
                open={parent ? found || !folded.has(span.id) : undefined}
                selected={index === selected}
                top={v.start}
                left={share(span.startNS - time.startNS, time)}
                width={share((span.endNS ?? time.endNS) - span.startNS, time)}
                select={select}
                fold={found ? undefined : fold}
              />
            );
          })}
        </div>
        {rows.length === 0 && (
          <p className="muted span-none">
            {spans.length === 0 ? "This trace has no spans, or they have not come yet." : "No span matches."}
          </p>
        )}
      </div>
    </section>
  );
}

const share = (ns: number, { startNS, endNS }: { startNS: number; endNS: number }) =>
  endNS > startNS ? (ns / (endNS - startNS)) * 100 : 0;

interface SpanRowProps {
  id: string;
  span: Span;
  /** Undefined for a span without children. */
  open: boolean | undefined;
  selected: boolean;
  top: number;
  left: number;
  width: number;
  select: (span: Span) => void;
  fold: ((span: Span, closed: boolean) => void) | undefined;
}

const SpanRow = memo(
  function SpanRow({ id, span, open, selected, top, left, width, select, fold }: SpanRowProps) {
    const duration = span.endNS === undefined ? "open" : formatNanos(span.endNS - span.startNS);
    const failed = span.status === "ERROR";
    const style: CSSProperties = { transform: `translateY(${top}px)` };
    return (
      // biome-ignore lint/a11y/useKeyWithClickEvents: the keys of the tree are those of the page
      <div
        id={id}
        role="treeitem"
        className={`span-row ${typeClass(span.type)}${selected ? " selected" : ""}`}
        style={style}
        aria-level={span.depth + 1}
        aria-expanded={open}
        aria-selected={selected}
        onClick={() => select(span)}
      >
        <SpanName
          name={span.name}
          type={span.type}
          depth={span.depth}
          open={open}
          fold={fold && ((closed) => fold(span, closed))}
        >
          {failed && (
            <span className="status failed" title={span.wire.status?.message || "Error"}>
              <span aria-hidden="true">✕</span>
              <span className="visually-hidden">failed</span>
            </span>
          )}
        </SpanName>
        <span className="span-time">
          <span
            className={failed ? "span-bar failed" : "span-bar"}
            style={{ left: `${Math.min(left, 99.5)}%`, width: `max(2px, ${width}%)` }}
          />
        </span>
        <span className="span-duration">{duration}</span>
      </div>
    );
  },
  (a, b) =>
    a.span === b.span &&
    a.open === b.open &&
    a.selected === b.selected &&
    a.top === b.top &&
    a.left === b.left &&
    a.width === b.width &&
    (a.fold === undefined) === (b.fold === undefined),
);
