import { csvOf, saveBlob, saveText } from "../../../lib/export";
import { type ChartStyle, decodeRange, encodeRange } from "../../../lib/view/charts";
import { Icon } from "../../Icon";
import { errorText } from "../../Notice";
import { Popover } from "../../Popover";
import type { PlotExports } from "../../plots/exportContext";
import { useToast } from "../../Toasts";
import { RangeField } from "../RangeField";
import type { CardActions } from "./CardFrame";

const flagLabels: readonly (readonly [Exclude<keyof ChartStyle, "yRange">, string])[] = [
  ["logY", "Log y"],
  ["xLog", "Log x"],
  ["ignoreOutliers", "Ignore outliers"],
];

interface CardMenuProps {
  id: string;
  name: string;
  /** The settings that the card has, with their values. */
  style: Partial<ChartStyle>;
  wide: boolean;
  setWide: (wide: boolean) => void;
  pinned: boolean;
  actions: CardActions;
  exports: PlotExports | undefined;
  table: { shown: boolean; set: (shown: boolean) => void } | undefined;
}

/** What can be done with one card. */
export function CardMenu(props: CardMenuProps) {
  const { id, name, style, wide, setWide, pinned, actions, exports, table } = props;
  const check = (label: string, on: boolean, set: (on: boolean) => void) => (
    <label key={label} className="check">
      <input type="checkbox" checked={on} onChange={(e) => set(e.target.checked)} /> {label}
    </label>
  );
  const action = (label: string, act: () => void) => (
    <button key={label} type="button" className="button" onClick={act}>
      {label}
    </button>
  );
  return (
    <Popover label={`${name}: settings`} trigger={<Icon name="more" />} triggerClass="icon-button">
      {(close) => (
        <div className="card-menu">
          {check("Pin to the top", pinned, (on) => actions.setPinned(id, on))}
          {check("Whole width", wide, setWide)}
          {flagLabels
            .filter(([flag]) => style[flag] !== undefined)
            .map(([flag, label]) =>
              check(label, style[flag] === true, (on) => actions.setOwn(id, { [flag]: on })),
            )}
          {table && check("As a table", table.shown, table.set)}
          {"yRange" in style && (
            <RangeField
              range={encodeRange(style.yRange)}
              set={(text) => actions.setOwn(id, { yRange: decodeRange(text) })}
            />
          )}
          <div className="card-menu-row">
            {action("Move before", () => actions.move(id, -1))}
            {action("Move behind", () => actions.move(id, 1))}
          </div>
          <div className="card-menu-row">
            {action("Edit…", () => {
              close();
              actions.edit(id);
            })}
            {action("Duplicate", () => {
              close();
              actions.duplicate(id);
            })}
            {action("Remove", () => {
              close();
              actions.remove(id);
            })}
          </div>
          {exports && <SaveRow name={name} exports={exports} close={close} />}
        </div>
      )}
    </Popover>
  );
}

function SaveRow({ name, exports, close }: { name: string; exports: PlotExports; close: () => void }) {
  const toast = useToast();
  const save = async (how: "png" | "svg" | "csv") => {
    close();
    try {
      if (how === "csv") saveText(`${name}.csv`, "text/csv", csvOf(exports.rows()));
      else if (how === "png") saveBlob(`${name}.png`, await exports.png());
      else saveText(`${name}.svg`, "image/svg+xml", exports.svg());
    } catch (error) {
      toast(`Could not save ${name}: ${errorText(error)}`);
    }
  };
  return (
    <div className="card-menu-row">
      {(["png", "svg", "csv"] as const).map((how) => (
        <button key={how} type="button" className="button" onClick={() => void save(how)}>
          {how.toUpperCase()}
        </button>
      ))}
    </div>
  );
}
