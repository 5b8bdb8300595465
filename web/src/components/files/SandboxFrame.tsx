import { useEffect, useRef } from "react";
import { serverURL } from "../../api/client";

/**
 * A document whose scripts run without the origin of this page, so that they can neither read from the
 * server nor change anything on it. The server's policy for the frame gives it no network.
 */
export function SandboxFrame({ html, title }: { html: string; title: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  useEffect(() => {
    const onMessage = (event: MessageEvent) => {
      const target = frame.current?.contentWindow;
      // The frame has no origin that the message could be addressed to.
      if (target && event.source === target && event.data === "ready") target.postMessage({ html }, "*");
    };
    window.addEventListener("message", onMessage);
    return () => window.removeEventListener("message", onMessage);
  }, [html]);
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
