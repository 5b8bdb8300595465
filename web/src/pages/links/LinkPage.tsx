import { useQuery } from "@tanstack/react-query";
import { Navigate, useLocation, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { runDetail } from "../../api/queries";
import { EmptyState } from "../../components/Notice";
import { QueryPage } from "../../components/Page";
import { useTitle } from "../../lib/browser/hooks";
import { type LaterPage, type Target, translateLink } from "../../lib/browser/links";
import { type Search, stringifySearch } from "../../lib/view/search";
import { NotFoundPage } from "../NotFoundPage";

/** An address that is no page here: those of MLflow lead on, or tell what Millrace does not have. */
export function LinkPage() {
  const { history } = useRouter();
  const { search } = useLocation();
  // Names keep their escapes: a slash in the name of a model is none of the address.
  const found = translateLink(history.location.pathname, search as Search);
  if (!found) return <NotFoundPage />;
  if ("to" in found) return <GoTo target={found.to} />;
  return "run" in found ? <RunLink id={found.run} /> : <Later page={found.later} />;
}

const hrefOf = ({ path, search }: Target) => path + stringifySearch(search);

function GoTo({ target }: { target: Target }) {
  const { history } = useRouter();
  const href = hrefOf(target);
  useEffect(() => history.replace(href), [history, href]);
  return null;
}

/** A link by the id of a run alone: the page of the run needs its experiment, too. */
function RunLink({ id }: { id: string }) {
  const query = useQuery(runDetail(id));
  return (
    <QueryPage query={query} what={`run ${id}`}>
      {(run) => (
        <Navigate
          to="/experiments/$experimentID/runs/$runID"
          params={{ experimentID: run.experimentID, runID: run.id }}
          replace
        />
      )}
    </QueryPage>
  );
}

function Later({ page: { name, instead } }: { page: LaterPage }) {
  const title = `${name}: not in Millrace yet`;
  useTitle(title);
  return (
    <div className="page">
      <EmptyState title={title} wholePage>
        <p>
          This link leads to a page of MLflow that Millrace does not have. What MLflow has stored for it stays
          in the database.
        </p>
        <p>
          <a href={`#${hrefOf(instead)}`} className="button primary">
            Go to {instead.name}
          </a>
        </p>
      </EmptyState>
    </div>
  );
}
