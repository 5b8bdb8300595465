import { Icon } from "./Icon";

interface StepButtonProps {
  label: string;
  /** Whether it goes back. */
  turned?: boolean;
  /** Undefined if there is nothing to go to. */
  go: (() => void) | undefined;
}

/** A chevron that goes to what is before or after. */
export function StepButton({ label, turned = false, go }: StepButtonProps) {
  return (
    <button
      type="button"
      className={turned ? "icon-button turned" : "icon-button"}
      aria-label={label}
      title={label}
      disabled={!go}
      onClick={go}
    >
      <Icon name="chevron" />
    </button>
  );
}
