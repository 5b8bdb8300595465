import { useMemo } from "react";
import { compileFilter } from "../../lib/table/filterText";
import type { RunsView } from "../../lib/view/runs";

/** The filter that a view sends. A span of time ends when it is chosen, so that the rows stay the same. */
export function useFilter({ filter, states, user, dataset, since }: RunsView): string {
  const key = states.join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the moment belongs to the span
  const now = useMemo(() => Date.now(), [since]);
  return useMemo(
    () => compileFilter({ filter, states: key.split(",").filter(Boolean), user, dataset, since }, now),
    [filter, key, user, dataset, since, now],
  );
}
