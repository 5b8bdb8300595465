import { useMemo, useState } from "react";
import { type Card, cardKinds, kindInfo, lacks, usualTitle, valuesOf } from "../../../lib/cards/card";
import { asKind, type Choices } from "../../../lib/cards/defaults";
import type { ChartView } from "../../../lib/view/charts";
import { ActionDialog } from "../../Dialog";
import type { ChartRun } from "../useSeries";
import { AddedCard } from "./AddedCard";
import { KindPicker } from "./KindPicker";
import { SlotFields } from "./SlotFields";
import { type ChartSource, type columnGroups, useItems } from "./source";
import type { Draft } from "./useCards";

interface AddChartDialogProps {
  draft: Draft;
  runs: readonly ChartRun[];
  /** The columns that there are, by kind. */
  groups: ReturnType<typeof columnGroups>;
  source: ChartSource | undefined;
  view: ChartView;
  onSave: (card: Card) => void;
  onClose: () => void;
}

/** Makes a card, or changes one: its kind, what it draws, its title. */
export function AddChartDialog({ draft, runs, groups, source, view, onSave, onClose }: AddChartDialogProps) {
  const [card, setCard] = useState(draft.card);
  const choices = useMemo<Choices>(() => {
    const { metrics, params, attributes, tags } = groups;
    const columns = {
      metrics: metrics.keys,
      params: params.keys,
      attributes: attributes.keys,
      tags: tags.keys,
    };
    return { columns, runs };
  }, [groups, runs]);
  const missing = lacks(card);
  const { kind } = card;
  return (
    <ActionDialog
      wide
      title={draft.replaces === undefined ? "Add a chart" : "Edit the chart"}
      action={draft.replaces === undefined ? "Add chart" : "Save"}
      disabled={missing !== undefined}
      onClose={onClose}
      run={async () => onSave(card)}
    >
      <div className="chart-dialog">
        <div>
          {source && (
            <KindPicker
              kinds={cardKinds}
              value={kind}
              onChange={(next) => setCard(asKind(card, next, choices))}
            />
          )}
          <p className="hint">{kindInfo[kind].hint}.</p>
          <SlotFields card={card} setCard={setCard} groups={groups} runs={runs} />
          <label className="chart-field">
            <span className="field">Title</span>
            <input
              className="input"
              value={card.title ?? ""}
              placeholder={missing ? "" : usualTitle(card)}
              maxLength={120}
              onChange={(e) => setCard({ ...card, title: e.target.value || undefined })}
            />
          </label>
        </div>
        <div className="card-preview">
          <p className="field">Preview</p>
          {missing ? (
            <p className="muted">{missing}</p>
          ) : (
            <Preview {...{ card, runs, groups, source, view }} />
          )}
        </div>
      </div>
    </ActionDialog>
  );
}

const noActions = {
  setOwn: () => {},
  setPinned: () => {},
  move: () => {},
  drop: () => {},
  edit: () => {},
  duplicate: () => {},
  remove: () => {},
};

/** The card as it will be. It takes no input: the fields beside it do. */
function Preview({
  card,
  runs,
  groups,
  source,
  view,
}: Pick<AddChartDialogProps, "runs" | "groups" | "source" | "view"> & { card: Card }) {
  const found = useItems(source, runs, valuesOf(card), false);
  return (
    <div inert>
      <AddedCard
        {...{ card, found, groups, runs, view }}
        actions={noActions}
        axis={view.xMetric ? "step" : (view.axis ?? "step")}
        refetchInterval={false}
        update={() => {}}
        onZoom={() => {}}
      />
    </div>
  );
}
