import type { ReactNode } from "react";

interface Pages {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
}

interface Props {
  pages: Pages;
  label: string;
  /** What stands beside the button. */
  children?: ReactNode;
}

/** The foot of a paged list: a button for the next page, as long as there is one. */
export function MoreButton({ pages, label, children }: Props) {
  if (!pages.hasNextPage) return null;
  return (
    <p className="more">
      <button
        type="button"
        className="button"
        disabled={pages.isFetchingNextPage}
        onClick={() => pages.fetchNextPage()}
      >
        {pages.isFetchingNextPage ? "Loading…" : label}
      </button>
      {children}
    </p>
  );
}
