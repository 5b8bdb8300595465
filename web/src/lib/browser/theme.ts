import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";

const storageKey = "millrace.theme";
const darkQuery = "(prefers-color-scheme: dark)";
const listeners = new Set<() => void>();

/** The user's choice. public/theme.js applies the stored one before the first paint. */
export function currentTheme(): Theme {
  const theme = document.documentElement.dataset.theme;
  return theme === "light" || theme === "dark" ? theme : "system";
}

export function setTheme(theme: Theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem(storageKey);
    else localStorage.setItem(storageKey, theme);
  } catch {
    // Storage may be blocked; the choice then lasts until the page is closed.
  }
  for (const tell of listeners) tell();
}

function subscribe(listener: () => void) {
  const media = matchMedia(darkQuery);
  listeners.add(listener);
  media.addEventListener("change", listener);
  return () => {
    listeners.delete(listener);
    media.removeEventListener("change", listener);
  };
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, currentTheme);
}

/** Whether the page is dark now, by choice or by the operating system. For canvases; CSS knows itself. */
export function useIsDark(): boolean {
  return useSyncExternalStore(subscribe, () => {
    const theme = currentTheme();
    return theme === "system" ? matchMedia(darkQuery).matches : theme === "dark";
  });
}
