import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { plotlyText } from "../../api/queries";
import { countFigures, figureIn, foreignScripts, undrawnKinds, withPlotly } from "../../lib/files/plotly";
import { Icon } from "../Icon";
import { ErrorNotice, Loading } from "../Notice";
import { FigureView } from "./FigureView";
import { SandboxFrame } from "./SandboxFrame";
import { UndrawnKinds } from "./UndrawnKinds";

interface HTMLViewProps {
  html: string;
  /** The document as a blob: URL. */
  url: string;
  name: string;
}

/**
 * A document without its scripts, and on request with them. The request is not part of the address:
 * a link must not run the scripts of a file. A page that is nothing but a figure of plotly is data, so
 * it is drawn at once.
 */
export function HTMLView({ html, url, name }: HTMLViewProps) {
  const [running, setRunning] = useState(false);
  const foreign = useMemo(() => foreignScripts(html), [html]);
  const figure = useMemo(
    () => (countFigures(html) === 1 && isBlank(html) ? figureIn(html) : undefined),
    [html],
  );
  const undrawn = figure ? undrawnKinds(figure.data) : [];
  // A page with a plotly of its own draws all kinds once its scripts run.
  const asData = figure && (foreign.plotly || undrawn.length === 0) ? figure : undefined;
  const hasScripts = useMemo(() => /<script\b|\son\w+\s*=/i.test(html), [html]);
  return (
    <>
      {hasScripts && (
        <div className="file-note file-scripts">
          <span>
            {running
              ? "The scripts run in a frame of their own, without access to this server or to other hosts."
              : asData && undrawn.length === 0
                ? "The figure of this page is drawn without its scripts, which do not run by themselves."
                : "The scripts of this page do not run by themselves, and nothing is loaded from other hosts."}
            {foreign.hosts.length > 0 && ` Scripts of ${foreign.hosts.join(", ")} are not loaded.`}
          </span>
          <button type="button" className="button" onClick={() => setRunning(!running)}>
            <Icon name={running ? "close" : "play"} size={14} /> {running ? "Stop scripts" : "Run scripts"}
          </button>
        </div>
      )}
      {running ? (
        <>
          {foreign.plotly && <UndrawnKinds kinds={undrawn} />}
          <RunningHTML html={html} plotly={foreign.plotly} name={name} />
        </>
      ) : asData ? (
        <FigureView figure={asData} name={name} />
      ) : (
        <StillHTML html={html} url={url} name={name} />
      )}
    </>
  );
}

/** A document whose scripts do not run. */
function StillHTML({ html, url, name }: HTMLViewProps) {
  const blank = useMemo(() => isBlank(html), [html]);
  if (blank) return <p className="file-none muted">This page shows nothing before its scripts run.</p>;
  return <iframe className="file-frame" src={url} title={name} sandbox="" />;
}

const visible = "img, svg, video, audio, object, embed, iframe, hr, input, button";

/** Whether a document shows nothing before its scripts run. */
function isBlank(html: string): boolean {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  for (const element of body.querySelectorAll("script, style, noscript, template")) element.remove();
  return body.textContent.trim() === "" && !body.querySelector(visible);
}

function RunningHTML({ html, plotly, name }: { html: string; plotly: boolean; name: string }) {
  const { data, error, refetch } = useQuery({ ...plotlyText(), enabled: plotly });
  const whole = useMemo(() => (data === undefined ? html : withPlotly(html, data)), [html, data]);
  if (error) return <ErrorNotice error={error} what="Could not load plotly" retry={() => refetch()} />;
  if (plotly && data === undefined) return <Loading what="Loading plotly" />;
  return <SandboxFrame html={whole} title={name} />;
}
