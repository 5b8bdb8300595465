import { lazy, Suspense } from "react";

// Few pages show Markdown, and its parser is large.
const MarkdownText = lazy(() => import("./MarkdownText"));

export interface MarkdownProps {
  text: string;
  /** The address of an image of the same folder, if it has one. */
  imageURL?: ((link: string) => string | undefined) | undefined;
}

/** Formatted text of descriptions and Markdown files. */
export function Markdown(props: MarkdownProps) {
  return (
    <Suspense fallback={<div className="markdown plain">{props.text}</div>}>
      <MarkdownText {...props} />
    </Suspense>
  );
}
