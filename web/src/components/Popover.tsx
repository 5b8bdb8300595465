import { type KeyboardEvent, type ReactNode, useId, useRef, useState } from "react";

interface PopoverProps {
  /** Accessible name of the button. */
  label: string;
  trigger: ReactNode;
  triggerClass?: string;
  title?: string;
  /** A menu of actions moves by arrow keys; a panel holds controls of its own. */
  kind?: "menu" | "panel";
  children: (close: () => void) => ReactNode;
}

/**
 * A button with a native popover next to it. The browser closes it on Escape and on a click outside.
 * Its contents exist only while it is open, so hundreds of rows may each have one.
 */
export function Popover({
  label,
  trigger,
  triggerClass = "button",
  title,
  kind = "panel",
  children,
}: PopoverProps) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);

  const place = () => {
    const anchor = button.current?.getBoundingClientRect();
    const box = panel.current;
    if (!anchor || !box) return;
    const { width, height } = box.getBoundingClientRect();
    const margin = 8;
    const left = Math.max(margin, Math.min(anchor.left, innerWidth - width - margin));
    const below = anchor.bottom + 4;
    const top = below + height + margin > innerHeight ? Math.max(margin, anchor.top - height - 4) : below;
    box.style.left = `${left}px`;
    box.style.top = `${top}px`;
  };

  const onToggle = (state: string) => {
    setOpen(state === "open");
    if (state !== "open") return;
    // The contents are rendered by the state change above; measure them on the next frame.
    requestAnimationFrame(() => {
      place();
      panel.current?.querySelector<HTMLElement>("[autofocus], input, button:not(:disabled), a")?.focus();
    });
  };

  const moveByArrow = (event: KeyboardEvent) => {
    if (kind !== "menu") return;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const items = [...(panel.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    items[(at + step + items.length) % items.length]?.focus();
  };

  return (
    <>
      <button
        ref={button}
        type="button"
        className={triggerClass}
        aria-label={label}
        aria-haspopup={kind === "menu" ? "menu" : "dialog"}
        aria-expanded={open}
        title={title}
        popoverTarget={id}
      >
        {trigger}
      </button>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the role is menu or dialog */}
      {/* biome-ignore lint/a11y/useAriaPropsSupportedByRole: both roles take a label */}
      <div
        ref={panel}
        id={id}
        popover="auto"
        className={`popover ${kind}`}
        role={kind === "menu" ? "menu" : "dialog"}
        aria-label={label}
        tabIndex={-1}
        onToggle={(event) => onToggle(event.newState)}
        onKeyDown={moveByArrow}
      >
        {open && children(() => panel.current?.hidePopover())}
      </div>
    </>
  );
}

interface MenuItemProps {
  onSelect: () => void;
  danger?: boolean;
  children: ReactNode;
}

export function MenuItem({ onSelect, danger, children }: MenuItemProps) {
  return (
    <button
      type="button"
      role="menuitem"
      className={danger ? "menu-item danger" : "menu-item"}
      onClick={onSelect}
    >
      {children}
    </button>
  );
}
