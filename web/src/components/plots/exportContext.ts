import { createContext, useContext, useEffect } from "react";
import type { Cell } from "../../lib/export";

/** What a frame can save of the plot inside it. */
export interface PlotExports {
  svg(): string;
  png(): Promise<Blob>;
  rows(): (readonly Cell[])[];
}

type Register = (exports: PlotExports | undefined) => void;

const context = createContext<Register>(() => {});

export const PlotExportProvider = context.Provider;

/** Offers a plot to the frame around it, if there is one. */
export function usePlotExports(exports: PlotExports | undefined) {
  const register = useContext(context);
  useEffect(() => {
    register(exports);
    return () => register(undefined);
  }, [register, exports]);
}
