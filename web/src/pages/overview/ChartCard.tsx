import { type ReactNode, useState } from "react";
import { ErrorNotice, Loading } from "../../components/Notice";
import { nthStyle } from "../../lib/charts/palette";
import { intervalText, type TimeSeries } from "../../lib/traces/overview";
import { TimeChart, type TimeChartProps } from "./TimeChart";

interface FrameProps {
  title: string;
  /** The number that says most, and what it means. */
  figure?: string | undefined;
  note?: string | undefined;
  tools?: ReactNode;
  children: ReactNode;
}

/** The frame of a chart or a ranking. */
export function Frame({ title, figure, note, tools, children }: FrameProps) {
  return (
    <section className="card overview-card" aria-label={title}>
      <div className="overview-head">
        <h2>{title}</h2>
        <span className="spacer" />
        {tools}
      </div>
      <p className="overview-figure">
        <strong className="number">{figure ?? "–"}</strong> {note && <span className="muted">{note}</span>}
      </p>
      {children}
    </section>
  );
}

interface ChartCardProps extends Omit<TimeChartProps, "chart" | "label" | "colour"> {
  title: string;
  figure?: string | undefined;
  note?: string | undefined;
  /** Undefined while it is on its way. */
  chart: TimeSeries | undefined;
  error: unknown;
  /** Colours of series that have a meaning; the others get those of the palette. */
  colours?: Readonly<Record<string, string>>;
}

const paletteColour = (at: number) => {
  const { light, dark } = nthStyle(at);
  return `light-dark(${light}, ${dark})`;
};

/** A chart over time with its legend, which can also be read as a table. */
export function ChartCard({ title, figure, note, chart, error, colours = {}, ...rest }: ChartCardProps) {
  const [table, setTable] = useState(false);
  const colour = (name: string, at: number) => colours[name] ?? paletteColour(at);
  const empty = chart?.series.every((s) => s.values.every((v) => !v)) ?? false;
  return (
    <Frame
      title={title}
      figure={figure}
      note={note}
      tools={
        chart &&
        !empty && (
          <button
            type="button"
            className="link-button"
            aria-pressed={table}
            aria-label={`${title} as a ${table ? "chart" : "table"}`}
            onClick={() => setTable(!table)}
          >
            {table ? "Chart" : "Table"}
          </button>
        )
      }
    >
      {error ? (
        <ErrorNotice error={error} what="Could not load the chart" />
      ) : !chart ? (
        <div className="overview-wait">
          <Loading />
        </div>
      ) : empty ? (
        <p className="overview-wait muted">Nothing in this time.</p>
      ) : table ? (
        <SeriesTable chart={chart} format={rest.format} title={title} />
      ) : (
        <>
          <TimeChart chart={chart} label={`${title} over time`} colour={colour} {...rest} />
          {chart.series.length > 1 && (
            <ul className="overview-legend">
              {chart.series.map((s, i) => (
                <li key={s.name}>
                  <span className="time-swatch" style={{ background: colour(s.name, i) }} />
                  <span className="truncate" title={s.name}>
                    {s.name}
                  </span>
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </Frame>
  );
}

interface SeriesTableProps {
  chart: TimeSeries;
  format: (value: number) => string;
  title: string;
}

/** The same values as rows; intervals without any are left out. */
function SeriesTable({ chart: { starts, intervalMS, series }, format, title }: SeriesTableProps) {
  const rows = [...starts.keys()].filter((i) => series.some((s) => s.values[i]));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
    <section className="table-scroll overview-table" tabIndex={0} aria-label={`Values of ${title}`}>
      <table className="table">
        <thead>
          <tr>
            <th>From</th>
            {series.map((s) => (
              <th key={s.name} className="numeric">
                {s.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.toReversed().map((i) => (
            <tr key={starts[i]}>
              <th scope="row">{intervalText(starts[i]!, intervalMS)}</th>
              {series.map((s) => (
                <td key={s.name} className="numeric number">
                  {s.values[i] === undefined ? "–" : format(s.values[i])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
