import { useHotkeys } from "./hooks";

/** The part of a row that the focus moves to. */
const marked = ["a", "button.folder-name", "button.link-button", "input"]
  .map((part) => `[data-row-name] ${part}`)
  .join(", ");

/** Moves the focus among the names in sight; bringing one into view renders the rows after it. */
function focusName(step: number) {
  const names = [...document.querySelectorAll<HTMLElement>(marked)];
  const row = document.activeElement?.closest("[role=row], tr");
  const at = names.findIndex((name) => name === document.activeElement || row?.contains(name));
  names[Math.max(0, Math.min(names.length - 1, at + step))]?.focus();
}

/** Clicks on something in the row that has the focus. */
function clickInRow(selector: string) {
  document.activeElement?.closest("[role=row], tr")?.querySelector<HTMLElement>(selector)?.click();
}

/** The keys of a list whose rows have names: j and k move, x ticks, e edits what the row has an editor for. */
export function useRowKeys() {
  useHotkeys({
    j: () => focusName(1),
    k: () => focusName(-1),
    x: () => clickInRow("input[type=checkbox]"),
    e: () => clickInRow(".edit-tags"),
  });
}
