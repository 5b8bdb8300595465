import type { ReactNode } from "react";

interface ColumnGroupProps<C> {
  title: string;
  /** How many columns of the group are shown, of how many. */
  on: number;
  count: number;
  columns: readonly C[];
  isShown: (id: string) => boolean;
  set: (columns: readonly C[], show: boolean) => void;
  children?: ReactNode;
}

/** Check boxes for the columns of a group, and a button for all of them. */
export function ColumnGroup<C extends { id: string; title: string }>(props: ColumnGroupProps<C>) {
  const { title, on, count, columns, isShown, set, children } = props;
  return (
    <fieldset>
      <legend>
        {title}{" "}
        <span className="muted number">
          {on} of {count.toLocaleString("en-US")}
        </span>
        <button type="button" className="link-button" onClick={() => set(columns, on === 0)}>
          {on === 0 ? "Show all" : "Hide all"}
        </button>
      </legend>
      {columns.map((c) => (
        <label key={c.id} className="check">
          <input type="checkbox" checked={isShown(c.id)} onChange={(e) => set([c], e.target.checked)} />
          <span className="truncate" title={c.title}>
            {c.title}
          </span>
        </label>
      ))}
      {children}
    </fieldset>
  );
}
