import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { FileSource } from "../../api/artifacts";
import { fileHead } from "../../api/queries";
import { type MediaContent, mediaContent } from "../../lib/files/mediaContent";
import { smallFigure } from "../../lib/files/plotly";
import type { Sheet } from "../../lib/files/sheet";
import type { StepFile } from "../../lib/runs/media";
import { formatNumber, plural } from "../../lib/text/format";
import { FigureView } from "../files/FigureView";
import { SheetView } from "../files/SheetView";
import { TextView } from "../files/TextView";
import { ErrorNotice, Loading } from "../Notice";

interface MediaContentsProps {
  file: StepFile;
  source: FileSource;
  /** How many rows of a table are shown in a cell of the grid; without it, all is shown. */
  rows?: number;
}

const maxBytes = 8_000_000;
const smallColumns = 5;

/** A figure or a table, whose file says which of them it is. */
export function MediaContents({ file, source, rows }: MediaContentsProps) {
  const { data, error, refetch } = useQuery({
    ...fileHead(source, file.path, maxBytes),
    placeholderData: keepPreviousData, // While the slider moves, the last step remains.
  });
  const content = useMemo(
    () => (data ? mediaContent(data.text, data.complete, file.path) : undefined),
    [data, file.path],
  );
  if (error) return <ErrorNotice error={error} what="Could not read the file" retry={() => refetch()} />;
  if (!content) return <Loading />;
  return <Content content={content} name={`${file.key} at step ${file.step}`} rows={rows} />;
}

interface ContentProps {
  content: MediaContent;
  name: string;
  rows: number | undefined;
}

function Content({ content, name, rows }: ContentProps) {
  const small = rows !== undefined;
  const figure = useMemo(
    () => (content.figure && small ? smallFigure(content.figure) : content.figure),
    [content, small],
  );
  if (figure) return <FigureView figure={figure} name={name} />;
  if (content.sheet) {
    return small ? (
      <SmallSheet sheet={content.sheet} name={name} shown={rows} />
    ) : (
      <SheetView sheet={content.sheet} />
    );
  }
  if (content.text !== undefined && !small) return <TextView text={content.text} />;
  return <p className="media-text mono">{content.text?.slice(0, 300) ?? content.hint}</p>;
}

function SmallSheet({ sheet, name, shown }: { sheet: Sheet; name: string; shown: number }) {
  const moreRows = sheet.rows.length - shown;
  const moreColumns = sheet.header.length - smallColumns;
  const more = [
    moreRows > 0 && `${plural(moreRows, "more row")}${sheet.truncated ? " or more" : ""}`,
    moreColumns > 0 && plural(moreColumns, "more column"),
  ].filter(Boolean);
  return (
    <>
      <table className="media-sheet" aria-label={name}>
        <thead>
          <tr>
            {sheet.header.slice(0, smallColumns).map((cell, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: columns may share a name
              <th key={i} scope="col">
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sheet.rows.slice(0, shown).map((row, r) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no identity of their own
            <tr key={r}>
              {row.slice(0, smallColumns).map((cell, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: columns may share a name
                <td key={i} title={cell}>
                  {shortText(cell)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {more.length > 0 && <p className="muted media-more">{more.join(", ")}</p>}
    </>
  );
}

/** A number has few digits in a small cell. */
const shortText = (text: string) =>
  text.length > 8 && !Number.isNaN(Number(text)) ? formatNumber(Number(text)) : text.slice(0, 100);
