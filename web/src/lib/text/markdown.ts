import MarkdownIt from "markdown-it";

// Descriptions and Markdown files come from users. HTML is text, links lead to web pages, mail and places in
// this UI only. Images become links, because a page must not load anything from other hosts; those of the same
// folder are shown.

const safeLink = /^(https?:\/\/|mailto:|#\/)/i;

const markdown = new MarkdownIt({ html: false, linkify: true });
// A link without a scheme can only be that of an image: see link_open.
markdown.validateLink = (url) =>
  safeLink.test(url.trim()) || !/^[\s]*([a-z][a-z0-9+.-]*:|\/|#|\\)/i.test(url);

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
  if (!safeLink.test(token.attrGet("href") ?? "")) {
    token.attrs = null; // A relative link has no meaning in a page.
  } else if (!token.attrGet("href")?.startsWith("#")) {
    token.attrSet("rel", "noreferrer noopener");
    token.attrSet("target", "_blank");
  }
  return self.renderToken(tokens, index, options);
};

interface Env {
  /** The address of an image that is a file of this server. */
  imageURL?: ((link: string) => string | undefined) | undefined;
}

markdown.renderer.rules.image = (tokens, index, _options, env: Env) => {
  const token = tokens[index]!;
  const { escapeHtml } = markdown.utils;
  const link = token.attrGet("src") ?? "";
  const own = env.imageURL?.(link);
  if (own) return `<img src="${escapeHtml(own)}" alt="${escapeHtml(token.content)}" loading="lazy">`;
  if (!safeLink.test(link)) return escapeHtml(token.content);
  const url = escapeHtml(link);
  return `<a href="${url}" rel="noreferrer noopener" target="_blank">${escapeHtml(token.content) || url}</a>`;
};

/** Returns Markdown as HTML that is safe to insert into a page. */
export function markdownHTML(text: string, imageURL?: Env["imageURL"]): string {
  return markdown.render(text, { imageURL } satisfies Env);
}
