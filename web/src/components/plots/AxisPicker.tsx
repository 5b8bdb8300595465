import { useState } from "react";
import type { AxisGroup } from "../../lib/compare/items";
import { columnTitle, type PlotItem } from "../../lib/plots/item";
import type { Brushes } from "../../lib/plots/parallel";
import { Icon } from "../Icon";
import { Popover } from "../Popover";
import { SearchField } from "../SearchField";
import { ChosenAxes } from "./ChosenAxes";

interface AxisPickerProps {
  items: readonly PlotItem[];
  axes: readonly string[];
  groups: readonly AxisGroup[];
  brushes: Brushes;
  changeAxes: (axes: readonly string[]) => void;
  changeBrushes: (brushes: Brushes) => void;
}

/** Chooses the axes of parallel coordinates. They stand in the order in which they were chosen. */
export function AxisPicker(props: AxisPickerProps) {
  return (
    <Popover
      label="Axes"
      trigger={
        <>
          <Icon name="columns" size={14} /> Axes
        </>
      }
    >
      {() => <AxisChoices {...props} />}
    </Popover>
  );
}

const mostShown = 200;

function AxisChoices({ groups, ...chosen }: AxisPickerProps) {
  const { axes, changeAxes } = chosen;
  const [text, setText] = useState("");
  const needle = text.trim().toLowerCase();
  const toggle = (key: string) =>
    changeAxes(axes.includes(key) ? axes.filter((other) => other !== key) : [...axes, key]);
  return (
    <div className="axis-picker">
      <ChosenAxes {...chosen} />
      <SearchField label="Search columns" value={text} onChange={setText} />
      <div className="axis-choices">
        {groups.map(({ title, keys }) => {
          const found = keys.filter((key) => columnTitle(key).toLowerCase().includes(needle));
          return (
            found.length > 0 && (
              <fieldset key={title}>
                <legend>{title}</legend>
                {found.slice(0, mostShown).map((key) => (
                  <label key={key} className="check" title={columnTitle(key)}>
                    <input type="checkbox" checked={axes.includes(key)} onChange={() => toggle(key)} />
                    <span className="truncate">{columnTitle(key)}</span>
                  </label>
                ))}
                {found.length > mostShown && (
                  <p className="muted">{found.length - mostShown} more: search for them.</p>
                )}
              </fieldset>
            )
          );
        })}
      </div>
    </div>
  );
}
