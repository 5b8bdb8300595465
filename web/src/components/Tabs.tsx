import { type LinkProps, useLinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";

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
  return (
    <nav className="tabs" aria-label={label}>
      {children}
    </nav>
  );
}
