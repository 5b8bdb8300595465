import { type FormEvent, useEffect, useState } from "react";
import { StepButton } from "../StepButton";

interface PagerProps {
  /** What is counted, such as row. */
  what: string;
  /** The number of the first one that is shown, from 0. */
  first: number;
  shown: number;
  count: number;
  /** How many a page has. */
  size: number;
  go: (first: number) => void;
}

/** Goes through a long list by pages or to a number. */
export function Pager({ what, first, shown, count, size, go }: PagerProps) {
  const [text, setText] = useState(String(first));
  useEffect(() => setText(String(first)), [first]);
  const last = Math.max(0, count - size);
  const clamp = (n: number) => Math.max(0, Math.min(count - 1, n));
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    const number = Number(text.replace(/[,\s]/g, ""));
    if (text.trim() === "" || !Number.isFinite(number)) setText(String(first));
    else go(clamp(Math.trunc(number)));
  };
  const number = (n: number) => n.toLocaleString("en-US");
  return (
    <form className="pager" onSubmit={onSubmit} aria-label={`Pages of ${what}s`}>
      <StepButton
        label={`Previous ${what}s`}
        turned
        go={first > 0 ? () => go(clamp(first - size)) : undefined}
      />
      <label>
        <span className="visually-hidden">First {what}</span>
        <input
          className="input number"
          inputMode="numeric"
          value={text}
          size={Math.max(4, String(count).length)}
          onChange={(e) => setText(e.target.value)}
          onBlur={() => setText(String(first))}
        />
      </label>
      <span className="muted number" role="status">
        – {number(first + shown - 1)} of {number(count)} {what}s
      </span>
      <StepButton label={`Next ${what}s`} go={first < last ? () => go(first + size) : undefined} />
    </form>
  );
}
