// Pinned experiments, kept by the browser: another person's pins are of no use.

const storageKey = "millrace.pinned";
const listeners = new Set<() => void>();
let known: { text: string; ids: readonly string[] } = { text: "", ids: [] };

/** The ids of the pinned experiments, the newest pin last. The list is the same until it changes. */
export function pinnedExperiments(): readonly string[] {
  let text = "";
  try {
    text = localStorage.getItem(storageKey) ?? "";
  } catch {
    // Storage may be blocked; pins then last until the page is closed.
    return known.ids;
  }
  if (text !== known.text) known = { text, ids: text.split(",").filter(Boolean) };
  return known.ids;
}

export function togglePin(id: string) {
  const before = pinnedExperiments();
  const ids = before.includes(id) ? before.filter((other) => other !== id) : [...before, id];
  known = { text: ids.join(","), ids };
  try {
    localStorage.setItem(storageKey, known.text);
  } catch {
    // As above.
  }
  for (const tell of listeners) tell();
}

/** Calls back when pins change, here or in another tab. */
export function onPinsChange(listener: () => void) {
  listeners.add(listener);
  window.addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", listener);
  };
}
