import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import type { TableRun } from "../../../api/runTable";
import { Icon } from "../../../components/Icon";
import { RunSwatch, StatusGlyph } from "../../../components/Values";
import { columnTitle, type PlotItem } from "../../../lib/plots/item";
import { settingText } from "../../../lib/table/cells";
import { plural } from "../../../lib/text/format";
import type { RunsViewProps } from "../runsView";

interface RunListProps extends Pick<RunsViewProps, "view" | "change"> {
  runs: readonly TableRun[];
  drawn: readonly TableRun[];
  setFocusID: (id: string | undefined) => void;
  /** Ids of the columns that tell the runs apart, and their values as far as they are known. */
  named: readonly string[];
  items: readonly PlotItem[];
  /** Runs that match, whether they are loaded or not. */
  matching: number;
  loadMore: (() => void) | undefined;
}

/** The runs beside their charts: which of them are drawn, and in which colour. */
export function RunList(props: RunListProps) {
  const { runs, drawn, view, change, setFocusID, named, items, matching, loadMore } = props;
  const selected = new Set(
    runs.map((run) => run.id).filter((id) => view.selectAll !== view.selected.includes(id)),
  );
  const hidden = new Set(view.hidden.filter((id) => runs.some((run) => run.id === id)));
  const hide = (id: string) =>
    change(
      { hidden: hidden.has(id) ? view.hidden.filter((other) => other !== id) : [...view.hidden, id] },
      "replace",
    );
  const captions = useMemo(
    () => new Map(items.map((item) => [item.id, captionOf(item, named)])),
    [items, named],
  );
  const toggle = (id: string) => {
    const next = new Set(view.selected); // Those that are chosen or, with selectAll, those that are not.
    if (!next.delete(id)) next.add(id);
    change({ selected: [...next] }, "replace");
  };
  return (
    <aside className="card run-list" aria-label="Runs in the charts">
      <p className="run-list-head">
        {selected.size > 0 ? (
          <>
            {drawn.length} selected{" "}
            <button
              type="button"
              className="link-button"
              onClick={() => change({ selected: [], selectAll: false }, "replace")}
            >
              Show all
            </button>
          </>
        ) : (
          describeDrawn(drawn.length, Math.max(matching, runs.length))
        )}
        {hidden.size > 0 && (
          <>
            {" "}
            {hidden.size} hidden
            <button type="button" className="link-button" onClick={() => change({ hidden: [] }, "replace")}>
              Show them
            </button>
          </>
        )}
      </p>
      <ul>
        {runs.map((run) => (
          <li
            key={run.id}
            className={hidden.has(run.id) ? "run-hidden" : undefined}
            onMouseEnter={() => setFocusID(run.id)}
            onMouseLeave={() => setFocusID(undefined)}
          >
            <input
              type="checkbox"
              aria-label={`Show ${run.name}`}
              checked={selected.has(run.id)}
              onChange={() => toggle(run.id)}
            />
            <button
              type="button"
              className="run-eye"
              aria-pressed={!hidden.has(run.id)}
              aria-label={`Draw ${run.name}`}
              title={hidden.has(run.id) ? "Draw this run again" : "Hide this run from the charts"}
              onClick={() => hide(run.id)}
            >
              {hidden.has(run.id) ? <Icon name="eye-off" size={14} /> : <RunSwatch runID={run.id} />}
            </button>
            <StatusGlyph status={run.status} />
            <span className="run-list-name">
              <Link
                to="/experiments/$experimentID/runs/$runID"
                params={{ experimentID: run.experimentID, runID: run.id }}
                className="truncate"
                title={run.name}
              >
                {run.name}
              </Link>
              <span className="muted truncate">{captions.get(run.id)}</span>
            </span>
          </li>
        ))}
      </ul>
      {loadMore && (
        <p className="more">
          <button type="button" className="button" onClick={loadMore}>
            Load more runs
          </button>
        </p>
      )}
    </aside>
  );
}

/** The settings that tell a run apart. */
function captionOf({ values }: PlotItem, named: readonly string[]): string {
  return named
    .flatMap((id) => (values[id] === undefined ? [] : [`${columnTitle(id)} ${settingText(values[id])}`]))
    .join(" · ");
}

/** Says how many of the runs are drawn, and never "all" while others match. */
function describeDrawn(drawn: number, matching: number): string {
  if (drawn < matching)
    return `The first ${drawn} of ${plural(matching, "run")}. Tick runs to choose others.`;
  return drawn === 1 ? "The only run." : `All ${drawn} runs. Tick runs to show only those.`;
}
