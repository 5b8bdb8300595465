import { CopyButton } from "../../components/Copy";
import { Dialog } from "../../components/Dialog";

export interface ShownValue {
  title: string;
  run: string;
  text: string;
}

/** A value that is longer than its cell. */
export function ValueDialog({ value, onClose }: { value: ShownValue; onClose: () => void }) {
  return (
    <Dialog title={value.title} onClose={onClose} wide>
      <p className="muted compare-value-run">{value.run}</p>
      <div className="snippet">
        <pre className="compare-value">{value.text}</pre>
        <CopyButton text={value.text} label="Copy the value" />
      </div>
      <p className="dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          Close
        </button>
      </p>
    </Dialog>
  );
}
