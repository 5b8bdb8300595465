import { millrace } from "./client";

/** The media files of a run that can have a step. */
export interface MediaFiles {
  runID: string;
  paths: string[];
  /** The run has more files than were looked at. */
  bounded: boolean;
  /** Why the files cannot be listed; empty if they were. */
  error: string;
}

interface WireMediaFiles {
  runs?: { run_id: string; files?: { path: string }[]; bounded?: boolean; error?: string }[];
}

export async function listMedia(runIDs: readonly string[], signal?: AbortSignal): Promise<MediaFiles[]> {
  const wire = await millrace.post<WireMediaFiles>("artifacts/media", { run_ids: runIDs }, signal);
  return (wire.runs ?? []).map((run) => ({
    runID: run.run_id,
    paths: (run.files ?? []).map((file) => file.path),
    bounded: run.bounded ?? false,
    error: run.error ?? "",
  }));
}
