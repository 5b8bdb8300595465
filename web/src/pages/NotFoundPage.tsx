import { Link, useLocation } from "@tanstack/react-router";
import { EmptyState } from "../components/Notice";
import { useTitle } from "../lib/browser/hooks";

export function NotFoundPage() {
  const { pathname } = useLocation();
  useTitle("Page not found");
  return (
    <div className="page">
      <EmptyState title="There is no such page" wholePage>
        <p>
          The address <code>{pathname}</code> leads nowhere in this version of Millrace. The link may be
          incomplete, or it may belong to a part of MLflow that Millrace does not have.
        </p>
        <p>
          <Link to="/" className="button primary">
            Go to the home page
          </Link>
        </p>
      </EmptyState>
    </div>
  );
}
