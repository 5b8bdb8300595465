import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { deleteExperimentTag, setExperimentTag } from "../../../api/experiments";
import { experimentDetail } from "../../../api/queries";
import { Icon } from "../../../components/Icon";
import { errorText } from "../../../components/Notice";
import { Popover } from "../../../components/Popover";
import { useToast } from "../../../components/Toasts";
import { noView, type RunsView, runsCodec } from "../../../lib/view/runs";
import { addressOf, defaultTag, type SavedView, savedViews, viewOf, viewTag } from "../../../lib/view/saved";
import "./views.css";

interface ViewsMenuProps {
  experimentID: string;
  view: RunsView;
}

/** Chooses a saved view, and saves the present one under a name for everybody who sees the experiment. */
export function ViewsMenu({ experimentID, view }: ViewsMenuProps) {
  const { data: experiment } = useQuery(experimentDetail(experimentID));
  if (!experiment) return null;
  const views = savedViews(experiment.tags);
  const current = views.find((v) => v.name === view.saved);
  const modified = current !== undefined && current.address !== addressOf(view);
  return (
    <Popover
      label="Saved views"
      trigger={
        <>
          <span className="truncate views-name">{current ? current.name : "Views"}</span>
          {modified && <span className="muted">edited</span>}
          <span aria-hidden="true">▾</span>
        </>
      }
    >
      {(close) => (
        <Views
          experimentID={experimentID}
          view={view}
          views={views}
          current={current}
          modified={modified}
          byDefault={experiment.tags[defaultTag] ?? ""}
          readOnly={experiment.stage === "deleted"}
          close={close}
        />
      )}
    </Popover>
  );
}

interface ViewsProps extends ViewsMenuProps {
  views: readonly SavedView[];
  current: SavedView | undefined;
  modified: boolean;
  byDefault: string;
  readOnly: boolean;
  close: () => void;
}

function Views(props: ViewsProps) {
  const { experimentID, view, views, current, modified, byDefault, readOnly, close } = props;
  const [name, setName] = useState("");
  const client = useQueryClient();
  const navigate = useNavigate();
  const toast = useToast();

  const show = (next: RunsView) => {
    close();
    void navigate({ to: ".", search: runsCodec.encode({ ...next, live: view.live }) } as never);
  };
  const change = async (action: () => Promise<unknown>, message?: string) => {
    try {
      await action();
      await client.invalidateQueries({ queryKey: experimentDetail(experimentID).queryKey });
      if (message) toast(message);
      return true;
    } catch (error) {
      toast(`The view could not be saved: ${errorText(error)}`);
      return false;
    }
  };
  const save = async (to: string) => {
    const done = await change(
      () => setExperimentTag(experimentID, viewTag(to), addressOf(view)),
      `Saved the view ${to}`,
    );
    if (done) show({ ...view, saved: to });
  };
  const remove = (v: SavedView) =>
    change(async () => {
      await deleteExperimentTag(experimentID, viewTag(v.name));
      if (byDefault === v.name) await deleteExperimentTag(experimentID, defaultTag);
    }, `Deleted the view ${v.name}`);
  const toggleDefault = (v: SavedView) =>
    change(() =>
      byDefault === v.name
        ? deleteExperimentTag(experimentID, defaultTag)
        : setExperimentTag(experimentID, defaultTag, v.name),
    );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim()) void save(name.trim());
  };
  return (
    <div className="views">
      <div className="view-line">
        <button
          type="button"
          className="menu-item"
          aria-pressed={!current}
          onClick={() => show({ ...runsCodec.decode({}), saved: byDefault ? noView : "" })}
        >
          <span className="menu-mark">{current ? "" : "✓"}</span> Automatic
        </button>
      </div>
      {views.map((v) => (
        <div key={v.name} className="view-line">
          <button
            type="button"
            className="menu-item"
            aria-pressed={v.name === current?.name}
            onClick={() => show(viewOf(v))}
          >
            <span className="menu-mark">{v.name === current?.name ? "✓" : ""}</span>
            <span className="truncate" title={v.name}>
              {v.name}
            </span>
            {byDefault === v.name && <span className="muted">default</span>}
          </button>
          {!readOnly && (
            <>
              <button
                type="button"
                className="link-button"
                aria-pressed={byDefault === v.name}
                aria-label={`Open the experiment with the view ${v.name}`}
                onClick={() => void toggleDefault(v)}
              >
                {byDefault === v.name ? "Unset" : "Make default"}
              </button>
              <button
                type="button"
                className="icon-button"
                aria-label={`Delete the view ${v.name}`}
                onClick={() => void remove(v)}
              >
                <Icon name="trash" size={14} />
              </button>
            </>
          )}
        </div>
      ))}
      {!readOnly && (
        <>
          {current && modified && (
            <button type="button" className="button" onClick={() => void save(current.name)}>
              Update <span className="truncate views-name">{current.name}</span>
            </button>
          )}
          <form className="view-save" onSubmit={submit}>
            <input
              className="input"
              aria-label="Name of the view"
              placeholder="Save this view as"
              value={name}
              maxLength={200}
              onChange={(e) => setName(e.target.value)}
            />
            <button type="submit" className="button" disabled={name.trim() === ""}>
              Save
            </button>
          </form>
        </>
      )}
    </div>
  );
}
