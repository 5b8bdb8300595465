import { useMemo, useState } from "react";
import { type Axis, axisOf, suitsLog } from "../../lib/plots/axis";
import { columnTitle, type PlotItem, readColumn } from "../../lib/plots/item";
import type { Brush, Brushes } from "../../lib/plots/parallel";
import { Icon } from "../Icon";

interface ChosenAxesProps {
  items: readonly PlotItem[];
  axes: readonly string[];
  brushes: Brushes;
  changeAxes: (axes: readonly string[]) => void;
  changeBrushes: (brushes: Brushes) => void;
}

/** The order of the axes and the chosen part of each: what a pointer does by dragging, for the keyboard. */
export function ChosenAxes({ items, axes, brushes, changeAxes, changeBrushes }: ChosenAxesProps) {
  const swap = (i: number) => {
    const next = [...axes];
    [next[i], next[i + 1]] = [next[i + 1]!, next[i]!];
    changeAxes(next);
  };
  const setBrush = (key: string, brush: Brush | undefined) => {
    const { [key]: _, ...others } = brushes;
    changeBrushes(brush ? { ...others, [key]: brush } : others);
  };
  return (
    <ol className="chosen-axes" aria-label="Axes from left to right">
      {axes.map((key, i) => {
        const title = columnTitle(key);
        return (
          <li key={key}>
            <span className="truncate" title={title}>
              {title}
            </span>
            <RangeEditor items={items} column={key} brush={brushes[key]} change={(b) => setBrush(key, b)} />
            <button
              type="button"
              className="icon-button"
              aria-label={`Move ${title} to the left`}
              disabled={i === 0}
              onClick={() => swap(i - 1)}
            >
              ‹
            </button>
            <button
              type="button"
              className="icon-button"
              aria-label={`Move ${title} to the right`}
              disabled={i === axes.length - 1}
              onClick={() => swap(i)}
            >
              ›
            </button>
            <button
              type="button"
              className="icon-button"
              aria-label={`Remove the axis ${title}`}
              onClick={() => changeAxes(axes.filter((other) => other !== key))}
            >
              <Icon name="close" size={12} />
            </button>
          </li>
        );
      })}
    </ol>
  );
}

interface RangeProps {
  items: readonly PlotItem[];
  column: string;
  brush: Brush | undefined;
  change: (brush: Brush | undefined) => void;
}

/** The least and the greatest value that is chosen, or the first and the last category. */
function RangeEditor({ items, column: key, brush = [0, 1], change }: RangeProps) {
  const axis = useMemo(() => {
    const column = readColumn(items, key);
    return axisOf(column, { log: suitsLog(column) });
  }, [items, key]);
  const [from, to] = brush;
  const title = columnTitle(key);
  const set = (next: Brush) => change(next[0] <= 0 && next[1] >= 1 ? undefined : next);
  const Field = axis.kind === "category" ? CategoryBound : Bound;
  return (
    <span className="range-editor">
      <Field label={`${title}: from`} axis={axis} at={from} set={(at) => set([Math.min(at, to), to])} />
      <span aria-hidden="true">–</span>
      <Field label={`${title}: to`} axis={axis} at={to} isEnd set={(at) => set([from, Math.max(at, from)])} />
    </span>
  );
}

interface BoundProps {
  label: string;
  axis: Axis;
  /** Place on the axis. */
  at: number;
  /** It is the upper one of two. */
  isEnd?: boolean;
  set: (at: number) => void;
}

const mostCategories = 200;

/** Chooses a category; its place is its lower or its upper edge. */
function CategoryBound({ label, axis: { categories }, at, isEnd = false, set }: BoundProps) {
  const count = categories.length;
  const index = Math.min(count - 1, Math.max(0, isEnd ? Math.ceil(at * count) - 1 : Math.floor(at * count)));
  if (count === 0 || count > mostCategories) return <span className="muted">…</span>;
  return (
    <select
      className="input"
      aria-label={label}
      value={index}
      onChange={(e) => set(Number(((Number(e.target.value) + Number(isEnd)) / count).toFixed(5)))}
    >
      {categories.map((text, i) => (
        <option key={text} value={i}>
          {text}
        </option>
      ))}
    </select>
  );
}

/** A number that holds once the field is left or Enter is pressed. */
function Bound({ label, axis, at, set }: BoundProps) {
  const shown = String(Number(axis.invert(at).toPrecision(4)));
  const [draft, setDraft] = useState<string>();
  const commit = () => {
    const place = draft === undefined ? undefined : axis.place({ number: Number(draft) });
    setDraft(undefined);
    if (place === undefined || !Number.isFinite(place) || draft?.trim() === "") return;
    set(Number(Math.min(1, Math.max(0, place)).toFixed(5)));
  };
  return (
    <input
      className="input number"
      inputMode="decimal"
      aria-label={label}
      value={draft ?? shown}
      onChange={(e) => setDraft(e.target.value)}
      onBlur={commit}
      onKeyDown={(e) => e.key === "Enter" && commit()}
    />
  );
}
