// A small, safe part of Markdown, parsed into plain data. Raw HTML is text like any other, and images
// are left as their link, because a page must never make the browser ask another host for anything.

export type Inline =
  | { kind: "text" | "code" | "strong" | "em"; text: string }
  | { kind: "link"; text: string; href: string };

export type Block =
  | { kind: "heading"; level: number; text: string }
  | { kind: "paragraph" | "quote"; text: string }
  | { kind: "code"; text: string }
  | { kind: "list"; ordered: boolean; items: string[] }
  | { kind: "table"; header: string[]; rows: string[][] }
  | { kind: "rule" };

const bullet = /^\s*[-*+]\s+(.*)$/;
const numbered = /^\s*\d+[.)]\s+(.*)$/;

export function parseBlocks(source: string): Block[] {
  const lines = source.replaceAll("\r\n", "\n").split("\n");
  const blocks: Block[] = [];
  let i = 0;
  const takeWhile = (test: (line: string) => boolean) => {
    const taken: string[] = [];
    while (i < lines.length && test(lines[i]!)) taken.push(lines[i++]!);
    return taken;
  };
  while (i < lines.length) {
    const line = lines[i]!;
    const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
    if (line.trim() === "") i++;
    else if (/^\s*(```|~~~)/.test(line)) {
      const fence = line.trim().slice(0, 3);
      i++;
      const text = takeWhile((l) => !l.trim().startsWith(fence)).join("\n");
      i++;
      blocks.push({ kind: "code", text });
    } else if (heading) {
      blocks.push({ kind: "heading", level: heading[1]!.length, text: heading[2]! });
      i++;
    } else if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) {
      blocks.push({ kind: "rule" });
      i++;
    } else if (/^\s*>/.test(line)) {
      const text = takeWhile((l) => /^\s*>/.test(l)).map((l) => l.replace(/^\s*>\s?/, ""));
      blocks.push({ kind: "quote", text: text.join(" ") });
    } else if (bullet.test(line) || numbered.test(line)) {
      const marker = bullet.test(line) ? bullet : numbered;
      const items = takeWhile((l) => marker.test(l)).map((l) => marker.exec(l)![1]!);
      blocks.push({ kind: "list", ordered: marker === numbered, items });
    } else if (line.includes("|") && /^[\s|:-]*-[\s|:-]*$/.test(lines[i + 1] ?? "")) {
      const [header, , ...rows] = takeWhile((l) => l.includes("|")).map(cells);
      blocks.push({ kind: "table", header: header!, rows });
    } else {
      blocks.push({ kind: "paragraph", text: takeWhile((l) => !startsBlock(l)).join(" ") });
    }
  }
  return blocks;
}

function startsBlock(line: string): boolean {
  return line.trim() === "" || /^(#{1,6}\s|\s*(```|~~~|>|[-*+]\s|\d+[.)]\s))/.test(line);
}

function cells(line: string): string[] {
  return line
    .trim()
    .replace(/^\||\|$/g, "")
    .split("|")
    .map((cell) => cell.trim());
}

const inline =
  /`([^`]+)`|\*\*([^*]+)\*\*|(?<![\w*])[*_]([^*_]+)[*_](?!\w)|!?\[([^\]]*)\]\(([^)\s]+)\)|(https?:\/\/[^\s<>)"']+)/g;

export function parseInline(text: string): Inline[] {
  const parts: Inline[] = [];
  let end = 0;
  for (const match of text.matchAll(inline)) {
    const [whole, code, strong, em, label, href, bare] = match;
    if (match.index > end) parts.push({ kind: "text", text: text.slice(end, match.index) });
    if (code !== undefined) parts.push({ kind: "code", text: code });
    else if (strong !== undefined) parts.push({ kind: "strong", text: strong });
    else if (em !== undefined) parts.push({ kind: "em", text: em });
    else if (bare !== undefined) parts.push({ kind: "link", text: bare, href: bare });
    else if (href !== undefined && isSafeLink(href)) parts.push({ kind: "link", text: label || href, href });
    else parts.push({ kind: "text", text: whole });
    end = match.index + whole.length;
  }
  if (end < text.length) parts.push({ kind: "text", text: text.slice(end) });
  return parts;
}

/** Links may lead to web pages, mail and places in this UI, and never run script. */
function isSafeLink(href: string): boolean {
  return /^(https?:\/\/|mailto:|#\/)/i.test(href);
}
