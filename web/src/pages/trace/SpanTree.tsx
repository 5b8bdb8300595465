import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, memo, useEffect, useId, useMemo, useRef, useState } from "react";
import { Icon } from "../../components/Icon";
import { SearchField } from "../../components/SearchField";
import { useHotkeys } from "../../lib/browser/hooks";
import { plural } from "../../lib/text/format";
import { extent, formatNanos, type Span, typeClass, visibleSpans } from "../../lib/traces/spans";

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

/** The spans as a tree beside their times. Only the rows in sight exist. */
export function SpanTree(props: SpanTreeProps) {
  const { spans, selected, select, text, setText, errorsOnly, setErrorsOnly } = props;
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const scroller = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const id = useId();
  const rows = useMemo(
    () => visibleSpans(spans, { folded, text, errorsOnly }),
    [spans, folded, text, errorsOnly],
  );
  const time = useMemo(() => extent(spans), [spans]);
  const errors = useMemo(() => spans.filter((s) => s.status === "ERROR").length, [spans]);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 20,
  });
  const at = rows.indexOf(selected);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new selection is brought into sight
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: "auto" });
  }, [selected]);

  const fold = (span: Span, closed: boolean) => {
    const next = new Set(folded);
    if (closed) next.add(span.id);
    else next.delete(span.id);
    setFolded(next);
  };
  const go = (row: number) => {
    const span = spans[rows[Math.max(0, Math.min(rows.length - 1, row))] ?? -1];
    if (span) select(span);
  };
  const current = spans[selected];
  const parents = useMemo(() => spans.filter((s, i) => s.end > i + 1), [spans]);
  const nextError = () => {
    const after = spans.findIndex((s, i) => i > selected && s.status === "ERROR");
    const found = after >= 0 ? after : spans.findIndex((s) => s.status === "ERROR");
    if (found < 0) return;
    // A span below a folded one comes into sight.
    const open = new Set(folded);
    for (let p = spans[found]!.parent; p >= 0; p = spans[p]!.parent) open.delete(spans[p]!.id);
    setFolded(open);
    select(spans[found]!);
  };
  useHotkeys({
    j: () => go(at + 1),
    ArrowDown: () => go(at + 1),
    k: () => go(at - 1),
    ArrowUp: () => go(at - 1),
    ArrowRight: () => {
      if (!current || current.end === selected + 1) return;
      if (folded.has(current.id)) fold(current, false);
      else go(at + 1);
    },
    ArrowLeft: () => {
      if (!current) return;
      if (current.end > selected + 1 && !folded.has(current.id)) fold(current, true);
      else if (current.parent >= 0) select(spans[current.parent]!);
    },
    e: nextError,
    "/": () => search.current?.focus(),
  });
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

/** Deep trees are indented less and less, so that names stay in sight. */
const indent = (depth: number) => 6 + 14 * Math.min(depth, 8) + 4 * Math.min(Math.max(depth - 8, 0), 20);

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
        <span className="span-name" style={{ paddingLeft: indent(span.depth) }}>
          {open === undefined ? (
            <span className="span-leaf" />
          ) : (
            <button
              type="button"
              className="span-fold"
              tabIndex={-1}
              aria-hidden="true"
              disabled={!fold}
              onClick={(e) => {
                e.stopPropagation();
                fold?.(span, open);
              }}
            >
              <Icon name="chevron" size={10} />
            </button>
          )}
          <span className="span-dot" />
          <span className="truncate" title={`${span.name}  ${span.type}`}>
            {span.name}
          </span>
          {span.type && <span className="visually-hidden"> {span.type}</span>}
          {failed && (
            <span className="status failed" title={span.wire.status?.message || "Error"}>
              <span aria-hidden="true">✕</span>
              <span className="visually-hidden">failed</span>
            </span>
          )}
        </span>
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
