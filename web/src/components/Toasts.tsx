import { createContext, type ReactNode, useCallback, useContext, useRef, useState } from "react";
import { Icon } from "./Icon";
import { errorText } from "./Notice";

interface Toast {
  id: number;
  text: string;
  undo?: (() => Promise<unknown>) | undefined;
}

type ShowToast = (text: string, undo?: () => Promise<unknown>) => void;

const ToastContext = createContext<ShowToast>(() => {});

export const useToast = () => useContext(ToastContext);

const shownForMS = 8_000;

/** Short confirmations in a corner, read out by screen readers, with an undo where there is one. */
export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<Toast[]>([]);
  const lastID = useRef(0);
  const close = useCallback((id: number) => setToasts((all) => all.filter((t) => t.id !== id)), []);
  const show = useCallback<ShowToast>(
    (text, undo) => {
      const id = ++lastID.current;
      setToasts((all) => [...all.slice(-2), { id, text, undo }]);
      setTimeout(() => close(id), shownForMS);
    },
    [close],
  );
  const undo = async (toast: Toast) => {
    close(toast.id);
    try {
      await toast.undo?.();
    } catch (error) {
      show(`Could not undo: ${errorText(error)}`);
    }
  };
  return (
    <ToastContext value={show}>
      {children}
      <div className="toasts" role="status">
        {toasts.map((toast) => (
          <div key={toast.id} className="toast">
            <span>{toast.text}</span>
            {toast.undo && (
              <button type="button" className="link-button" onClick={() => undo(toast)}>
                Undo
              </button>
            )}
            <button
              type="button"
              className="icon-button"
              aria-label="Dismiss"
              onClick={() => close(toast.id)}
            >
              <Icon name="close" size={12} />
            </button>
          </div>
        ))}
      </div>
    </ToastContext>
  );
}
