import { useQueryClient } from "@tanstack/react-query";
import { deleteRunTag, type Run, setRunTag } from "../../api/runs";
import { TagCard } from "../../components/tags/TagCard";

export function TagEditor({ run }: { run: Run }) {
  const client = useQueryClient();
  return (
    <TagCard
      tags={run.tags}
      editable={run.stage === "active"}
      set={(key, value) => setRunTag(run.id, key, value)}
      remove={(key) => deleteRunTag(run.id, key)}
      refresh={() => client.invalidateQueries({ queryKey: ["runs"] })}
    />
  );
}
