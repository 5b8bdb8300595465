import type { ModelStage } from "../../api/registry";
import { Icon } from "../../components/Icon";
import "./chips.css";

export function StageChip({ stage }: { stage: ModelStage }) {
  if (stage === "None") return <span className="muted">None</span>;
  return <span className={`badge stage ${stage.toLowerCase()}`}>{stage}</span>;
}

interface AliasChipProps {
  alias: string;
  /** Shown where an alias stands apart from its version. */
  version?: string;
  onRemove?: () => void;
}

export function AliasChip({ alias, version, onRemove }: AliasChipProps) {
  return (
    <span className={alias === "champion" ? "chip alias champion" : "chip alias"}>
      <span className="truncate" title={`@${alias}`}>
        @{alias}
      </span>
      {version && <span className="muted"> {version}</span>}
      {onRemove && (
        <button type="button" aria-label={`Remove alias ${alias}`} title="Remove alias" onClick={onRemove}>
          <Icon name="close" size={10} />
        </button>
      )}
    </span>
  );
}
