import { useEffect, useState } from "react";
import { copyText } from "../lib/browser/clipboard";
import { Icon } from "./Icon";

/** A small button that copies a text and confirms it in place. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [state, setState] = useState<"idle" | "copied" | "failed">("idle");
  useEffect(() => {
    if (state === "idle") return;
    const timer = setTimeout(() => setState("idle"), 1500);
    return () => clearTimeout(timer);
  }, [state]);
  const hint = { idle: label, copied: "Copied", failed: "Copying is blocked" }[state];
  return (
    <button
      type="button"
      className="icon-button copy"
      aria-label={hint}
      title={hint}
      onClick={async () => setState((await copyText(text)) ? "copied" : "failed")}
    >
      <Icon name={{ idle: "copy", copied: "check", failed: "warning" }[state] as "copy"} size={14} />
      <span className="visually-hidden" aria-live="polite">
        {state === "idle" ? "" : hint}
      </span>
    </button>
  );
}

/** A block of code to copy. */
export function Snippet({ code, label }: { code: string; label: string }) {
  return (
    <figure className="snippet">
      <figcaption className="visually-hidden">{label}</figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines scroll, so the keyboard must reach it */}
      <pre tabIndex={0}>
        <code>{code}</code>
      </pre>
      <CopyButton text={code} label={`Copy ${label}`} />
    </figure>
  );
}
