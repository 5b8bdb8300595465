// The settings of this browser. Another person's settings are of no use, so the server keeps none.
import { useSyncExternalStore } from "react";
import {
  defaultPreferences,
  type Preferences,
  parsePreferences,
  preferences,
  setPreferences,
  storedText,
} from "../text/preferences";

const storageKey = "millrace.preferences";
const listeners = new Set<() => void>();

function apply(next: Preferences) {
  setPreferences(next);
  const { dataset } = document.documentElement;
  dataset.density = next.density;
  dataset.times = next.times;
  for (const tell of listeners) tell();
}

function read() {
  try {
    apply(parsePreferences(localStorage.getItem(storageKey)));
  } catch {
    // Storage may be blocked; the defaults are used.
  }
}

/** Reads the settings, and follows those that another tab changes. */
export function loadPreferences() {
  read();
  window.addEventListener("storage", (event) => {
    if (event.key === storageKey || event.key === null) read();
  });
}

export function changePreferences(part: Partial<Preferences>) {
  const next = { ...preferences(), ...part };
  try {
    const text = storedText(next);
    if (text) localStorage.setItem(storageKey, text);
    else localStorage.removeItem(storageKey);
  } catch {
    // The choice then lasts until the page is closed.
  }
  apply(next);
}

export const resetPreferences = () => changePreferences(defaultPreferences);

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

export const usePreferences = (): Preferences => useSyncExternalStore(subscribe, preferences);
