import { useNavigate } from "@tanstack/react-router";
import { useCallback, useState } from "react";
import { type Card, titleOf } from "../../../lib/cards/card";
import { decodeBrushes, encodeBrushes } from "../../../lib/view/brushes";
import type { ChartView } from "../../../lib/view/charts";
import { ErrorNotice } from "../../Notice";
import { AxisPicker } from "../../plots/AxisPicker";
import { PlotExportProvider, type PlotExports } from "../../plots/exportContext";
import { PlotTable } from "../../plots/PlotTable";
import type { ChartRun } from "../useSeries";
import { type CardActions, CardFrame } from "./CardFrame";
import { chosenLogs, logsOf, PlotDrawing } from "./PlotDrawing";
import { PlotFoot } from "./PlotFoot";
import type { columnGroups, Items } from "./source";

export interface PlotCardProps {
  card: Card;
  found: Items;
  /** The columns that there are, by kind. */
  groups: ReturnType<typeof columnGroups>;
  runs: readonly ChartRun[];
  view: ChartView;
  actions: CardActions;
  focusID?: string | undefined;
  onFocus?: ((id: string | undefined) => void) | undefined;
  /** Changes the card without a new entry in the history. */
  update: (card: Card) => void;
  /** Draws only some of the runs, on pages that can. */
  choose?: ((runIDs: readonly string[]) => void) | undefined;
}

/** Cards that say more when they take the whole width. */
export const isWideByItself = ({ kind }: Card) => kind === "parallel" || kind === "difference";

/** A card of the values of runs. */
export function PlotCard(props: PlotCardProps) {
  const { card, found, runs, view, actions, focusID, onFocus, update, choose } = props;
  const [table, setTable] = useState(false);
  const [exports, setExports] = useState<PlotExports>();
  const open = useOpenRun(runs);
  const { items, pending, error, refetch } = found;
  const own = view.cards[card.id] ?? {};
  const chosen = chosenLogs(card, items, own);
  const logs = Object.fromEntries(logsOf(card).map((flag) => [flag, chosen[flag]]));
  const name = titleOf(card);
  const height = own.wide || isWideByItself(card) ? 260 : 230;
  const drawing = (full: boolean) => (
    <PlotDrawing
      card={card}
      items={items}
      logs={chosen}
      height={full ? Math.max(240, innerHeight - 150) : height}
      focusID={focusID}
      onPick={open}
      onHover={onFocus && ((ids) => onFocus(ids?.length === 1 ? ids[0] : undefined))}
      onBrush={(brush) => update({ ...card, brush })}
    />
  );
  return (
    <CardFrame
      {...{ id: card.id, name, title: name, view, actions, exports }}
      style={logs}
      wideByItself={isWideByItself(card)}
      table={{ shown: table, set: setTable }}
      tools={
        card.kind === "parallel" && (
          <AxisPicker
            items={items}
            axes={card.columns}
            groups={Object.values(props.groups)}
            brushes={decodeBrushes(card.brush)}
            // Fewer than two axes are no card.
            changeAxes={(columns) => columns.length > 1 && update({ ...card, columns })}
            changeBrushes={(brushes) => update({ ...card, brush: encodeBrushes(brushes) || undefined })}
          />
        )
      }
      foot={<PlotFoot {...{ card, items, update, choose }} />}
    >
      {(full) => (
        <div
          className={full ? "card-plot full" : "card-plot"}
          style={full || isAsTallAsItsRuns(card) ? undefined : { minHeight: height }}
        >
          {error && items.length === 0 ? (
            <ErrorNotice error={error} what={`Could not load ${name}`} retry={refetch} />
          ) : items.length === 0 ? (
            <p className="metric-values muted">{pending ? "Loading…" : "No values in these runs."}</p>
          ) : (
            <PlotExportProvider value={setExports}>
              {table && exports && <PlotTable title={name} rows={exports.rows()} />}
              {/* The plot stays mounted behind its table, which it provides. */}
              <div hidden={table}>{drawing(full)}</div>
            </PlotExportProvider>
          )}
        </div>
      )}
    </CardFrame>
  );
}

const isAsTallAsItsRuns = ({ kind }: Card) => kind === "difference" || kind === "bar";

/** Opens the run of a mark. Marks of several runs open none. */
function useOpenRun(runs: readonly ChartRun[]) {
  const navigate = useNavigate();
  return useCallback(
    ([id, ...more]: readonly string[]) => {
      const run = more.length === 0 ? runs.find((other) => other.id === id) : undefined;
      if (run?.experimentID === undefined) return;
      void navigate({
        to: "/experiments/$experimentID/runs/$runID",
        params: { experimentID: run.experimentID, runID: run.id },
      });
    },
    [navigate, runs],
  );
}
