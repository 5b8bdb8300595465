import { useMemo } from "react";
import { markdownHTML } from "../../lib/text/markdown";
import type { MarkdownProps } from "./Markdown";

/** Markdown as HTML. Use Markdown, which loads this module when it is needed. */
export default function MarkdownText({ text, imageURL }: MarkdownProps) {
  const html = useMemo(() => markdownHTML(text, imageURL), [text, imageURL]);
  // biome-ignore lint/security/noDangerouslySetInnerHtml: markdownHTML escapes HTML and checks links
  return <div className="markdown" dangerouslySetInnerHTML={{ __html: html }} />;
}
