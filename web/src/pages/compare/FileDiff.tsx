import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { readPart } from "../../api/artifacts";
import { DiffView } from "../../components/diff/DiffView";
import { ErrorNotice, Loading } from "../../components/Notice";
import { diffLines, linesOf } from "../../lib/compare/diff";
import { fileKind, looksBinary } from "../../lib/files/kind";
import { formatBytes, plural } from "../../lib/text/format";
import type { Holder } from "./ArtifactsSideBySide";

const mostBytes = 1_000_000;

function useText({ source, file }: Holder) {
  return useQuery({
    queryKey: ["files", source.id, "text", file.path],
    queryFn: async ({ signal }) => {
      const { bytes, total } = await readPart(source.url(file.path), 0, mostBytes, signal);
      return {
        text: looksBinary(bytes) ? undefined : new TextDecoder().decode(bytes),
        cut: total > bytes.length,
      };
    },
    staleTime: 60_000,
  });
}

/** The lines in which a file differs from the same file of another run. */
export function FileDiff({ base, other }: { base: Holder; other: Holder }) {
  const left = useText(base);
  const right = useText(other);
  const isJSON = ["json", "notebook"].includes(fileKind(other.file.path));
  const lines = useMemo(() => {
    if (left.data?.text === undefined || right.data?.text === undefined) return undefined;
    // A part of a JSON file cannot be laid out.
    const laidOut = isJSON && !left.data.cut && !right.data.cut;
    return diffLines(linesOf(left.data.text, laidOut), linesOf(right.data.text, laidOut));
  }, [left.data, right.data, isJSON]);
  const error = left.error ?? right.error;
  if (error) {
    const retry = () => void Promise.all([left.refetch(), right.refetch()]);
    return <ErrorNotice error={error} what="Could not read the file" retry={retry} />;
  }
  if (!left.data || !right.data) return <Loading what="Reading" />;
  if (!lines)
    return <p className="file-none muted">This looks like a binary file. Open the run to download it.</p>;
  const removed = lines.filter(({ kind }) => kind === "removed").length;
  const added = lines.filter(({ kind }) => kind === "added").length;
  const cut = left.data.cut || right.data.cut;
  return (
    <>
      <p className="file-note">
        {removed + added === 0
          ? `Nothing differs in ${plural(lines.length, "line")}`
          : `${plural(removed, "line")} removed, ${added} added`}
        {cut && `, in the first ${formatBytes(mostBytes)}`}.
      </p>
      {removed + added > 0 && <DiffView lines={lines} />}
    </>
  );
}
