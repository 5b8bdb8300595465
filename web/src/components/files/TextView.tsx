import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";

const lineHeight = 18;
/** A line longer than this is cut: no layout engine enjoys a line of a megabyte. */
const maxLineLength = 10_000;

/** Text with line numbers. Only the lines in sight are in the document. */
export function TextView({ text, json = false }: { text: string; json?: boolean }) {
  const scroller = useRef<HTMLDivElement>(null);
  const lines = useMemo(() => text.replace(/\n$/, "").split(/\r?\n/), [text]);
  const widest = useMemo(() => lines.reduce((most, line) => Math.max(most, line.length), 0), [lines]);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => lineHeight,
    overscan: 30,
  });
  const gutter = String(lines.length).length;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the text scrolls, so the keyboard must reach it
    <div ref={scroller} className="text-view mono" tabIndex={0}>
      <div
        style={{
          height: virtual.getTotalSize(),
          minWidth: `${Math.min(widest, maxLineLength) + gutter + 4}ch`,
          position: "relative",
        }}
      >
        {virtual.getVirtualItems().map(({ index, start }) => (
          <div key={index} className="text-line" style={{ transform: `translateY(${start}px)` }}>
            <span className="text-number" style={{ width: `${gutter + 2}ch` }} aria-hidden="true">
              {index + 1}
            </span>
            {json ? (
              <JSONLine line={lines[index]!.slice(0, maxLineLength)} />
            ) : (
              lines[index]!.slice(0, maxLineLength)
            )}
          </div>
        ))}
      </div>
    </div>
  );
}

const jsonToken = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null|NaN)\b|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;

function JSONLine({ line }: { line: string }) {
  const parts: React.ReactNode[] = [];
  let end = 0;
  for (const match of line.matchAll(jsonToken)) {
    const [whole, text, colon, word] = match;
    parts.push(line.slice(end, match.index));
    const kind = text ? (colon ? "json-key" : "json-string") : word ? "json-word" : "json-number";
    parts.push(
      <span key={match.index} className={kind}>
        {whole}
      </span>,
    );
    end = match.index + whole.length;
  }
  return [...parts, line.slice(end)];
}
