import { type Card, kindInfo, type Slot } from "../../../lib/cards/card";
import type { AxisGroup } from "../../../lib/compare/items";
import type { ColumnKind } from "../../../lib/runs/columns";
import type { ChartRun } from "../useSeries";
import { ColumnCombobox, ColumnField } from "./ColumnField";

interface SlotFieldsProps {
  card: Card;
  setCard: (card: Card) => void;
  groups: Readonly<Record<ColumnKind, AxisGroup>>;
  runs: readonly ChartRun[];
}

/** What a card of its kind draws. */
export function SlotFields({ card, setCard, groups, runs }: SlotFieldsProps) {
  const { kind, columns } = card;
  const setColumns = (next: readonly string[]) => setCard({ ...card, columns: next.filter(Boolean) });
  const aggregates = kind !== "line";
  return (
    <>
      {kindInfo[kind].slots.map((slot, i) => {
        const offered = slot.kinds.map((name) => groups[name]);
        return slot.many ? (
          <ManyColumns key={slot.label} {...{ slot, offered, columns, setColumns, aggregates }} />
        ) : (
          <div key={slot.label} className="chart-field">
            <span className="field">
              {slot.label} {slot.optional && <span className="muted">(optional)</span>}
            </span>
            <ColumnField
              label={slot.label}
              value={columns[i] ?? ""}
              groups={offered}
              aggregates={aggregates}
              clear={slot.optional ? () => setColumns(columns.toSpliced(i, 1)) : undefined}
              onChange={(id) => setColumns(columns[i] ? columns.with(i, id) : [...columns, id])}
            />
          </div>
        );
      })}
      {(kind === "difference" || kind === "line") && runs.length > 1 && (
        <label className="chart-field">
          <span className="field">
            Baseline {kind === "line" && <span className="muted">(optional)</span>}
          </span>
          <select
            className="input"
            value={card.base ?? ""}
            onChange={(e) => setCard({ ...card, base: e.target.value || undefined })}
          >
            {kind === "line" && <option value="">none: the curves themselves</option>}
            {runs.map((run) => (
              <option key={run.id} value={run.id}>
                {run.name}
              </option>
            ))}
          </select>
        </label>
      )}
      {kind === "images" && (
        <label className="chart-field">
          <span className="field">
            Key <span className="muted">(optional)</span>
          </span>
          <input
            className="input"
            value={card.key ?? ""}
            placeholder="All images"
            onChange={(e) => setCard({ ...card, key: e.target.value || undefined })}
          />
        </label>
      )}
    </>
  );
}

interface ManyColumnsProps {
  slot: Slot;
  offered: readonly AxisGroup[];
  columns: readonly string[];
  setColumns: (columns: readonly string[]) => void;
  aggregates: boolean;
}

/** Columns in their order, and a field for one more. */
function ManyColumns({ slot, offered, columns, setColumns, aggregates }: ManyColumnsProps) {
  const free = offered.map((group) => ({
    ...group,
    keys: group.keys.filter((id) => !columns.includes(id)),
  }));
  return (
    <div className="chart-field">
      <span className="field">{slot.label}</span>
      {columns.map((id, i) => (
        <ColumnField
          key={id}
          label={`${slot.label} ${i + 1}`}
          value={id}
          groups={free}
          aggregates={aggregates}
          clear={() => setColumns(columns.toSpliced(i, 1))}
          onChange={(next) => setColumns(columns.with(i, next))}
        />
      ))}
      <ColumnCombobox
        label={`Add to ${slot.label.toLowerCase()}`}
        placeholder="One more"
        value=""
        groups={free}
        onChange={(id) => setColumns([...columns, id])}
      />
    </div>
  );
}
