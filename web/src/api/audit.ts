// The audit log: who did what on this server.
import { type AuditEntry, type AuditFilter, timesOf } from "../lib/accounts/audit";
import { millrace } from "./client";

const entriesPerPage = 100;

interface WireEntry {
  id: number;
  timestamp_ms: number;
  username: string;
  token_id?: string;
  client: string;
  action: string;
  detail: string;
  result: string;
}

const toEntry = ({ timestamp_ms, token_id = "", ...rest }: WireEntry): AuditEntry => ({
  ...rest,
  timeMS: timestamp_ms,
  tokenID: token_id,
});

export interface AuditPage {
  entries: AuditEntry[];
  nextPageToken: string | undefined;
}

/** A page of the entries that a filter selects, the newest first. */
export async function readAudit(
  filter: AuditFilter,
  pageToken: string | undefined,
  signal?: AbortSignal,
): Promise<AuditPage> {
  const { fromMS, toMS } = timesOf(filter);
  const answer = await millrace.get<{ entries: WireEntry[]; next_page_token?: string }>(
    "audit",
    {
      username: filter.user || undefined,
      action: filter.action || undefined,
      result: filter.result || undefined,
      from_ms: fromMS,
      to_ms: toMS,
      max_results: entriesPerPage,
      page_token: pageToken,
    },
    signal,
  );
  return { entries: answer.entries.map(toEntry), nextPageToken: answer.next_page_token };
}
