import { Icon } from "../../../components/Icon";
import { MenuItem } from "../../../components/Popover";
import { type Aggregate, type Column, column as columnOf, searchName } from "../../../lib/runs/columns";
import type { Sort } from "../../../lib/view/search";
import { AnchoredPopover } from "./AnchoredPopover";

interface ColumnMenuProps {
  column: Column;
  at: DOMRect;
  sort: Sort;
  pinned: boolean;
  width: number;
  /** Ids of the neighbours, undefined at the ends and for the name. */
  before: string | undefined;
  after: string | undefined;
  /** Keys of the metrics whose best step can be used. */
  metrics: readonly string[];
  onClose: () => void;
  setSort: (sort: Sort) => void;
  pin: (on: boolean) => void;
  swap: (neighbour: string) => void;
  resize: (width: number) => void;
  hide: () => void;
  replace: (next: Column) => void;
  startFilter: (text: string) => void;
}

const aggregateTitles: [Aggregate, string][] = [
  ["last", "Last"],
  ["min", "Min"],
  ["max", "Max"],
  ["first", "First"],
];

const widthStep = 40;

/** What can be done with a column. */
export function ColumnMenu(props: ColumnMenuProps) {
  const { column, at, sort, pinned, onClose } = props;
  const isName = column.kind === "attributes" && column.key === "run_name";
  const name = searchName(column);
  const sortedBy = (descending: boolean) => sort.column === column.id && sort.descending === descending;
  const act = (action: () => void) => () => {
    onClose();
    action();
  };
  return (
    <AnchoredPopover label={`Column ${column.title}`} at={at} className="column-menu" onClose={onClose}>
      <p className="column-menu-title truncate" title={column.title}>
        {column.title}
      </p>
      {column.kind === "metrics" && <Aggregates {...props} />}
      {[false, true].map((descending) => (
        <MenuItem
          key={String(descending)}
          onSelect={act(() => props.setSort({ column: column.id, descending }))}
        >
          <span className="menu-mark">{sortedBy(descending) ? "✓" : descending ? "↓" : "↑"}</span>
          Sort {descending ? "descending" : "ascending"}
        </MenuItem>
      ))}
      {name && (
        <MenuItem onSelect={act(() => props.startFilter(name))}>
          <Icon name="filter" size={14} /> Filter by this column
        </MenuItem>
      )}
      {!isName && (
        <>
          <MenuItem onSelect={act(() => props.pin(!pinned))}>
            <span className="menu-mark">{pinned ? "✓" : "⊣"}</span> {pinned ? "Unpin" : "Pin to the left"}
          </MenuItem>
          {props.before && (
            <MenuItem onSelect={act(() => props.swap(props.before!))}>
              <span className="menu-mark">←</span> Move left
            </MenuItem>
          )}
          {props.after && (
            <MenuItem onSelect={act(() => props.swap(props.after!))}>
              <span className="menu-mark">→</span> Move right
            </MenuItem>
          )}
        </>
      )}
      <div className="column-menu-width">
        <span className="menu-mark">↔</span> Width
        <button type="button" className="button" onClick={() => props.resize(props.width - widthStep)}>
          Narrower
        </button>
        <button type="button" className="button" onClick={() => props.resize(props.width + widthStep)}>
          Wider
        </button>
      </div>
      {!isName && (
        <MenuItem onSelect={act(props.hide)}>
          <Icon name="close" size={14} /> Hide
        </MenuItem>
      )}
    </AnchoredPopover>
  );
}

/** Which of the values of a metric is shown. */
function Aggregates({ column, metrics, replace, onClose }: ColumnMenuProps) {
  const choose = (next: Column) => {
    onClose();
    replace(next);
  };
  const others = metrics.filter((key) => key !== column.key);
  return (
    <div className="column-menu-values">
      <fieldset className="segmented">
        <legend className="visually-hidden">Value of the metric</legend>
        {aggregateTitles.map(([aggregate, title]) => (
          <button
            key={aggregate}
            type="button"
            aria-pressed={column.aggregate === aggregate && column.by === undefined}
            onClick={() => choose(columnOf("metrics", column.key, aggregate))}
          >
            {title}
          </button>
        ))}
      </fieldset>
      {others.length > 0 && (
        <label className="column-menu-by">
          At the best step of
          <select
            className="input"
            value={column.by === undefined ? "" : `${column.aggregate}:${column.by}`}
            onChange={(e) => {
              const [, aggregate, key] = /^(min|max):(.*)$/s.exec(e.target.value) ?? [];
              if (aggregate && key !== undefined) {
                choose(columnOf("metrics", column.key, aggregate as Aggregate, key));
              }
            }}
          >
            <option value="">choose a metric</option>
            {others.flatMap((key) =>
              (["min", "max"] as const).map((best) => (
                <option key={best + key} value={`${best}:${key}`}>
                  {best} {key}
                </option>
              )),
            )}
          </select>
        </label>
      )}
    </div>
  );
}
