import { Link, type LinkProps } from "@tanstack/react-router";
import { Fragment, type ReactNode } from "react";
import { ErrorNotice, Loading } from "./Notice";

interface QueryPageProps<T> {
  query: { data: T | undefined; error: unknown; refetch: () => unknown };
  /** What the page shows, as in "model classifier". */
  what: string;
  children: (data: T) => ReactNode;
}

/** A page that needs the data of a query. It shows that the data is loading, or why it cannot be loaded. */
export function QueryPage<T>({ query, what, children }: QueryPageProps<T>) {
  if (query.data !== undefined) return children(query.data);
  return (
    <div className="page">
      {query.error ? (
        <ErrorNotice error={query.error} what={`Could not load ${what}`} retry={() => query.refetch()} />
      ) : (
        <Loading what={`Loading ${what}`} />
      )}
    </div>
  );
}

export interface Crumb {
  label: ReactNode;
  link: Pick<LinkProps, "to" | "params">;
}

export const experimentsCrumb: Crumb = { label: "Experiments", link: { to: "/experiments" } };

/** The crumbs to a page of an experiment, whose name is undefined until it is known. */
export const experimentPath = (experimentID: string, name: string | undefined, page: Crumb): Crumb[] => [
  experimentsCrumb,
  { label: name ?? experimentID, link: { to: "/experiments/$experimentID", params: { experimentID } } },
  page,
];

interface PageHeadProps {
  /** The pages above this one, from the top. */
  path?: readonly Crumb[];
  title: ReactNode;
  /** What follows the title: badges, copy buttons, menus. */
  children?: ReactNode;
  /** What is at the end of the line, such as the main action. */
  end?: ReactNode;
}

/** The breadcrumb, the title and the actions of a page. */
export function PageHead({ path = [], title, children, end }: PageHeadProps) {
  return (
    <>
      {path.length > 0 && (
        <nav className="breadcrumb" aria-label="Breadcrumb">
          {path.map(({ label, link }, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the position identifies a crumb
            <Fragment key={i}>
              {i > 0 && <span aria-hidden="true">/</span>}
              <Link {...link}>{label}</Link>
            </Fragment>
          ))}
        </nav>
      )}
      <div className="page-head">
        <h1>{title}</h1>
        {children}
        <span className="spacer" />
        {end}
      </div>
    </>
  );
}
