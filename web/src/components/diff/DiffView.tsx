import { useMemo, useState } from "react";
import { type DiffLine, hunksOf } from "../../lib/compare/diff";
import { type MarkedLine, markWords, sideRows } from "../../lib/compare/words";
import { plural } from "../../lib/text/format";
import "./diff.css";

/** How a difference is laid out: both texts in one column, or beside each other. */
export type DiffLayout = "lines" | "sides";

interface DiffViewProps {
  lines: readonly DiffLine[];
  layout?: DiffLayout;
  label?: string;
}

const mostLines = 2_000;

/** Removed and added lines with the words in which they differ. Equal lines far from them are folded. */
export function DiffView({ lines, layout = "lines", label = "Differences" }: DiffViewProps) {
  const hunks = useMemo(() => hunksOf(markWords(lines)), [lines]);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const [limit, setLimit] = useState(mostLines);
  let left = limit;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
    <section className="diff" tabIndex={0} aria-label={label}>
      {hunks.map(({ kind, lines }, at) => {
        if (left <= 0) return null;
        if (kind === "fold" && !open.has(at)) {
          return (
            <button
              // biome-ignore lint/suspicious/noArrayIndexKey: the position identifies a part
              key={at}
              type="button"
              className="diff-fold"
              onClick={() => setOpen(new Set(open).add(at))}
            >
              ▸ {plural(lines.length, "equal line")}
            </button>
          );
        }
        const shown = lines.slice(0, left);
        left -= shown.length;
        return layout === "sides"
          ? sideRows(shown).map((row) => (
              <div key={`${row.left?.left} ${row.right?.right}`} className="diff-pair">
                <Side line={row.left} number={row.left?.left} />
                <Side line={row.right} number={row.right?.right} />
              </div>
            ))
          : shown.map((line) => <Line key={`${line.left} ${line.right}`} line={line} />);
      })}
      {left <= 0 && (
        <button type="button" className="diff-fold" onClick={() => setLimit(limit + mostLines)}>
          Show {mostLines.toLocaleString("en-US")} more lines
        </button>
      )}
    </section>
  );
}

const signs = { same: " ", removed: "−", added: "+" };

function Line({ line }: { line: MarkedLine }) {
  return (
    <div className={`diff-line ${line.kind}`}>
      <span className="diff-number">{line.left}</span>
      <span className="diff-number">{line.right}</span>
      <span>{signs[line.kind]}</span>
      <Text line={line} />
    </div>
  );
}

function Side({ line, number }: { line: MarkedLine | undefined; number: number | undefined }) {
  if (!line) return <div className="diff-side none" />;
  return (
    <div className={`diff-side ${line.kind}`}>
      <span className="diff-number">{number}</span>
      <span>{signs[line.kind]}</span>
      <Text line={line} />
    </div>
  );
}

function Text({ line: { text, segments } }: { line: MarkedLine }) {
  if (!segments) return <span>{text}</span>;
  return (
    <span>
      {segments.map((part, i) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: the position identifies a part
        part.changed ? <mark key={i}>{part.text}</mark> : part.text,
      )}
    </span>
  );
}
