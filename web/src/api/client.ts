// One door to the server. Addresses are relative to the document, so the UI works under any prefix.

import { OtherUserError, type Session, SessionGate, withoutUsers } from "../lib/accounts/session";

const base = "ajax-api/2.0/mlflow/";
const base3 = "ajax-api/3.0/mlflow/";
const own = "ajax-api/millrace/";

/** An answer other than 2xx, or no answer at all (status 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  /** Character offset of the fault in the filter that was sent, where the server knows it. */
  readonly position: number | undefined;
  /** How long the server asks to wait. */
  readonly retryAfterS: number | undefined;

  constructor(status: number, code: string, message: string, position?: number, retryAfterS?: number) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.position = position;
    this.retryAfterS = retryAfterS;
  }
}

export type Query = Record<string, string | number | readonly string[] | undefined>;

/** The absolute address of a path on this server. */
export function serverURL(path: string, query: Query = {}): string {
  const url = new URL(path, document.baseURI);
  url.hash = "";
  for (const [key, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const item of Array.isArray(value) ? value : [String(value)]) url.searchParams.append(key, item);
  }
  return url.href;
}

/** The address users put into MLFLOW_TRACKING_URI. */
export function trackingURI(): string {
  return new URL(".", document.baseURI).href.replace(/\/$/, "");
}

export function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  return request<T>(serverURL(base + path, query), { signal: signal ?? null });
}

export function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  return request<T>(serverURL(base + path), jsonBody(body, signal));
}

export function patch<T>(path: string, body: unknown): Promise<T> {
  return request<T>(serverURL(base + path), { ...jsonBody(body), method: "PATCH" });
}

/** MLflow's DELETE routes read their arguments from a body. */
export function remove<T>(path: string, body: unknown): Promise<T> {
  return request<T>(serverURL(base + path), { ...jsonBody(body), method: "DELETE" });
}

/** Calls of version 3 of the API, which has roles, grants and traces. */
export const v3 = {
  get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
    return request<T>(serverURL(base3 + path, query), { signal: signal ?? null });
  },
  post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
    return request<T>(serverURL(base3 + path), jsonBody(body, signal));
  },
  send<T>(method: "POST" | "PATCH" | "DELETE", path: string, body: unknown): Promise<T> {
    return request<T>(serverURL(base3 + path), { ...jsonBody(body), method });
  },
};

/** Calls of Millrace's own, next to the compatible ones. */
export const millrace = {
  get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
    return request<T>(serverURL(own + path, query), { signal: signal ?? null });
  },
  post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
    return request<T>(serverURL(own + path), jsonBody(body, signal));
  },
};

interface WireSession {
  users: boolean;
  user: { id: number; username: string; is_admin: boolean } | null;
  manages?: boolean;
  csrf_token?: string;
  oidc?: { name: string; url: string };
}

const toSession = ({ users, user, manages, csrf_token, oidc }: WireSession): Session => ({
  users,
  user: (users && user && { id: user.id, username: user.username, isAdmin: user.is_admin }) || undefined,
  manages: users && Boolean(manages),
  csrfToken: csrf_token ?? "",
  provider: oidc,
});

/** Who uses the pages. */
export const gate = new SessionGate(async () => {
  try {
    return toSession(await (await exchange(serverURL(`${own}session`))).json());
  } catch (error) {
    // A server that does not know the route has no users.
    if (error instanceof ApiError && error.status >= 400 && error.status < 500) return withoutUsers;
    throw error;
  }
});

export async function logIn(username: string, password: string): Promise<void> {
  const answer = await exchange(serverURL(`${own}login`), jsonBody({ username, password }));
  gate.enter(toSession(await answer.json()));
}

export async function logOut(): Promise<void> {
  try {
    await exchange(serverURL(`${own}logout`), withToken(jsonBody({}), await gate.refresh()));
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error; // 401: it had ended already.
  }
  gate.leave();
}

function jsonBody(body: unknown, signal?: AbortSignal): RequestInit {
  return {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal: signal ?? null,
  };
}

async function request<T>(url: string, init: RequestInit): Promise<T> {
  const response = await send(url, init);
  return (await response.json()) as T;
}

/** Requests as the user of the pages, and turns every failure into an ApiError. */
export async function send(url: string, init: RequestInit = {}): Promise<Response> {
  const before = await gate.ready();
  if (before.users && !before.user) await untilLogin(init.signal);
  const session = await gate.ready();
  try {
    return await exchange(url, withToken(init, session));
  } catch (error) {
    if (!(error instanceof ApiError) || !session.users) throw error;
    if (error.status === 401) await untilLogin(init.signal);
    else if (!(await tokenChanged(error, session))) throw error;
  }
  return exchange(url, withToken(init, await gate.ready()));
}

async function untilLogin(signal?: AbortSignal | null) {
  try {
    await gate.login(signal);
  } catch (error) {
    throw error instanceof OtherUserError ? new ApiError(401, "UNAUTHENTICATED", error.message) : error;
  }
}

/** Whether a request was refused because the same user has logged in again in another tab. */
async function tokenChanged(error: ApiError, before: Session): Promise<boolean> {
  if (error.status !== 403 || before.csrfToken === "" || !error.message.includes("CSRF")) return false;
  const now = await gate.refresh();
  return now.csrfToken !== before.csrfToken && now.user?.id === before.user?.id;
}

function withToken(init: RequestInit, { csrfToken }: Session): RequestInit {
  if (csrfToken === "" || (init.method ?? "GET") === "GET") return init;
  const headers = new Headers(init.headers);
  headers.set("X-CSRF-Token", csrfToken);
  return { ...init, headers };
}

async function exchange(url: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { credentials: "same-origin", ...init });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError(
      0,
      "UNREACHABLE",
      "The server did not answer. Check that it runs and that you are online.",
    );
  }
  if (response.ok) return response;
  throw await readError(response);
}

async function readError(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => "");
  try {
    const body = JSON.parse(text) as { error_code?: string; message?: string; position?: number };
    if (body.message) {
      const wait = Number(response.headers.get("Retry-After")) || undefined;
      return new ApiError(response.status, body.error_code ?? "", body.message, body.position, wait);
    }
  } catch {
    // Not JSON: proxies and the permission check answer in plain text.
  }
  const plain = text.trimStart().startsWith("<") ? "" : text.slice(0, 300);
  return new ApiError(
    response.status,
    "",
    plain || `The server answered ${response.status} ${response.statusText}.`,
  );
}
