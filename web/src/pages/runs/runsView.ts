import type { runsCodec } from "../../lib/view/runs";

/** What the page of runs gives its table and its charts. */
export interface RunsViewProps {
  experimentID: string;
  view: ReturnType<typeof runsCodec.decode>;
  change: (part: Partial<RunsViewProps["view"]>, how?: "push" | "replace") => void;
}
