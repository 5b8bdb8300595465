import type { ReactNode } from "react";
import { ApiError } from "../api/client";
import { Icon } from "./Icon";
import { useUser } from "./session/useSession";

/** What went wrong, in a sentence for people. */
export function errorText(error: unknown): string {
  if (isForbidden(error)) return "You do not have the permission to do this.";
  return error instanceof Error ? error.message : String(error);
}

/** Whether the server refused something without a word about it. */
const isForbidden = (error: unknown) =>
  error instanceof ApiError && error.status === 403 && error.message === "Permission denied";

function advice(error: unknown): string {
  if (!(error instanceof ApiError)) return "Reload the page. If it happens again, please report it.";
  if (error.status === 0) return "The page tries again by itself while live refresh is on.";
  if (error.status === 401) return "Log in again, then reload the page.";
  if (error.status === 403) return "Ask an administrator or the owner for permission.";
  if (error.status === 404) return "It may have been deleted for good, or the link may be incomplete.";
  if (error.status >= 500) return "The server log has the details. Trying again may help.";
  return "";
}

interface ErrorNoticeProps {
  error: unknown;
  /** What was being attempted, as in "Could not load the runs". */
  what: string;
  retry?: () => void;
}

/** Says what happened and what to do about it. */
export function ErrorNotice({ error, what, retry }: ErrorNoticeProps) {
  if (isForbidden(error)) return <Forbidden />;
  return (
    <div className="notice error" role="alert">
      <Icon name="warning" />
      <div>
        <strong>{what}</strong>
        <p>{errorText(error)}</p>
        <p className="muted">{advice(error)}</p>
        {retry && (
          <button type="button" className="button" onClick={retry}>
            Try again
          </button>
        )}
      </div>
    </div>
  );
}

/** Shown instead of what a user may not see, or what does not exist: the server does not tell which. */
export function Forbidden() {
  const user = useUser();
  return (
    <EmptyState title="You have no access to this">
      <p>
        It is not shared with you, or it does not exist. Ask its owner or an administrator to share it
        {user ? ` with “${user.username}”` : ""}.
      </p>
    </EmptyState>
  );
}

interface EmptyStateProps {
  title: string;
  /** Whether this is all that the page has. */
  wholePage?: boolean;
  children?: ReactNode;
}

/** Shown instead of an empty table; says how to fill it. */
export function EmptyState({ title, wholePage, children }: EmptyStateProps) {
  const Heading = wholePage ? "h1" : "h2";
  return (
    <div className="empty">
      <Heading>{title}</Heading>
      {children}
    </div>
  );
}

/** Appears only after a moment, so that quick answers do not flicker. */
export function Loading({ what = "Loading" }: { what?: string }) {
  return (
    <p className="loading" role="status">
      {what}…
    </p>
  );
}
