import { useSyncExternalStore } from "react";
import { gate } from "../../api/client";

/** Who uses the pages. */
export const useSessionState = () => useSyncExternalStore(gate.subscribe, gate.snapshot);

/** The user who is logged in; undefined on a server without users. */
export const useUser = () => useSessionState().session?.user;
