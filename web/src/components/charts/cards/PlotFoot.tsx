import type { Card } from "../../../lib/cards/card";
import { baselineOf } from "../../../lib/plots/difference";
import type { PlotItem } from "../../../lib/plots/item";
import { plural } from "../../../lib/text/format";
import { brushedRuns } from "./PlotDrawing";

interface PlotFootProps {
  card: Card;
  items: readonly PlotItem[];
  update: (card: Card) => void;
  /** Draws only some of the runs, on pages that can. */
  choose?: ((runIDs: readonly string[]) => void) | undefined;
}

/** Below a plot: the baseline of a difference, and how many runs are inside of the brushes. */
export function PlotFoot({ card, items, update, choose }: PlotFootProps) {
  const inside = brushedRuns(card, items);
  return (
    <>
      {card.kind === "difference" && items.length > 1 && (
        <label className="metric-note card-base">
          Baseline
          <select
            className="input"
            value={baselineOf({ items, base: card.base ?? "" })?.id}
            onChange={(e) => update({ ...card, base: e.target.value })}
          >
            {items.map(({ id, label }) => (
              <option key={id} value={id}>
                {label}
              </option>
            ))}
          </select>
        </label>
      )}
      {inside && (
        <p className="metric-note card-brush">
          {inside.length} of {plural(items.length, "run")} inside
          <button type="button" className="link-button" onClick={() => update({ ...card, brush: undefined })}>
            Show all
          </button>
          {choose && inside.length > 0 && (
            <button type="button" className="link-button" onClick={() => choose(inside.map(({ id }) => id))}>
              Draw only these
            </button>
          )}
        </p>
      )}
    </>
  );
}
