import { useMemo, useState } from "react";
import { plotlyFigure } from "../../lib/files/plotly";
import { tableSheet } from "../../lib/files/sheet";
import { FigureView } from "./FigureView";
import { maxSheetRows, SheetView } from "./SheetView";
import { TextView } from "./TextView";

interface Parsed {
  value: unknown;
  valid: boolean;
}

interface JSONViewProps {
  text: string;
  complete: boolean;
  name: string;
}

/** JSON, indented; a table of `log_table` or a figure of plotly is one first, and JSON on demand. */
export function JSONView({ text, complete, name }: JSONViewProps) {
  const [asText, setAsText] = useState(false);
  const { value, valid } = useMemo(() => (complete ? parse(text) : unread), [text, complete]);
  const sheet = useMemo(() => tableSheet(value, maxSheetRows), [value]);
  const figure = useMemo(() => (sheet ? undefined : plotlyFigure(value)), [sheet, value]);
  const pretty = useMemo(() => (valid ? JSON.stringify(value, null, 2) : text), [value, valid, text]);
  return (
    <>
      {complete && !valid && <p className="file-note">This is not valid JSON; it is shown as it is.</p>}
      {(sheet || figure) && (
        <p className="file-note">
          <label>
            <input type="checkbox" checked={asText} onChange={(e) => setAsText(e.target.checked)} /> Show as
            JSON
          </label>
        </p>
      )}
      {sheet && !asText ? (
        <SheetView sheet={sheet} />
      ) : figure && !asText ? (
        <FigureView figure={figure} name={name} />
      ) : (
        <TextView text={pretty} language="json" />
      )}
    </>
  );
}

const unread: Parsed = { value: undefined, valid: false };

function parse(text: string): Parsed {
  try {
    return { value: JSON.parse(text), valid: true };
  } catch {
    return unread;
  }
}
