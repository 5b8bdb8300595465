import type { LoggedModel } from "../../api/models";

const states: Record<string, { label: string; look: string }> = {
  READY: { label: "✓ Ready", look: "finished" },
  PENDING: { label: "○ Pending", look: "scheduled" },
  UPLOAD_FAILED: { label: "✕ Upload failed", look: "failed" },
  UNSPECIFIED: { label: "Unspecified", look: "scheduled" },
};

export function ModelStatus({ model }: { model: LoggedModel }) {
  const state = states[model.status] ?? { label: model.status, look: "scheduled" };
  return (
    <span className={`badge status ${state.look}`} title={model.statusMessage}>
      {state.label}
    </span>
  );
}
