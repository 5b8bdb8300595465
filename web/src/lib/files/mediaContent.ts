import { type Figure, figureIn, plotlyFigure } from "./plotly";
import { parseSheet, type Sheet, tableSheet } from "./sheet";

/** What the text of a media file is: a figure, a table, or neither. */
export interface MediaContent {
  figure?: Figure | undefined;
  sheet?: Sheet | undefined;
  /** Text to show as it is. */
  text?: string;
  /** What to do instead of looking at it here. */
  hint?: string;
}

const maxRows = 10_000;

export function mediaContent(text: string, complete: boolean, path: string): MediaContent {
  const extension = path.split(".").pop()!.toLowerCase();
  if (extension === "csv" || extension === "tsv") {
    return { sheet: parseSheet(text, extension === "tsv" ? "\t" : ",", maxRows) };
  }
  if (!complete) return { hint: "The file is too large to be shown here. Download it." };
  if (extension === "html") {
    const figure = figureIn(text);
    return figure ? { figure } : { hint: "This page has no figure of plotly. Open it under Artifacts." };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { text };
  }
  const sheet = tableSheet(value, maxRows);
  const figure = sheet ? undefined : plotlyFigure(value);
  return sheet || figure ? { sheet, figure } : { text: JSON.stringify(value, null, 2) };
}
