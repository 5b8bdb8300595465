import { type RefObject, useState } from "react";
import type uPlot from "uplot";
import { useIsDark } from "../../lib/browser/theme";
import type { XAxis } from "../../lib/charts/history";
import { csvOf, pngOf, saveBlob, saveText } from "../../lib/export";
import { type CardView, type ChartStyle, decodeRange, encodeRange } from "../../lib/view/charts";
import { Icon } from "../Icon";
import { errorText } from "../Notice";
import { Popover } from "../Popover";
import { useToast } from "../Toasts";
import { smoothHistory } from "./chartData";
import { chartSVG } from "./chartSVG";
import { bandsFrom, type ChartLine } from "./LineChart";

interface CardMenuProps {
  metric: string;
  lines: readonly ChartLine[];
  style: ChartStyle;
  own: CardView;
  pinned: boolean;
  axis: XAxis;
  smoothing: number;
  /** The chart, if the card has one. */
  plotRef: RefObject<uPlot | undefined>;
  setOwn: (part: CardView) => void;
  setPinned: (pinned: boolean) => void;
  /** Moves the card by one place; for those who cannot drag it. */
  move: (by: 1 | -1) => void;
}

/** What can be done with one card. */
export function CardMenu(props: CardMenuProps) {
  const { metric, lines, style, own, pinned, axis, smoothing, plotRef, setOwn, setPinned, move } = props;
  const toast = useToast();
  const dark = useIsDark();
  const bands = lines.length >= bandsFrom || lines.some((line) => line.group !== undefined);
  const drawn = () => {
    if (bands) return undefined;
    if (smoothing === 0) return lines;
    return lines.map((line) => ({ ...line, points: smoothHistory(line.points, smoothing) }));
  };
  const save = async (close: () => void, how: "png" | "svg" | "csv") => {
    close();
    try {
      const plot = plotRef.current;
      if (how === "csv") saveText(`${metric}.csv`, "text/csv", csvOf(rowsOf(metric, lines)));
      else if (!plot) throw new Error("there is no chart");
      else if (how === "png") saveBlob(`${metric}.png`, await pngOf(plot.ctx.canvas));
      else saveText(`${metric}.svg`, "image/svg+xml", chartSVG(plot, metric, drawn(), axis, dark));
    } catch (error) {
      toast(`Could not save ${metric}: ${errorText(error)}`);
    }
  };
  const check = (label: string, on: boolean, set: (on: boolean) => void) => (
    <label className="check">
      <input type="checkbox" checked={on} onChange={(e) => set(e.target.checked)} /> {label}
    </label>
  );
  return (
    <Popover label={`${metric}: settings`} trigger={<Icon name="more" />} triggerClass="icon-button">
      {(close) => (
        <div className="card-menu">
          {check("Pin to the top", pinned, setPinned)}
          {check("Whole width", own.wide ?? false, (wide) => setOwn({ wide: wide || undefined }))}
          {check("Log y", style.logY, (logY) => setOwn({ logY }))}
          {check("Log x", style.xLog, (xLog) => setOwn({ xLog }))}
          {check("Ignore outliers", style.ignoreOutliers, (ignoreOutliers) => setOwn({ ignoreOutliers }))}
          <RangeField range={encodeRange(own.yRange)} set={(text) => setOwn({ yRange: decodeRange(text) })} />
          <div className="card-menu-row">
            <button type="button" className="button" onClick={() => move(-1)}>
              Move before
            </button>
            <button type="button" className="button" onClick={() => move(1)}>
              Move behind
            </button>
          </div>
          <div className="card-menu-row">
            {(["png", "svg", "csv"] as const).map((how) => (
              <button key={how} type="button" className="button" onClick={() => void save(close, how)}>
                {how.toUpperCase()}
              </button>
            ))}
          </div>
        </div>
      )}
    </Popover>
  );
}

interface RangeFieldProps {
  /** As in the address: "0:1", with either end left out. */
  range: string;
  set: (range: string) => void;
}

/** The ends of the y axis. An end that is empty follows the values. */
export function RangeField({ range, set }: RangeFieldProps) {
  const [from = "", to = ""] = range.split(":");
  const [text, setText] = useState<readonly [string, string]>([from, to]);
  const write = (next: readonly [string, string]) => {
    setText(next);
    const joined = next.map((end) => end.trim()).join(":");
    if (joined === ":" || decodeRange(joined)) set(joined);
  };
  const wrong = text.join("").trim() !== "" && !decodeRange(text.join(":"));
  return (
    <fieldset className="y-range">
      <legend>y axis</legend>
      {(["from", "to"] as const).map((end, i) => (
        <input
          key={end}
          className="input"
          inputMode="decimal"
          aria-label={`y axis ${end}`}
          aria-invalid={wrong}
          placeholder={i === 0 ? "least" : "greatest"}
          value={text[i]}
          onChange={(e) => write(i === 0 ? [e.target.value, text[1]] : [text[0], e.target.value])}
        />
      ))}
    </fieldset>
  );
}

/** The points of a chart as they are drawn, one a row. */
function rowsOf(metric: string, lines: readonly ChartLine[]) {
  return [
    ["run", "run id", "step", "time", metric],
    ...lines.flatMap((line) =>
      line.points.map((p) => [line.label, line.id, p.step, new Date(p.time).toISOString(), p.value]),
    ),
  ];
}
