import { lazy, Suspense } from "react";

// Few pages show Markdown, and its parser is large.
const MarkdownText = lazy(() => import("./MarkdownText"));

/** Formatted text of descriptions and Markdown files. */
export function Markdown({ text }: { text: string }) {
  return (
    <Suspense fallback={<div className="markdown plain">{text}</div>}>
      <MarkdownText text={text} />
    </Suspense>
  );
}
