import { MenuItem, Popover } from "../../../components/Popover";
import type { RunsViewProps } from "../runsView";

interface TreeButtonProps extends Pick<RunsViewProps, "view" | "change"> {
  /** The server nests the runs; it does not if there are too many. */
  nested: boolean;
}

/** Says whether runs are nested, and opens or folds all of them. */
export function TreeButton({ view, change, nested }: TreeButtonProps) {
  const mark = (on: boolean) => <span className="menu-mark">{on ? "✓" : ""}</span>;
  const none = { open: [], folded: [] };
  return (
    <Popover
      kind="menu"
      label={view.flat ? "Flat list of runs" : "Nested runs"}
      title={view.flat || nested ? "Nesting of runs" : "Too many runs match to nest them"}
      trigger={
        <>
          {view.flat ? "Flat" : "Nested"} <span aria-hidden="true">▾</span>
        </>
      }
    >
      {(close) => {
        const choose = (part: Partial<RunsViewProps["view"]>) => () => {
          close();
          change(part);
        };
        return (
          <>
            <MenuItem onSelect={choose({ flat: false, openAll: false, ...none })}>
              {mark(!view.flat && !view.openAll)} Nested, children folded
            </MenuItem>
            <MenuItem onSelect={choose({ flat: false, openAll: true, ...none })}>
              {mark(!view.flat && view.openAll)} Nested, all open
            </MenuItem>
            <MenuItem onSelect={choose({ flat: true, openAll: false, ...none })}>
              {mark(view.flat)} Flat list
            </MenuItem>
          </>
        );
      }}
    </Popover>
  );
}
