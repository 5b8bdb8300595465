import { type RefObject, useEffect, useState } from "react";

// Columns come into sight in steps: a smaller step would only render more often.
const step = 40;

/** The width of a scrolling element, and how far it is scrolled to the right, in steps. */
export function useViewport(ref: RefObject<HTMLElement | null>) {
  const [view, setView] = useState({ viewWidth: 1000, scrollLeft: 0 });
  useEffect(() => {
    const element = ref.current!;
    const read = () => {
      const viewWidth = element.clientWidth;
      const scrollLeft = Math.floor(element.scrollLeft / step) * step;
      setView((now) =>
        now.viewWidth === viewWidth && now.scrollLeft === scrollLeft ? now : { viewWidth, scrollLeft },
      );
    };
    read();
    const observer = new ResizeObserver(read);
    observer.observe(element);
    element.addEventListener("scroll", read, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", read);
    };
  }, [ref]);
  return view;
}
