// How people want times, sizes and tables shown. The browser keeps it: see lib/browser/preferences.ts.

export interface Preferences {
  /** The number that a kilobyte has. */
  bytes: 1000 | 1024;
  times: "relative" | "absolute";
  zone: "local" | "utc";
  /** How often live pages ask the server, in seconds. */
  refreshS: number;
  density: "compact" | "comfortable";
  /** Keys without Ctrl or Cmd do something. People who dictate turn them off. */
  singleKeys: boolean;
}

export const refreshChoices: readonly number[] = [5, 15, 60, 600];

export const defaultPreferences: Preferences = {
  bytes: 1000,
  times: "relative",
  zone: "local",
  refreshS: 5,
  density: "compact",
  singleKeys: true,
};

let current = defaultPreferences;

export const preferences = (): Preferences => current;

export function setPreferences(next: Preferences) {
  current = next;
}

/** What was stored by this or by another release. Values that mean nothing are those of the default. */
export function parsePreferences(text: string | null): Preferences {
  let stored: unknown;
  try {
    stored = JSON.parse(text ?? "");
  } catch {
    return defaultPreferences;
  }
  if (typeof stored !== "object" || stored === null) return defaultPreferences;
  const of = stored as Record<string, unknown>;
  const pick = <K extends keyof Preferences>(key: K, allowed: readonly Preferences[K][]): Preferences[K] =>
    allowed.find((value) => value === of[key]) ?? defaultPreferences[key];
  return {
    bytes: pick("bytes", [1000, 1024]),
    times: pick("times", ["relative", "absolute"]),
    zone: pick("zone", ["local", "utc"]),
    refreshS: pick("refreshS", refreshChoices),
    density: pick("density", ["compact", "comfortable"]),
    singleKeys: pick("singleKeys", [true, false]),
  };
}

/** What differs from the default, as it is stored; empty if nothing does. */
export function storedText(p: Preferences): string {
  const chosen = Object.entries(p).filter(
    ([key, value]) => value !== defaultPreferences[key as keyof Preferences],
  );
  return chosen.length === 0 ? "" : JSON.stringify(Object.fromEntries(chosen));
}

const rowHeights = { compact: 30, comfortable: 38 };

/** The height of a row of a table, as tokens.css has it. */
export const rowHeight = (): number => rowHeights[current.density];
