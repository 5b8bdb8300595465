import { type ReactNode, useId, useLayoutEffect, useRef } from "react";
import { Icon } from "../Icon";

interface FullScreenProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
}

/** A dialog of the window's size. Escape and the button close it. */
export function FullScreen({ title, onClose, children }: FullScreenProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleID = useId();
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close(); // Only a dialog that is closed gives the focus back.
  }, []);
  return (
    <dialog
      ref={ref}
      className="plot-full"
      aria-labelledby={titleID}
      onClose={() => !ref.current?.open && onClose()}
    >
      <div className="plot-head">
        <h2 id={titleID} className="truncate" title={title}>
          {title}
        </h2>
        <span className="spacer" />
        <button type="button" className="icon-button" aria-label="Close full screen" onClick={onClose}>
          <Icon name="close" size={14} />
        </button>
      </div>
      {children}
    </dialog>
  );
}
