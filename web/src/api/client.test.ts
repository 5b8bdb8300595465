import { afterEach, beforeEach, expect, test, vi } from "vitest";

// The server, as far as these tests go: one user whose sessions end and begin.
let token = "";
let requests: { method: string; path: string; csrf: string | null; body: unknown }[] = [];

const answer = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers });

const session = () => ({
  users: true,
  user: token ? { id: 7, username: "ann", is_admin: false } : null,
  ...(token && { csrf_token: token }),
});

function serve(url: string, init: RequestInit = {}): Response {
  const path = new URL(url).pathname.replace("/ajax-api/", "");
  const method = init.method ?? "GET";
  const csrf = new Headers(init.headers).get("X-CSRF-Token");
  requests.push({ method, path, csrf, body: init.body });
  if (path === "millrace/session") return answer(200, session());
  if (path === "millrace/login") {
    if (!String(init.body).includes("right")) {
      return answer(429, { error_code: "REQUEST_LIMIT_EXCEEDED", message: "Wait." }, { "Retry-After": "4" });
    }
    token = "after login";
    return answer(200, session());
  }
  if (!token) return answer(401, { error_code: "UNAUTHENTICATED", message: "Who?" });
  if (method !== "GET" && csrf !== token) {
    return answer(403, { error_code: "PERMISSION_DENIED", message: "The request has no valid CSRF token." });
  }
  return answer(200, { done: true });
}

/** The module anew, with a session that is not read yet. */
const client = () => import("./client");
const paths = () => requests.map((r) => `${r.method} ${r.path}`);

beforeEach(() => {
  vi.resetModules();
  token = "first";
  requests = [];
  vi.stubGlobal("document", { baseURI: "http://h:5000/" });
  vi.stubGlobal("fetch", async (url: string, init?: RequestInit) => serve(url, init));
});

afterEach(() => vi.unstubAllGlobals());

test("requests that change something carry the token of the session, others do not", async () => {
  const { get, patch, v3 } = await client();
  await get("experiments/get");
  await patch("registered-models/update", {});
  await v3.send("DELETE", "roles/delete", {});
  expect(requests.map((r) => r.csrf)).toEqual([null, null, "first", "first"]);
  expect(paths()).toEqual([
    "GET millrace/session",
    "GET 2.0/mlflow/experiments/get",
    "PATCH 2.0/mlflow/registered-models/update",
    "DELETE 3.0/mlflow/roles/delete",
  ]);
});

test("what was sent after the end of a session is done after the next login", async () => {
  const { gate, logIn, post } = await client();
  await gate.ready();
  token = "";
  const sent = post("experiments/create", { name: "e" });
  await vi.waitFor(() => expect(gate.snapshot().ended?.username).toBe("ann"));
  await logIn("ann", "right");
  await expect(sent).resolves.toEqual({ done: true });
  expect(requests.at(-1)).toMatchObject({ csrf: "after login", body: '{"name":"e"}' });
});

test("a login in another tab changes the token without a word", async () => {
  const { gate, post } = await client();
  await gate.ready();
  token = "of the other tab";
  await expect(post("experiments/create", {})).resolves.toEqual({ done: true });
  expect(requests.at(-1)?.csrf).toBe("of the other tab");
});

test("a refused login tells how long to wait and leaves the session alone", async () => {
  const { gate, logIn } = await client();
  token = "";
  await gate.ready();
  await expect(logIn("ann", "wrong")).rejects.toMatchObject({ status: 429, retryAfterS: 4 });
  expect(gate.snapshot().session?.user).toBeUndefined();
});

test("a server without the route of sessions has no users", async () => {
  vi.stubGlobal("fetch", async (url: string) =>
    url.includes("session") ? answer(404, {}) : answer(401, { message: "Log in at the proxy." }),
  );
  const { gate, get } = await client();
  await expect(get("experiments/get")).rejects.toMatchObject({ status: 401 });
  expect(gate.snapshot().session?.users).toBe(false);
});
