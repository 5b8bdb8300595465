import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useRef } from "react";

interface AnchoredPopoverProps {
  label: string;
  /** What the popover belongs to, on the screen. */
  at: DOMRect;
  className?: string;
  onClose: () => void;
  children: ReactNode;
}

/** A popover beside something that has no button of its own, such as a cell. The arrow keys move in it. */
export function AnchoredPopover({ label, at, className = "", onClose, children }: AnchoredPopoverProps) {
  const box = useRef<HTMLDivElement>(null);
  const back = useRef<Element>(null);
  useLayoutEffect(() => {
    const element = box.current!;
    if (!element.matches(":popover-open")) {
      back.current = document.activeElement;
      element.showPopover();
      element.querySelector<HTMLElement>("[autofocus], [role=menuitem], button, input")?.focus();
    }
    const { width, height } = element.getBoundingClientRect();
    const below = at.bottom + 2;
    element.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
    element.style.top = `${below + height > innerHeight - 8 ? Math.max(8, at.top - height - 2) : below}px`;
  }, [at]);
  useEffect(() => {
    const element = box.current!;
    // Before it closes: the event after it may come when the next key has opened the popover again.
    const onClosing = (event: ToggleEvent) => {
      if (event.newState !== "closed") return;
      if (element.contains(document.activeElement)) {
        (back.current as HTMLElement | null)?.focus?.({ preventScroll: true });
      }
      onClose();
    };
    element.addEventListener("beforetoggle", onClosing as EventListener);
    return () => element.removeEventListener("beforetoggle", onClosing as EventListener);
  }, [onClose]);

  const moveByArrow = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0 || (event.target as HTMLElement).closest("input, select")) return;
    event.preventDefault();
    const items = [...(box.current?.querySelectorAll<HTMLElement>("[role=menuitem]:not(:disabled)") ?? [])];
    const from = items.indexOf(document.activeElement as HTMLElement);
    items[(from + step + items.length) % items.length]?.focus();
  };
  return (
    <div
      ref={box}
      popover="auto"
      className={`popover ${className}`}
      role="dialog"
      aria-label={label}
      onKeyDown={moveByArrow}
    >
      {children}
    </div>
  );
}
