import type { RunStyle } from "../../../lib/charts/palette";
import { NumberText, Swatch } from "../../Values";
import { type ChartLine, lookOf } from "../LineChart";

const namesInLegend = 60;

/** The names of the lines of a chart. */
export function Legend({ entries }: { entries: readonly { label: string; look: RunStyle }[] }) {
  return (
    <ul className="chart-legend" aria-label="Lines of the chart">
      {entries.slice(0, namesInLegend).map(({ label, look }) => (
        <li key={label}>
          <Swatch look={look} />{" "}
          <span className="truncate" title={label}>
            {label}
          </span>
        </li>
      ))}
      {entries.length > namesInLegend && <li className="muted">and {entries.length - namesInLegend} more</li>}
    </ul>
  );
}

/** Metrics logged once per run are compared as bars; a line through one point says nothing. */
export function ValueBars({ lines }: { lines: readonly ChartLine[] }) {
  const values = lines.map((line) => line.points.at(-1)!.value);
  const finite = values.filter(Number.isFinite);
  const most = Math.max(...finite, 0);
  const least = Math.min(...finite, 0);
  const span = most - least || 1;
  return (
    <ul className="value-bars">
      {lines.map((line, i) => {
        const value = values[i]!;
        const from = Number.isFinite(value) ? (Math.min(value, 0) - least) / span : 0;
        const width = Number.isFinite(value) ? Math.abs(value) / span : 0;
        return (
          <li key={`${line.id} ${line.metric}`}>
            <span className="truncate" title={line.label}>
              <Swatch look={lookOf(line)} /> {line.label}
            </span>
            <span className="value-bar">
              <BarFill line={line} from={from} width={width} />
            </span>
            <NumberText value={value} />
          </li>
        );
      })}
    </ul>
  );
}

function BarFill({ line, from, width }: { line: ChartLine; from: number; width: number }) {
  return (
    <span className="value-bar-fill" style={{ marginLeft: `${from * 100}%`, width: `${width * 100}%` }}>
      <Swatch look={lookOf(line)} />
    </span>
  );
}
