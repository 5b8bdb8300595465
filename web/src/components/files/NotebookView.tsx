import { useMemo } from "react";
import { useSeen } from "../../lib/browser/useSeen";
import { plainText } from "../../lib/files/ansi";
import { type Cell, notebookCells } from "../../lib/files/notebook";
import type { Figure } from "../../lib/files/plotly";
import { Markdown, type MarkdownProps } from "../notes/Markdown";
import { FigureView } from "./FigureView";
import { JSONView } from "./JSONView";

/** A notebook as it was saved. Its HTML is not run; outputs have their text or image. */
export function NotebookView({ text, imageURL }: MarkdownProps) {
  const cells = useMemo(() => {
    try {
      return notebookCells(JSON.parse(text));
    } catch {
      return undefined;
    }
  }, [text]);
  if (!cells) return <JSONView text={text} complete name="notebook" />;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the notebook scrolls, so the keyboard must reach it
    <div className="notebook" tabIndex={0}>
      {cells.map((cell, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: cells have no identity of their own
        <CellView key={i} cell={cell} imageURL={imageURL} />
      ))}
    </div>
  );
}

function CellView({ cell, imageURL }: { cell: Cell; imageURL: MarkdownProps["imageURL"] }) {
  if (cell.kind === "markdown") {
    return (
      <div className="notebook-text">
        <Markdown text={cell.source} imageURL={imageURL} />
      </div>
    );
  }
  return (
    <div className="notebook-cell">
      <span className="notebook-count mono muted" aria-hidden="true">
        {cell.kind === "code" ? `[${cell.count ?? " "}]` : ""}
      </span>
      <pre className="notebook-source mono">{cell.source}</pre>
      {cell.outputs.map((output, i) =>
        output.figure ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: the position identifies an output
          <FigureOutput key={i} figure={output.figure} name={`Output ${i + 1}`} />
        ) : output.kind === "image" ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: the position identifies an output
          <img key={i} className="notebook-output" src={output.content} alt={`Output ${i + 1}`} />
        ) : (
          <pre
            // biome-ignore lint/suspicious/noArrayIndexKey: the position identifies an output
            key={i}
            className={output.kind === "error" ? "notebook-output mono error" : "notebook-output mono"}
          >
            {output.content.split("\n").map(plainText).join("\n")}
          </pre>
        ),
      )}
    </div>
  );
}

/** A figure is drawn when it comes into sight. */
function FigureOutput({ figure, name }: { figure: Figure; name: string }) {
  const [box, seen] = useSeen<HTMLDivElement>();
  return (
    <div ref={box} className="notebook-figure">
      {seen && <FigureView figure={figure} name={name} />}
    </div>
  );
}
