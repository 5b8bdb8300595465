import { useRouterState } from "@tanstack/react-router";
import { type RefObject, useEffect, useLayoutEffect, useMemo, useRef } from "react";

interface Position {
  top: number;
  left: number;
}

const prefix = "millrace.scroll.";

function recall(key: string): Position | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(prefix + key) ?? "null") ?? undefined;
  } catch {
    return undefined; // The browser keeps nothing.
  }
}

function remember(key: string, position: Position) {
  try {
    sessionStorage.setItem(prefix + key, JSON.stringify(position));
  } catch {
    // Without storage, a page begins at its top.
  }
}

/**
 * Keeps where an element is scrolled to with the entry of the history, so that going back leads to the same
 * place. Returns where to begin.
 */
export function useScrollMemory(ref: RefObject<HTMLElement | null>): Position {
  const key = useRouterState({
    select: ({ location }) => (location.state as { __TSR_key?: string }).__TSR_key ?? location.href,
  });
  const start = useMemo(() => recall(key) ?? { top: 0, left: 0 }, [key]);
  const mounted = useRef(false);
  useLayoutEffect(() => {
    const element = ref.current!;
    const known = recall(key);
    // A new entry of the same page, such as a selection, stays where it is.
    if (known) {
      if (mounted.current) element.scrollTop = known.top;
      element.scrollLeft = known.left;
    } else remember(key, { top: element.scrollTop, left: element.scrollLeft });
    mounted.current = true;
  }, [key, ref]);
  useEffect(() => {
    const element = ref.current!;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let last: Position | undefined;
    const store = () => {
      if (last) remember(key, last);
      last = timer = undefined;
    };
    const onScroll = () => {
      last = { top: element.scrollTop, left: element.scrollLeft };
      timer ??= setTimeout(store, 100);
    };
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      element.removeEventListener("scroll", onScroll);
      clearTimeout(timer);
      store();
    };
  }, [key, ref]);
  return start;
}
