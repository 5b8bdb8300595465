import { type LinkProps, useLinkProps } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef } from "react";

interface TabProps {
  link: LinkProps;
  current: boolean;
  children: ReactNode;
}

/**
 * A link among views of one thing. Which one is current is the page's business: two views may share an
 * address and differ in a search parameter, so the router's own idea of an active link is dropped.
 */
export function Tab({ link, current, children }: TabProps) {
  const props = useLinkProps(link as never);
  return (
    <a {...props} className="tab" aria-current={current ? "page" : undefined}>
      {children}
    </a>
  );
}

export function Tabs({ label, children }: { label: string; children: ReactNode }) {
  const nav = useRef<HTMLElement>(null);
  const shown = useRef<HTMLElement>(null);
  // In a narrow window another tab may be out of sight when it becomes the current one.
  useEffect(() => {
    const bar = nav.current;
    const tab = bar?.querySelector<HTMLElement>("[aria-current=page]");
    if (!bar || !tab || tab === shown.current) return;
    shown.current = tab;
    bar.scrollLeft = tab.offsetLeft - bar.offsetLeft - (bar.clientWidth - tab.offsetWidth) / 2;
  });
  return (
    <nav ref={nav} className="tabs" aria-label={label}>
      {children}
    </nav>
  );
}
