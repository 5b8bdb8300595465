import { Link } from "@tanstack/react-router";
import type { TableRun } from "../../../api/runTable";
import { Icon } from "../../../components/Icon";
import { RunSwatch, StatusGlyph } from "../../../components/Values";

interface RunListRowProps {
  run: TableRun;
  /** The settings that tell the run apart. */
  caption: string | undefined;
  selected: boolean;
  hidden: boolean;
  toggle: () => void;
  hide: () => void;
  setFocusID: (id: string | undefined) => void;
}

/** A run beside the charts: whether it is drawn, and in which colour. */
export function RunListRow({ run, caption, selected, hidden, toggle, hide, setFocusID }: RunListRowProps) {
  return (
    <li
      className={hidden ? "run-hidden" : undefined}
      onMouseEnter={() => setFocusID(run.id)}
      onMouseLeave={() => setFocusID(undefined)}
    >
      <input type="checkbox" aria-label={`Show ${run.name}`} checked={selected} onChange={toggle} />
      <EyeButton
        id={run.id}
        name={run.name}
        hidden={hidden}
        title={hidden ? "Draw this run again" : "Hide this run from the charts"}
        hide={hide}
      />
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
        <span className="muted truncate" title={caption}>
          {caption}
        </span>
      </span>
    </li>
  );
}

interface EyeButtonProps {
  /** What the colour follows. */
  id: string;
  name: string;
  hidden: boolean;
  title: string;
  hide: () => void;
}

function EyeButton({ id, name, hidden, title, hide }: EyeButtonProps) {
  return (
    <button
      type="button"
      className="run-eye"
      aria-pressed={!hidden}
      aria-label={`Draw ${name}`}
      title={title}
      onClick={hide}
    >
      {hidden ? <Icon name="eye-off" size={14} /> : <RunSwatch runID={id} />}
    </button>
  );
}

interface GroupListRowProps {
  name: string;
  count: number;
  open: boolean;
  /** All runs of the group are hidden. */
  hidden: boolean;
  /** The runs of the group are drawn as thin lines. */
  thin: boolean;
  toggle: () => void;
  hide: () => void;
  draw: () => void;
  setFocusID: (id: string | undefined) => void;
  /** The rows of its runs, while it is open. */
  children: React.ReactNode;
}

/** A group of runs: it unfolds to its runs, is hidden with all of them, and draws each beside the mean. */
export function GroupListRow(props: GroupListRowProps) {
  const { name, count, open, hidden, thin, toggle, hide, draw, setFocusID, children } = props;
  return (
    <li className="run-group">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: pointing at the group brings its lines forward */}
      <div
        className={hidden ? "run-group-head run-hidden" : "run-group-head"}
        onMouseEnter={() => setFocusID(name)}
        onMouseLeave={() => setFocusID(undefined)}
      >
        <button
          type="button"
          className="icon-button fold"
          aria-expanded={open}
          aria-label={`Runs of ${name}`}
          onClick={toggle}
        >
          <Icon name="chevron" size={12} />
        </button>
        <EyeButton
          id={name}
          name={name}
          hidden={hidden}
          title={hidden ? "Draw this group again" : "Hide the runs of this group from the charts"}
          hide={hide}
        />
        <span className="run-list-name">
          <span className="truncate" title={name}>
            {name}
          </span>
        </span>
        <span className="muted number">{count}</span>
        <button
          type="button"
          className="icon-button"
          aria-pressed={thin}
          aria-label={`Draw each run of ${name}`}
          title="Draw each run of this group as a thin line"
          onClick={draw}
        >
          <Icon name="lines" size={14} />
        </button>
      </div>
      {open && <ul>{children}</ul>}
    </li>
  );
}
