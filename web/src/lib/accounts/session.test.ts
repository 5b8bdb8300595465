import { expect, test, vi } from "vitest";
import { loginURL, OtherUserError, type Session, SessionGate, withoutUsers } from "./session";

const ann = { id: 1, username: "ann", isAdmin: false };
const bob = { id: 2, username: "bob", isAdmin: true };
const of = (user: typeof ann | undefined): Session => ({
  users: true,
  user,
  manages: false,
  csrfToken: user ? `token of ${user.username}` : "",
});

function gateOf(...answers: Session[]) {
  const read = vi.fn(async () => answers.shift()!);
  return { gate: new SessionGate(read), read };
}

test("the session is read once, however many requests wait for it", async () => {
  const { gate, read } = gateOf(of(ann));
  await Promise.all([gate.ready(), gate.ready()]);
  expect(await gate.ready()).toEqual(of(ann));
  expect(read).toHaveBeenCalledTimes(1);
});

test("a failure to read it is not kept", async () => {
  const read = vi.fn().mockRejectedValueOnce(new Error("away")).mockResolvedValueOnce(withoutUsers);
  const gate = new SessionGate(read);
  await expect(gate.ready()).rejects.toThrow("away");
  expect(gate.snapshot().failed).toBe(true);
  expect(await gate.ready()).toBe(withoutUsers);
});

test("requests go on after the same user has logged in again", async () => {
  const { gate } = gateOf(of(ann), of(undefined));
  await gate.ready();
  const waiting = gate.login();
  await vi.waitFor(() => expect(gate.snapshot().ended).toEqual(ann));
  gate.enter(of(ann));
  await expect(waiting).resolves.toBeUndefined();
  expect(gate.snapshot()).toMatchObject({ session: of(ann), ended: undefined });
});

test("another user does not send what the first one began", async () => {
  const { gate } = gateOf(of(ann), of(undefined));
  await gate.ready();
  const waiting = gate.login();
  const refused = expect(waiting).rejects.toThrow(OtherUserError);
  await vi.waitFor(() => expect(gate.snapshot().ended).toEqual(ann));
  gate.enter(of(bob));
  await refused;
});

test("another user is noticed although the session was renewed elsewhere", async () => {
  const { gate } = gateOf(of(ann), of(bob));
  await gate.ready();
  await expect(gate.login()).rejects.toThrow(OtherUserError);
  expect(gate.snapshot().session?.user).toEqual(bob);
});

test("a login in another tab lets requests go on at once", async () => {
  const { gate } = gateOf(of(ann), of(ann));
  await gate.ready();
  await expect(gate.login()).resolves.toBeUndefined();
});

test("the session stays ended while it is read again", async () => {
  const { gate } = gateOf(of(ann), of(undefined), of(undefined));
  await gate.ready();
  await gate.refresh();
  await gate.refresh();
  expect(gate.snapshot().ended).toEqual(ann);
});

test("a request that is given up does not wait any longer", async () => {
  const { gate } = gateOf(of(undefined), of(undefined));
  await gate.ready();
  const given = new AbortController();
  const waiting = gate.login(given.signal);
  const refused = expect(waiting).rejects.toThrow("given up");
  await gate.refresh().catch(() => {});
  given.abort(new Error("given up"));
  await refused;
});

test("after a logout nothing waits and nobody is in", async () => {
  const { gate } = gateOf(of(ann), of(undefined));
  await gate.ready();
  const waiting = gate.login();
  const refused = expect(waiting).rejects.toThrow("logged out");
  await vi.waitFor(() => expect(gate.snapshot().ended).toEqual(ann));
  gate.leave();
  await refused;
  expect(gate.snapshot()).toMatchObject({ session: of(undefined), ended: undefined });
});

test("a login by a provider leads back to the page", () => {
  const provider = { name: "idp", url: "/ml/ajax-api/millrace/oidc/login" };
  expect(loginURL(provider, "#/runs?filter=a&b")).toBe(
    "/ml/ajax-api/millrace/oidc/login?next=%2F%23%2Fruns%3Ffilter%3Da%26b",
  );
  expect(loginURL(provider, "")).toBe("/ml/ajax-api/millrace/oidc/login?next=%2F");
});
