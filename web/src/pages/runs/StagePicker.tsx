import type { ViewType } from "../../api/experiments";
import type { RunsViewProps } from "./runsView";

const stages: [ViewType, string][] = [
  ["ACTIVE_ONLY", "Active"],
  ["DELETED_ONLY", "Deleted"],
];

export function StagePicker({ view, change }: Pick<RunsViewProps, "view" | "change">) {
  return (
    <fieldset className="segmented">
      <legend className="visually-hidden">Which runs</legend>
      {stages.map(([stage, label]) => (
        <button
          key={stage}
          type="button"
          aria-pressed={view.stage === stage}
          onClick={() => change({ stage, selected: [] })}
        >
          {label}
        </button>
      ))}
    </fieldset>
  );
}
