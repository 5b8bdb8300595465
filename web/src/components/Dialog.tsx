import { type FormEvent, type ReactNode, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import { errorText } from "./Notice";

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
  wide?: boolean;
  /** Keeps the Escape key from closing the dialog. */
  persistent?: boolean;
}

/** A modal on the native element: the browser keeps the focus inside and gives it back afterwards. */
export function Dialog({ title, onClose, children, wide, persistent }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleID = useId();
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close(); // Only a dialog that is closed gives the focus back.
  }, []);
  const closed = () => {
    const dialog = ref.current;
    if (!dialog || dialog.open) return; // It left the page, or it is shown again.
    // Browsers close a dialog at the second press of Escape, whatever the page says to that.
    if (persistent) dialog.showModal();
    else onClose();
  };
  return (
    <dialog
      ref={ref}
      className={wide ? "dialog wide" : "dialog"}
      aria-labelledby={titleID}
      onClose={closed}
      onCancel={(event) => persistent && event.preventDefault()}
    >
      <h2 id={titleID}>{title}</h2>
      {children}
    </dialog>
  );
}

interface ActionDialogProps {
  title: string;
  /** The label of the button that does it. */
  action: string;
  danger?: boolean;
  disabled?: boolean;
  /** Leaves it to the caller what follows success. */
  stay?: boolean;
  wide?: boolean;
  onClose: () => void;
  run: () => Promise<unknown>;
  children: ReactNode;
}

/** A dialog that does one thing. It stays open and tells why when that fails. */
export function ActionDialog({
  title,
  action,
  danger,
  disabled,
  stay,
  wide = false,
  onClose,
  run,
  children,
}: ActionDialogProps) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFailure(undefined);
    try {
      await run();
      if (!stay) onClose();
    } catch (error) {
      setFailure(errorText(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} wide={wide} onClose={onClose}>
      <form onSubmit={submit}>
        {children}
        {failure && (
          <p className="field-error" role="alert">
            {failure}
          </p>
        )}
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            className={danger ? "button danger" : "button primary"}
            disabled={busy || disabled}
          >
            {busy ? "Working…" : action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface NameDialogProps {
  title: string;
  action: string;
  label: string;
  initial?: string;
  hint?: ReactNode;
  onClose: () => void;
  save: (name: string) => Promise<unknown>;
}

/** Asks for a name: to create or rename something. */
export function NameDialog({ title, action, label, initial = "", hint, onClose, save }: NameDialogProps) {
  const [name, setName] = useState(initial);
  const inputID = useId();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.select(), []);
  return (
    <ActionDialog
      title={title}
      action={action}
      disabled={!name.trim() || name === initial}
      onClose={onClose}
      run={() => save(name)}
    >
      <label className="field" htmlFor={inputID}>
        {label}
      </label>
      <input
        ref={input}
        id={inputID}
        className="input"
        value={name}
        maxLength={500}
        autoComplete="off"
        spellCheck={false}
        onChange={(e) => setName(e.target.value)}
      />
      {hint && <p className="hint">{hint}</p>}
    </ActionDialog>
  );
}
