import { useEffect, useRef } from "react";
import { serverURL } from "../../api/client";
import "./files.css";

interface SandboxFrameProps {
  html: string;
  title: string;
  /** What the document is sent once it says "loaded", and after each change. */
  message?: unknown;
}

/**
 * A document whose scripts run without the origin of this page, so that they can neither read from the
 * server nor change anything on it. The server's policy for the frame gives it no network.
 */
export function SandboxFrame({ html, title, message }: SandboxFrameProps) {
  const frame = useRef<HTMLIFrameElement>(null);
  const loaded = useRef(false);
  const latest = useRef(message);
  latest.current = message;
  // The frame has no origin that a message could be addressed to.
  const tell = (text: unknown) => frame.current?.contentWindow?.postMessage(text, "*");
  // biome-ignore lint/correctness/useExhaustiveDependencies: tell is a new function on each render
  useEffect(() => {
    loaded.current = false;
    const onMessage = (event: MessageEvent) => {
      if (event.source === null || event.source !== frame.current?.contentWindow) return;
      if (event.data === "ready") tell({ html });
      if (event.data !== "loaded" || latest.current === undefined) return;
      loaded.current = true;
      tell(latest.current);
    };
    window.addEventListener("message", onMessage);
    return () => window.removeEventListener("message", onMessage);
  }, [html]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above
  useEffect(() => {
    if (loaded.current) tell(message);
  }, [message]);
  return (
    <iframe
      key={html}
      ref={frame}
      className="file-frame"
      src={serverURL("sandbox.html")}
      title={title}
      sandbox="allow-scripts"
    />
  );
}
