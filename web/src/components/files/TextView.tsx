import { useVirtualizer } from "@tanstack/react-virtual";
import { type RefObject, useEffect, useMemo, useRef } from "react";
import { ansiSpans, hasANSI, plainText } from "../../lib/files/ansi";

const lineHeight = 18;
/** A line longer than this is cut: no layout engine enjoys a line of a megabyte. */
const maxLineLength = 10_000;

interface TextViewProps {
  text: string;
  /** How lines are coloured. Text with the codes of terminals has their colours. */
  language?: "json" | "diff" | undefined;
  /** Whether the end is shown, and stays in sight when text is added. */
  tail?: boolean;
}

/** Text with line numbers. Only the lines in sight are in the document. */
export function TextView({ text, language, tail = false }: TextViewProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const lines = useMemo(() => text.replace(/\n$/, "").split(/\r?\n/), [text]);
  const ansi = useMemo(() => language === undefined && hasANSI(text), [text, language]);
  const following = useFollowing(scroller, tail);
  const widest = useMemo(() => lines.reduce((most, line) => Math.max(most, line.length), 0), [lines]);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => lineHeight,
    overscan: 30,
  });
  const gutter = String(lines.length).length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: new lines move the end
  useEffect(() => {
    if (following.current) virtual.scrollToIndex(lines.length - 1, { align: "end" });
  }, [lines.length]);
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
            <Line line={lines[index]!.slice(0, maxLineLength)} language={ansi ? "ansi" : language} />
          </div>
        ))}
      </div>
    </div>
  );
}

/** Whether the reader is at the end, where new lines belong. */
function useFollowing(scroller: RefObject<HTMLDivElement | null>, tail: boolean) {
  const following = useRef(tail);
  useEffect(() => {
    const box = scroller.current;
    if (!box || !tail) return;
    const onScroll = () => {
      following.current = box.scrollHeight - box.scrollTop - box.clientHeight < 4 * lineHeight;
    };
    box.addEventListener("scroll", onScroll, { passive: true });
    return () => box.removeEventListener("scroll", onScroll);
  }, [scroller, tail]);
  return following;
}

function Line({ line, language }: { line: string; language: "json" | "diff" | "ansi" | undefined }) {
  if (language === "json") return <JSONLine line={line} />;
  if (language === "diff") return <span className={diffClass(line)}>{line}</span>;
  if (language !== "ansi") return line.includes("\r") ? plainText(line) : line;
  return ansiSpans(line).map((span, i) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the position identifies a span
    <span key={i} className={span.styles.map((style) => `ansi-${style}`).join(" ") || undefined}>
      {span.text}
    </span>
  ));
}

function diffClass(line: string): string | undefined {
  if (/^(diff |index |---|\+\+\+|similarity |rename |new file|deleted file)/.test(line)) return "diff-head";
  if (line.startsWith("@@")) return "diff-place";
  if (line.startsWith("+")) return "diff-added";
  return line.startsWith("-") ? "diff-removed" : undefined;
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
