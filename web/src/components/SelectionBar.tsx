import type { ReactNode } from "react";

interface SelectionBarProps {
  /** Its accessible name, such as "Selected traces". */
  label: string;
  /** What is selected, such as "3 traces". */
  what: string;
  clear: () => void;
  /** What can be done with them. */
  children: ReactNode;
}

/** What is selected in a list, and what can be done with it. */
export function SelectionBar({ label, what, clear, children }: SelectionBarProps) {
  return (
    <section className="selection-bar" aria-label={label}>
      <strong>{what} selected</strong>
      {children}
      <span className="spacer" />
      <button type="button" className="link-button" onClick={clear}>
        Clear the selection
      </button>
    </section>
  );
}
