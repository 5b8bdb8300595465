// Access tokens, by which programs log in as a user.
import { millrace } from "./client";

export interface Token {
  id: string;
  name: string;
  readOnly: boolean;
  /** The only experiments that the token is for; undefined for everything. */
  experimentIDs: string[] | undefined;
  createdMS: number;
  /** Undefined if the token does not expire. */
  expiresMS: number | undefined;
  lastUsedMS: number | undefined;
  revokedMS: number | undefined;
}

interface WireToken {
  id: string;
  name: string;
  scope?: { read_only?: boolean; experiment_ids?: string[] };
  created_ms: number;
  expires_ms?: number;
  last_used_ms?: number;
  revoked_ms?: number;
}

const toToken = (wire: WireToken): Token => ({
  id: wire.id,
  name: wire.name,
  readOnly: wire.scope?.read_only ?? false,
  experimentIDs: wire.scope?.experiment_ids,
  createdMS: wire.created_ms,
  expiresMS: wire.expires_ms || undefined,
  lastUsedMS: wire.last_used_ms || undefined,
  revokedMS: wire.revoked_ms || undefined,
});

/** The tokens of a user, the newest first. */
export async function listTokens(username: string, signal?: AbortSignal): Promise<Token[]> {
  const answer = await millrace.get<{ tokens?: WireToken[] }>("tokens/list", { username }, signal);
  return (answer.tokens ?? []).map(toToken).reverse();
}

export interface NewToken {
  name: string;
  readOnly: boolean;
  experimentIDs: readonly string[] | undefined;
  /** 0 for never. */
  expiresMS: number;
}

/** Makes a token of the user and returns its secret, which cannot be read again. */
export async function createToken(token: NewToken): Promise<string> {
  const answer = await millrace.post<{ secret: string }>("tokens/create", {
    name: token.name,
    read_only: token.readOnly,
    ...(token.experimentIDs && { experiment_ids: token.experimentIDs }),
    expires_ms: token.expiresMS,
  });
  return answer.secret;
}

export const revokeToken = (id: string): Promise<unknown> => millrace.post("tokens/revoke", { id });
