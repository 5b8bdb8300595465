import { ErrorNotice, Loading } from "../../components/Notice";
import type { Ranked } from "../../lib/traces/overview";
import { Frame } from "./ChartCard";

interface RankCardProps {
  title: string;
  figure?: string | undefined;
  note?: string | undefined;
  /** The names of the values; the bars show the last one. */
  columns: readonly string[];
  rows: readonly Ranked[] | undefined;
  /** How many are not shown. */
  others?: number | undefined;
  error: unknown;
  format: (value: number, column: number) => string;
}

/** Names with a bar for each, the greatest first. */
export function RankCard({ title, figure, note, columns, rows, others, error, format }: RankCardProps) {
  const most = rows?.reduce((size, r) => Math.max(size, r.values.at(-1) ?? 0), 0) ?? 0;
  return (
    <Frame title={title} figure={figure} note={note}>
      {error ? (
        <ErrorNotice error={error} what="Could not load the ranking" />
      ) : !rows ? (
        <div className="overview-wait">
          <Loading />
        </div>
      ) : rows.length === 0 ? (
        <p className="overview-wait muted">Nothing in this time.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
        <section className="table-scroll overview-table" tabIndex={0} aria-label={`Values of ${title}`}>
          <table className="table rank-table">
            <thead>
              <tr>
                <th>Name</th>
                {columns.map((c) => (
                  <th key={c} className="numeric">
                    {c}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.name}>
                  <th scope="row" className="cell-name" title={row.name}>
                    <span className="rank-name">{row.name || "(no name)"}</span>
                    <span
                      className="rank-bar"
                      aria-hidden="true"
                      style={{ width: `${most > 0 ? ((row.values.at(-1) ?? 0) / most) * 100 : 0}%` }}
                    />
                  </th>
                  {row.values.map((value, i) => (
                    <td key={columns[i]} className="numeric number">
                      {value === undefined ? "–" : format(value, i)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
          {others ? <p className="muted rank-others">and {others.toLocaleString("en-US")} more</p> : null}
        </section>
      )}
    </Frame>
  );
}
