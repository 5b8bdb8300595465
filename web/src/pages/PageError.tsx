import type { ErrorComponentProps } from "@tanstack/react-router";
import { ErrorNotice } from "../components/Notice";

/** Shown when a page fails to load or to draw. */
export function PageError({ error }: ErrorComponentProps) {
  return (
    <div className="page">
      <ErrorNotice error={error} what="This page could not be shown" retry={() => location.reload()} />
    </div>
  );
}
