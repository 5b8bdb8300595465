import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import type { FileInfo } from "../../api/artifacts";
import { directory } from "../../api/queries";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { mergeListings, parentOf } from "../../lib/compare/artifacts";
import { plural } from "../../lib/text/format";
import { ArtifactList } from "./ArtifactList";
import { ArtifactsSideBySide } from "./ArtifactsSideBySide";
import type { CompareProps } from "./compareProps";
import { useRunSources } from "./useRunSources";
import "./artifacts.css";

/** Listing a folder takes a request a run. */
const mostRuns = 24;

/** One path in several runs: images side by side, texts as differences. */
export function CompareArtifacts({ runs, view, change }: CompareProps) {
  const compared = useMemo(() => {
    const base = runs.find(({ id }) => id === view.base);
    const ordered = base ? [base, ...runs.filter((run) => run !== base)] : runs;
    return ordered.slice(0, mostRuns);
  }, [runs, view.base]);
  const isFolder = view.path === "" || view.path.endsWith("/");
  const folder = isFolder ? view.path.replace(/\/$/, "") : parentOf(view.path);
  const { sources, pending: unready } = useRunSources(compared);
  const listings = useQueries({
    queries: sources.map((source) => ({ ...directory(source, folder), enabled: !unready, retry: false })),
  });
  const pending = unready || listings.some((listing) => listing.isPending);
  const failed = listings.find((listing) => listing.error);
  const entries = mergeListings(listings.map((listing) => listing.data ?? []));
  const chosen = isFolder ? undefined : view.path;
  // A folder that the next run lacks is empty for it, not broken: only a failure of all is one.
  if (failed && listings.every((listing) => listing.error)) {
    return (
      <ErrorNotice error={failed.error} what="Could not list the files" retry={() => failed.refetch()} />
    );
  }
  if (pending && entries.length === 0) return <Loading what="Loading files" />;
  if (entries.length === 0 && folder === "") {
    return (
      <EmptyState title="These runs have no files">
        <p>Figures, tables and texts that several runs log under one path appear here side by side.</p>
      </EmptyState>
    );
  }
  const sizes = listings.map(({ data }) => data?.find((file: FileInfo) => file.path === chosen));
  return (
    <>
      {compared.length < runs.length && (
        <p className="compare-note">
          Files of {compared.length} of {plural(runs.length, "run")} are compared.
        </p>
      )}
      <div className="artifact-split">
        <ArtifactList
          folder={folder}
          entries={entries}
          count={compared.length}
          chosen={chosen}
          choose={(path) => change({ path })}
        />
        {chosen ? (
          <ArtifactsSideBySide
            key={chosen}
            path={chosen}
            holders={compared.flatMap((run, i) =>
              sizes[i] ? [{ run, source: sources[i]!, file: sizes[i] }] : [],
            )}
            lacking={compared.filter((_, i) => !sizes[i] && !listings[i]!.isPending)}
            setBase={(base) => change({ base }, "replace")}
          />
        ) : (
          <EmptyState title="Choose a file">
            <p>The list tells how many of the runs have it.</p>
          </EmptyState>
        )}
      </div>
    </>
  );
}
