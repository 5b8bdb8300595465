import { createContext, type ReactNode, useContext } from "react";
import { createPortal } from "react-dom";

/** The place at the right of the title, which the views of the page fill. */
export const HeadSlotContext = createContext<HTMLElement | null>(null);

export function HeadSlot({ children }: { children: ReactNode }) {
  const place = useContext(HeadSlotContext);
  return place && createPortal(children, place);
}
