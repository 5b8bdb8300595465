import { useSyncExternalStore } from "react";
import { onPinsChange, pinnedExperiments, togglePin } from "../lib/browser/pinned";
import { Icon } from "./Icon";

export const usePinned = () => useSyncExternalStore(onPinsChange, pinnedExperiments);

/** Pins an experiment to the home page of this browser. */
export function PinButton({ id, name }: { id: string; name: string }) {
  const pinned = usePinned().includes(id);
  return (
    <button
      type="button"
      className={pinned ? "icon-button pin pinned" : "icon-button pin"}
      aria-pressed={pinned}
      aria-label={`Pin ${name}`}
      title={pinned ? "Unpin" : "Pin to the home page"}
      onClick={() => togglePin(id)}
    >
      <Icon name="pin" size={14} />
    </button>
  );
}
