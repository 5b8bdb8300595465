import type { ReactNode } from "react";

/** Stands in the place of contents that are not shown. */
export function Unshown({ children }: { children: ReactNode }) {
  return <p className="file-none muted">{children}</p>;
}
