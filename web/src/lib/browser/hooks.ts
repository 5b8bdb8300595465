import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { preferences } from "../text/preferences";
import type { Codec, Search } from "../view/search";

/**
 * The view state of the current page and a way to change it. Changes go to the address bar; those a
 * user may want to step back from become history entries, others (a slider) replace the current one.
 * A part of a page keeps the parameters that belong to others.
 */
export function useViewState<T>(codec: Codec<T>, others: "dropped" | "kept" = "dropped") {
  const search = useSearch({ strict: false }) as Search;
  const navigate = useNavigate();
  const view = useMemo(() => codec.decode(search), [codec, search]);
  const change = useCallback(
    (part: Partial<T>, how: "push" | "replace" = "push") => {
      void navigate({
        to: ".",
        replace: how === "replace",
        resetScroll: false,
        search: (previous: Search) => {
          const before = codec.decode(previous);
          const next = codec.encode({ ...before, ...part });
          return others === "kept" ? { ...without(previous, codec.encode(before)), ...next } : next;
        },
      } as never);
    },
    [codec, navigate, others],
  );
  return [view, change] as const;
}

const without = (search: Search, own: Search): Search =>
  Object.fromEntries(Object.entries(search).filter(([key]) => !(key in own)));

/** The part of an infinite query that reads its pages. */
interface Pages {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => Promise<unknown>;
}

/** Reads the next page of a list, unless there is none or it is being read. */
export function useReadOn({ hasNextPage, isFetchingNextPage, fetchNextPage }: Pages): () => void {
  return useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
}

/** The value once it has not changed for a while. */
export function useDebounced<T>(value: T, delayMS = 250): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), delayMS);
    return () => clearTimeout(timer);
  }, [value, delayMS]);
  return settled;
}

/**
 * A text input's local text, which follows the stored value and reports to it after a pause.
 * Keeps typing smooth while the address bar holds the truth.
 */
export function useDeferredText(stored: string, store: (text: string) => void) {
  const [text, setText] = useState(stored);
  const known = useRef(stored);
  const report = useRef(store);
  report.current = store;
  useEffect(() => {
    if (stored !== known.current) {
      known.current = stored;
      setText(stored);
    }
  }, [stored]);
  useEffect(() => {
    if (text === known.current) return;
    const timer = setTimeout(() => {
      known.current = text;
      report.current(text);
    }, 250);
    return () => clearTimeout(timer);
  }, [text]);
  return [text, setText] as const;
}

/** Whether a key means something else: in a field, in a dialog, or with Ctrl, Cmd or Alt. */
function isTaken(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return true;
  const target = event.target as HTMLElement;
  if (target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return true;
  if (document.querySelector("dialog[open], [popover]:popover-open")) return true;
  // Letters and signs can be turned off; arrows, Enter and Escape are not dictated by accident.
  return event.key.length === 1 && !preferences().singleKeys;
}

/** Single-key shortcuts. They rest while a field has the focus or a dialog is open. */
export function useHotkeys(keys: Record<string, (event: KeyboardEvent) => void>) {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (isTaken(event)) return;
      const target = event.target as HTMLElement;
      // Enter on a link or button already means something.
      if (event.key === "Enter" && target.closest("a, button, summary")) return;
      const action = latest.current[event.key];
      if (!action) return;
      event.preventDefault();
      action(event);
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
}

const chordMS = 1_500;

/** Shortcuts of two keys, such as "g e". The second key does nothing else. */
export function useChords(chords: Readonly<Record<string, () => void>>) {
  const latest = useRef(chords);
  latest.current = chords;
  useEffect(() => {
    let first = "";
    let firstMS = 0;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key === "Shift") return;
      const begun = first !== "" && event.timeStamp - firstMS < chordMS ? first : "";
      first = "";
      if (isTaken(event)) return;
      const action = begun && latest.current[`${begun} ${event.key}`];
      if (action) {
        event.preventDefault();
        event.stopPropagation();
        action();
      } else if (Object.keys(latest.current).some((keys) => keys.startsWith(`${event.key} `))) {
        first = event.key;
        firstMS = event.timeStamp;
      }
    };
    // Before the listeners of single keys, which must not see the second key.
    document.addEventListener("keydown", onKeyDown, true);
    return () => document.removeEventListener("keydown", onKeyDown, true);
  }, []);
}

/** Ctrl+K, or Cmd+K, wherever the focus is. */
export function usePaletteKey(enabled: boolean, toggle: () => void) {
  const latest = useRef(toggle);
  latest.current = toggle;
  useEffect(() => {
    if (!enabled) return;
    const onKeyDown = (event: KeyboardEvent) => {
      if (
        event.key.toLowerCase() !== "k" ||
        !(event.ctrlKey || event.metaKey) ||
        event.altKey ||
        event.shiftKey
      )
        return;
      if (document.querySelector("dialog[open]:not(.commands)")) return;
      event.preventDefault(); // Browsers would go to their own search field.
      latest.current();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [enabled]);
}

/**
 * Code that a page loads when it needs it; undefined until then. React keeps what replaces the fallback of a
 * Suspense back for 300 ms, which pages whose data come sooner cannot afford.
 *
 * @param load always the same function, whose import is the same module
 */
export function useModule<T>(load: () => Promise<T>): T | undefined {
  const [module, setModule] = useState<T>();
  useEffect(() => {
    let wanted = true;
    load().then(
      (loaded) => wanted && setModule(() => loaded),
      (error) =>
        wanted &&
        setModule(() => {
          throw error; // To the error boundary, as a lazy component does.
        }),
    );
    return () => {
      wanted = false;
    };
  }, [load]);
  return module;
}

/** Sets the window title while a page is shown. */
export function useTitle(title: string | undefined) {
  useEffect(() => {
    if (title) document.title = `${title} · Millrace`;
  }, [title]);
}

// One clock for all relative times on the page.
const clockPeriodMS = 5_000;
let clockNow = Date.now();
const clockListeners = new Set<() => void>();
let clockTimer: ReturnType<typeof setInterval> | undefined;

function subscribeToClock(listener: () => void) {
  clockListeners.add(listener);
  clockNow = Date.now();
  clockTimer ??= setInterval(() => {
    clockNow = Date.now();
    for (const tell of clockListeners) tell();
  }, clockPeriodMS);
  return () => {
    clockListeners.delete(listener);
    if (clockListeners.size === 0) {
      clearInterval(clockTimer);
      clockTimer = undefined;
    }
  };
}

/** The current time, renewed every few seconds. */
export function useNow(): number {
  return useSyncExternalStore(subscribeToClock, () => clockNow);
}
