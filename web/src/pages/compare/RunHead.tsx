import { Link } from "@tanstack/react-router";
import type { Run } from "../../api/runs";
import { Icon } from "../../components/Icon";
import { RunSwatch, StatusGlyph } from "../../components/Values";
import { Ends } from "./Ends";

/** A run at the head of its column or row, with a way out of the comparison. */
export function RunHead({ run, remove }: { run: Run; remove?: (() => void) | undefined }) {
  return (
    <div className="compare-run">
      <RunSwatch runID={run.id} />
      <StatusGlyph status={run.status} />
      <Link
        to="/experiments/$experimentID/runs/$runID"
        params={{ experimentID: run.experimentID, runID: run.id }}
        className="truncate"
        title={`${run.name} (${run.id})`}
      >
        <Ends text={run.name} />
      </Link>
      {remove && (
        <button
          type="button"
          className="icon-button compare-remove"
          aria-label={`Remove ${run.name} from the comparison`}
          onClick={remove}
        >
          <Icon name="close" size={12} />
        </button>
      )}
    </div>
  );
}
