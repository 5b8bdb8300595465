import { type ReactNode, useCallback, useState } from "react";
import { csvOf, saveBlob, saveText } from "../../lib/export";
import { Icon } from "../Icon";
import { EmptyState, ErrorNotice, errorText } from "../Notice";
import { MenuItem, Popover } from "../Popover";
import { useToast } from "../Toasts";
import { PlotExportProvider, type PlotExports } from "./exportContext";
import { FullScreen } from "./FullScreen";
import { PlotTable } from "./PlotTable";

interface PlotFrameProps {
  title: string;
  /** Controls beside the title. */
  controls?: ReactNode;
  error?: unknown;
  retry?: () => void;
  /** Why there is nothing to draw. */
  empty?: string | undefined;
  /** The plot, at a height; full screen is taller. */
  children: (full: boolean) => ReactNode;
}

/** A card around a plot: title, full screen, the data as a table, files to save, and what went wrong. */
export function PlotFrame({ title, controls, error, retry, empty, children }: PlotFrameProps) {
  const [full, setFull] = useState(false);
  const [table, setTable] = useState(false);
  const [exports, setExports] = useState<PlotExports>();
  const register = useCallback((next: PlotExports | undefined) => setExports(next), []);
  const body = error ? (
    <ErrorNotice error={error} what={`Could not draw ${title}`} {...(retry ? { retry } : {})} />
  ) : empty ? (
    <EmptyState title={empty} />
  ) : table && exports ? (
    <PlotTable title={title} rows={exports.rows()} />
  ) : null;
  // The plot stays mounted behind its table, which it provides.
  const content = (
    <PlotExportProvider value={register}>
      {body}
      {!error && !empty && <div hidden={body !== null}>{children(full)}</div>}
    </PlotExportProvider>
  );
  return (
    <section className="card plot-card" aria-label={title}>
      <div className="plot-head">
        <h2 className="truncate" title={title}>
          {title}
        </h2>
        <span className="spacer" />
        {controls}
        {exports && <FrameMenu title={title} exports={exports} table={table} setTable={setTable} />}
        <button
          type="button"
          className="icon-button"
          aria-label={`${title}: full screen`}
          onClick={() => setFull(true)}
        >
          <Icon name="expand" size={14} />
        </button>
      </div>
      {full ? (
        <FullScreen title={title} onClose={() => setFull(false)}>
          {content}
        </FullScreen>
      ) : (
        content
      )}
    </section>
  );
}

interface FrameMenuProps {
  title: string;
  exports: PlotExports;
  table: boolean;
  setTable: (table: boolean) => void;
}

function FrameMenu({ title, exports, table, setTable }: FrameMenuProps) {
  const toast = useToast();
  const savePNG = async () => {
    try {
      saveBlob(`${title}.png`, await exports.png());
    } catch (error) {
      toast(`Could not save the picture: ${errorText(error)}`);
    }
  };
  const actions: [string, () => void][] = [
    [table ? "Show the plot" : "Show as a table", () => setTable(!table)],
    ["Save as PNG", () => void savePNG()],
    ["Save as SVG", () => saveText(`${title}.svg`, "image/svg+xml", exports.svg())],
    ["Save as CSV", () => saveText(`${title}.csv`, "text/csv", csvOf(exports.rows()))],
  ];
  return (
    <Popover kind="menu" label={`${title}: save`} trigger={<Icon name="more" />} triggerClass="icon-button">
      {(close) =>
        actions.map(([label, act]) => (
          <MenuItem
            key={label}
            onSelect={() => {
              close();
              act();
            }}
          >
            {label}
          </MenuItem>
        ))
      }
    </Popover>
  );
}
