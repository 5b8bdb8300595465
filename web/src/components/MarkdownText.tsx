import { useMemo } from "react";
import { markdownHTML } from "../lib/markdown";

/** Markdown as HTML. Use Markdown, which loads this module when it is needed. */
export default function MarkdownText({ text }: { text: string }) {
  const html = useMemo(() => markdownHTML(text), [text]);
  // biome-ignore lint/security/noDangerouslySetInnerHtml: markdownHTML escapes HTML and checks links
  return <div className="markdown" dangerouslySetInnerHTML={{ __html: html }} />;
}
