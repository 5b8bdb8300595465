import type { Run } from "../../api/runs";
import type { Names } from "../../lib/compare/rows";
import type { CompareView } from "../../lib/view/compare";

/** What the page gives its tabs. */
export interface CompareProps {
  runs: readonly Run[];
  experiments: Names;
  view: CompareView;
  change: (part: Partial<CompareView>, how?: "push" | "replace") => void;
  /** Takes a run out of the comparison, where the address names the runs. */
  remove?: ((id: string) => () => void) | undefined;
}
