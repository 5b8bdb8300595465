import { Link } from "@tanstack/react-router";
import type { ModelVersion } from "../../api/registry";
import { RunSwatch } from "../../components/Values";

/** The run that a version was made of. */
export function RunLink({ version }: { version: ModelVersion }) {
  if (!version.runID) return <span className="muted">–</span>;
  const name = version.runName || version.runID.slice(0, 8);
  if (!version.experimentID) return <span title={version.runID}>{name}</span>;
  return (
    <span className="run-link">
      <RunSwatch runID={version.runID} />
      <Link
        to="/experiments/$experimentID/runs/$runID"
        params={{ experimentID: version.experimentID, runID: version.runID }}
        title={`${name}  ${version.runID}`}
      >
        {name}
      </Link>
    </span>
  );
}
