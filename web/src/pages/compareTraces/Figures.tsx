import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Trace } from "../../api/traces";
import { Icon } from "../../components/Icon";
import { StateGlyph } from "../../components/traces";
import { RelativeTime } from "../../components/Values";
import { type Figure, figuresOf } from "../../lib/traces/figures";

type Counts = readonly [number | undefined, number | undefined];

interface FiguresProps {
  traces: readonly [Trace, Trace];
  names: readonly [string, string];
  /** Numbers of spans and of failed ones; undefined until the spans have come. */
  spans: Counts;
  errors: Counts;
  swap: () => void;
}

/** A row for each trace, a column for each figure, and what has changed from the one to the other. */
export function Figures({ traces, names, spans, errors, swap }: FiguresProps) {
  const [[spansA, spansB], [errorsA, errorsB]] = [spans, errors];
  const figures = useMemo(
    () => figuresOf(traces, [spansA, spansB], [errorsA, errorsB]),
    [traces, spansA, spansB, errorsA, errorsB],
  );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
    <section className="card table-scroll pair-figures" aria-label="Figures of both traces" tabIndex={0}>
      <table className="table">
        <thead>
          <tr>
            <th>Trace</th>
            {figures.map((f) => (
              <th key={f.label} className="numeric">
                {f.label}
              </th>
            ))}
            <th className="numeric">Started</th>
          </tr>
        </thead>
        <tbody>
          {traces.map((trace, i) => (
            <tr key={i === 0 ? "A" : "B"}>
              <th scope="row">
                <span className="pair-name">
                  <span className="pair-letter">{i === 0 ? "A" : "B"}</span>
                  <Link
                    className="truncate"
                    to="/experiments/$experimentID/traces/$traceID"
                    params={{ experimentID: trace.experimentID, traceID: trace.id }}
                    title={`${names[i]}  ${trace.id}`}
                  >
                    <StateGlyph state={trace.state} /> {names[i]} <code>{trace.id.slice(0, 11)}</code>
                  </Link>
                </span>
              </th>
              {figures.map((f) => (
                <td key={f.label} className="numeric number" title={f.texts[i]}>
                  {f.texts[i] || <span className="muted">–</span>}
                </td>
              ))}
              <td className="numeric">
                <RelativeTime timeMS={trace.startMS} />
              </td>
            </tr>
          ))}
          <tr className="pair-difference">
            <th scope="row">
              <span className="pair-name">
                Change
                <button type="button" className="button" title="Swap the traces (s)" onClick={swap}>
                  <Icon name="refresh" size={12} /> Swap
                </button>
              </span>
            </th>
            {figures.map((f) => (
              <td key={f.label} className={`numeric number ${f.verdict ?? ""}`}>
                <ChangeText figure={f} />
              </td>
            ))}
            <td />
          </tr>
        </tbody>
      </table>
    </section>
  );
}

function ChangeText({ figure: { change, same, texts } }: { figure: Figure }) {
  if (change) return change;
  if (same) return <span className="muted">the same</span>;
  return texts.every((text) => text !== "") ? "differs" : <span className="muted">–</span>;
}
