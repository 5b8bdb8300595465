import {
  type KeyboardEvent,
  type RefObject,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import type { AxisGroup } from "../../../lib/compare/items";
import { columnTitle } from "../../../lib/plots/item";
import { type Aggregate, column, parseColumn } from "../../../lib/runs/columns";
import { Icon } from "../../Icon";

interface ColumnFieldProps {
  label: string;
  /** A column id, or empty. */
  value: string;
  groups: readonly AxisGroup[];
  /** Another value of a metric than the last can be chosen. */
  aggregates: boolean;
  /** Takes the column away, where the card can do without it. */
  clear?: (() => void) | undefined;
  onChange: (id: string) => void;
}

const aggregates: readonly Aggregate[] = ["last", "min", "max", "first"];

/** A column of a card: a field that completes names, and which value of a metric is meant. */
export function ColumnField(props: ColumnFieldProps) {
  const { label, value, groups, clear, onChange } = props;
  const chosen = parseColumn(value);
  return (
    <div className="column-field">
      <ColumnCombobox label={label} value={value} groups={groups} onChange={onChange} />
      {props.aggregates && chosen?.kind === "metrics" && (
        <select
          className="input"
          aria-label={`${label}: which value`}
          value={chosen.aggregate}
          onChange={(e) => onChange(column("metrics", chosen.key, e.target.value as Aggregate).id)}
        >
          {aggregates.map((aggregate) => (
            <option key={aggregate}>{aggregate}</option>
          ))}
        </select>
      )}
      {clear && value && (
        <button
          type="button"
          className="icon-button"
          aria-label={`Remove ${columnTitle(value)}`}
          onClick={clear}
        >
          <Icon name="close" size={12} />
        </button>
      )}
    </div>
  );
}

type ComboboxProps = Pick<ColumnFieldProps, "label" | "value" | "groups" | "onChange"> & {
  placeholder?: string;
};

const mostOffered = 100;

/** Offers the columns whose names contain what is typed. */
export function ColumnCombobox({ label, value, groups, onChange, placeholder }: ComboboxProps) {
  const title = value && plainTitle(value);
  const [text, setText] = useState<string>();
  const [marked, setMarked] = useState(0);
  const listID = useId();
  const open = text !== undefined;
  const field = useRef<HTMLInputElement>(null);
  const list = useListBelow(field, open);
  // The name that is there already does not narrow the list.
  const needle = text === title ? "" : (text ?? "").trim().toLowerCase();
  const offered = open
    ? groups.flatMap((group) =>
        group.keys
          .map((id) => ({ id, label: columnTitle(id), group: group.title }))
          .filter(({ label: name }) => name.toLowerCase().includes(needle)),
      )
    : [];
  const options = offered.slice(0, mostOffered);
  const choose = (id: string) => {
    onChange(id);
    setText(undefined);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (!open) setText(title);
      else setMarked((marked + step + options.length) % Math.max(1, options.length));
    } else if (event.key === "Enter" && open && options[marked]) choose(options[marked].id);
    else if (event.key === "Escape" && open) setText(undefined);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const optionID = (i: number) => `${listID}-${i}`;
  return (
    <div className="combobox">
      <input
        ref={field}
        className="input"
        role="combobox"
        aria-label={label}
        aria-expanded={open}
        aria-controls={listID}
        aria-autocomplete="list"
        aria-activedescendant={open && options[marked] ? optionID(marked) : undefined}
        autoComplete="off"
        spellCheck={false}
        placeholder={placeholder ?? "Name of a metric or param"}
        value={text ?? title}
        onChange={(e) => {
          setText(e.target.value);
          setMarked(0);
        }}
        onFocus={(e) => e.target.select()}
        onClick={() => {
          setText(title);
          setMarked(0);
        }}
        onBlur={() => setText(undefined)}
        onKeyDown={onKeyDown}
      />
      {open && (
        <div
          ref={list}
          id={listID}
          popover="manual"
          className="combobox-options"
          role="listbox"
          aria-label={`${label}: columns`}
        >
          {options.map((option, i) => (
            <Option
              key={option.id}
              id={optionID(i)}
              option={option}
              marked={i === marked}
              choose={() => choose(option.id)}
            />
          ))}
          {options.length === 0 && <p className="muted">No column of this name</p>}
          {offered.length > mostOffered && (
            <p className="muted">{offered.length - mostOffered} more: type to find them</p>
          )}
        </div>
      )}
    </div>
  );
}

/** Shows a list above the dialog, which would cut it off, below its field or, where there is no room, above it. */
function useListBelow(field: RefObject<HTMLInputElement | null>, open: boolean) {
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const box = list.current;
    if (!open || !box) return;
    const place = () => {
      if (!field.current) return;
      const { left, top, bottom, width } = field.current.getBoundingClientRect();
      box.style.width = `${width}px`;
      box.style.left = `${left}px`;
      const below = bottom + box.offsetHeight + 8 <= innerHeight;
      box.style.top = `${below ? bottom + 2 : Math.max(8, top - box.offsetHeight - 2)}px`;
    };
    box.showPopover();
    place();
    addEventListener("scroll", place, true);
    addEventListener("resize", place);
    return () => {
      removeEventListener("scroll", place, true);
      removeEventListener("resize", place);
    };
  }, [field, open]);
  return list;
}

/** The name of a column, whichever of its values is meant. */
function plainTitle(id: string): string {
  const known = parseColumn(id);
  return known?.kind === "metrics" ? known.key : columnTitle(id);
}

interface OptionProps {
  id: string;
  option: { label: string; group: string };
  marked: boolean;
  choose: () => void;
}

function Option({ id, option, marked, choose }: OptionProps) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (marked) ref.current?.scrollIntoView({ block: "nearest" });
  }, [marked]);
  return (
    <div
      ref={ref}
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={marked}
      className="combobox-option"
      title={option.label}
      // The press would take the focus out of the field and close the list before the click arrives.
      onMouseDown={(e) => {
        e.preventDefault();
        choose();
      }}
    >
      <span className="truncate">{option.label}</span> <span className="muted">{option.group}</span>
    </div>
  );
}
