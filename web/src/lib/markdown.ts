import MarkdownIt from "markdown-it";

// Descriptions and Markdown files come from users. HTML is text, links lead to web pages, mail and places in
// this UI only, and images become links, because a page must not load anything from other hosts.

const safeLink = /^(https?:\/\/|mailto:|#\/)/i;

const markdown = new MarkdownIt({ html: false, linkify: true });
markdown.validateLink = (url) => safeLink.test(url.trim());

// Headings of a text are below the headings of the page.
markdown.core.ruler.push("headings", (state) => {
  for (const token of state.tokens) {
    if (token.type === "heading_open" || token.type === "heading_close") {
      token.tag = token.tag === "h1" ? "h3" : "h4";
    }
  }
});

markdown.renderer.rules.link_open = (tokens, index, options, _env, self) => {
  const token = tokens[index]!;
  if (!token.attrGet("href")?.startsWith("#")) {
    token.attrSet("rel", "noreferrer noopener");
    token.attrSet("target", "_blank");
  }
  return self.renderToken(tokens, index, options);
};

markdown.renderer.rules.image = (tokens, index) => {
  const token = tokens[index]!;
  const { escapeHtml } = markdown.utils;
  const url = escapeHtml(token.attrGet("src") ?? "");
  return `<a href="${url}" rel="noreferrer noopener" target="_blank">${escapeHtml(token.content) || url}</a>`;
};

/** Returns Markdown as HTML that is safe to insert into a page. */
export function markdownHTML(text: string): string {
  return markdown.render(text);
}
