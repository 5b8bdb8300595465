import { Fragment, useMemo } from "react";
import { type Block, parseBlocks, parseInline } from "../lib/markdown";

/** Formatted text from notes and Markdown files. Everything becomes React text: no HTML gets through. */
export function Markdown({ text }: { text: string }) {
  const blocks = useMemo(() => parseBlocks(text), [text]);
  return (
    <div className="markdown">
      {blocks.map((block, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: blocks have no identity of their own
        <BlockView key={i} block={block} />
      ))}
    </div>
  );
}

function BlockView({ block }: { block: Block }) {
  switch (block.kind) {
    case "heading": {
      // Notes sit below the page's own headings.
      const Tag = block.level === 1 ? "h3" : "h4";
      return (
        <Tag>
          <Inlines text={block.text} />
        </Tag>
      );
    }
    case "paragraph":
      return (
        <p>
          <Inlines text={block.text} />
        </p>
      );
    case "quote":
      return (
        <blockquote>
          <Inlines text={block.text} />
        </blockquote>
      );
    case "code":
      return (
        <pre>
          <code>{block.text}</code>
        </pre>
      );
    case "list": {
      const List = block.ordered ? "ol" : "ul";
      return (
        <List>
          {block.items.map((item, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: items have no identity of their own
            <li key={i}>
              <Inlines text={item} />
            </li>
          ))}
        </List>
      );
    }
    case "table":
      return <TableView header={block.header} rows={block.rows} />;
    case "rule":
      return <hr />;
  }
}

function TableView({ header, rows }: { header: string[]; rows: string[][] }) {
  return (
    <table>
      <thead>
        <tr>
          {header.map((cell, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: cells have no identity of their own
            <th key={i}>
              <Inlines text={cell} />
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, r) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows have no identity of their own
          <tr key={r}>
            {row.map((cell, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: cells have no identity of their own
              <td key={i}>
                <Inlines text={cell} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Inlines({ text }: { text: string }) {
  return parseInline(text).map((part, i) => {
    const key = `${i} ${part.kind}`;
    switch (part.kind) {
      case "code":
        return <code key={key}>{part.text}</code>;
      case "strong":
        return <strong key={key}>{part.text}</strong>;
      case "em":
        return <em key={key}>{part.text}</em>;
      case "link":
        return (
          <a
            key={key}
            href={part.href}
            rel="noreferrer noopener"
            target={part.href.startsWith("#") ? undefined : "_blank"}
          >
            {part.text}
          </a>
        );
      default:
        return <Fragment key={key}>{part.text}</Fragment>;
    }
  });
}
