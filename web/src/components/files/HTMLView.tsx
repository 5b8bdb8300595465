import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { plotlyText } from "../../api/queries";
import { foreignScripts, tracesIn, undrawnKinds, withPlotly } from "../../lib/files/plotly";
import { Icon } from "../Icon";
import { ErrorNotice, Loading } from "../Notice";
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
 * a link must not run the scripts of a file.
 */
export function HTMLView({ html, url, name }: HTMLViewProps) {
  const [running, setRunning] = useState(false);
  const foreign = useMemo(() => foreignScripts(html), [html]);
  const undrawn = useMemo(() => (foreign.plotly ? undrawnKinds(tracesIn(html)) : []), [html, foreign]);
  const blank = useMemo(() => isBlank(html), [html]);
  const hasScripts = useMemo(() => /<script\b|\son\w+\s*=/i.test(html), [html]);
  return (
    <>
      {hasScripts && (
        <div className="file-note file-scripts">
          <span>
            {running
              ? "The scripts run in a frame of their own, without access to this server or to other hosts."
              : "The scripts of this page do not run by themselves, and nothing is loaded from other hosts."}
            {foreign.hosts.length > 0 && ` Scripts of ${foreign.hosts.join(", ")} are not loaded.`}
          </span>
          <button type="button" className="button" onClick={() => setRunning(!running)}>
            <Icon name={running ? "close" : "play"} size={14} /> {running ? "Stop scripts" : "Run scripts"}
          </button>
        </div>
      )}
      <UndrawnKinds kinds={undrawn} />
      {running ? (
        <RunningHTML html={html} plotly={foreign.plotly} name={name} />
      ) : blank && hasScripts ? (
        <p className="file-none muted">The scripts of this page draw all that it shows.</p>
      ) : (
        <iframe className="file-frame" src={url} title={name} sandbox="" />
      )}
    </>
  );
}

/** Whether a document shows nothing before its scripts run. */
function isBlank(html: string): boolean {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  for (const element of body.querySelectorAll("script, style, noscript, template")) element.remove();
  return (
    body.textContent.trim() === "" && !body.querySelector("img, svg, video, audio, object, embed, iframe, hr")
  );
}

function RunningHTML({ html, plotly, name }: { html: string; plotly: boolean; name: string }) {
  const { data, error, refetch } = useQuery({ ...plotlyText(), enabled: plotly });
  const whole = useMemo(() => (data === undefined ? html : withPlotly(html, data)), [html, data]);
  if (error) return <ErrorNotice error={error} what="Could not load plotly" retry={() => refetch()} />;
  if (plotly && data === undefined) return <Loading what="Loading plotly" />;
  return <SandboxFrame html={whole} title={name} />;
}
