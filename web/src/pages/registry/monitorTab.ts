import type { MonitoredModel } from "../../api/registry";
import type { MonitorView } from "../../lib/view/registry";
import type { TransitionKind } from "./TransitionDialogs";

/** What the Monitor page gives each of its tabs. */
export interface MonitorTabProps {
  monitored: MonitoredModel;
  view: MonitorView;
  change: (part: Partial<MonitorView>, how?: "push" | "replace") => void;
  /** Opens the dialog that moves a stage or an alias. */
  move: (kind: TransitionKind, version?: string) => void;
}
