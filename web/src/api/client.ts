// One door to the server. Addresses are relative to the document, so the UI works under any prefix.

const base = "ajax-api/2.0/mlflow/";

/** An answer other than 2xx, or no answer at all (status 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  /** Character offset of the fault in the filter that was sent, where the server knows it. */
  readonly position: number | undefined;

  constructor(status: number, code: string, message: string, position?: number) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.position = position;
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

/** Calls of Millrace's own, next to the compatible ones. */
export const millrace = {
  get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
    return request<T>(serverURL(`ajax-api/millrace/${path}`, query), { signal: signal ?? null });
  },
  post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
    return request<T>(serverURL(`ajax-api/millrace/${path}`), jsonBody(body, signal));
  },
};

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

/** Fetches and turns every failure into an ApiError. */
export async function send(url: string, init: RequestInit = {}): Promise<Response> {
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
      return new ApiError(response.status, body.error_code ?? "", body.message, body.position);
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
