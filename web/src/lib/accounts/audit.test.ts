import { expect, test } from "vitest";
import { formatDateTime } from "../text/format";
import {
  type AuditEntry,
  actionGroups,
  actionLabel,
  type DetailField,
  detailOf,
  resultLabel,
  timesOf,
} from "./audit";

const entry = (action: string, detail: unknown, result = "OK"): AuditEntry => ({
  ...{ id: 1, timeMS: 1, username: "ann", tokenID: "", client: "10.0.0.1", action, result },
  detail: typeof detail === "string" ? detail : JSON.stringify(detail),
});

/** The fields as they read, with links in brackets. */
const read = (action: string, detail: unknown, result?: string) => {
  const fields = detailOf(entry(action, detail, result));
  if (typeof fields === "string") return fields;
  const value = ({ text, target }: DetailField["values"][number]) => (target ? `[${text}]` : text);
  return fields.map((f) => `${f.label}: ${f.values.map(value).join(", ")}`).join("; ");
};

test("actions have words, and no action is in two groups", () => {
  expect(actionLabel("users/permissions/grant")).toBe("Grant a permission");
  expect(actionLabel("something/new")).toBeUndefined();
  const actions = actionGroups.flatMap((g) => Object.keys(g.actions));
  expect(new Set(actions).size).toBe(actions.length);
});

test("results are read without underscores", () => {
  expect(resultLabel("OK")).toBe("OK");
  expect(resultLabel("RESOURCE_DOES_NOT_EXIST")).toBe("Resource does not exist");
});

test("a request reads as fields with links", () => {
  expect(read("experiments/delete", { experiment_id: "12" })).toBe("experiment: [12]");
  expect(read("runs/delete", { run_id: "abc" })).toBe("run: abc");
  expect(read("roles/assign", { role_id: 4, username: "bob" })).toBe("role: [4]; user: [bob]");
  expect(read("login", {})).toBe("");
  const token = { name: "ci", read_only: true, experiment_ids: ["1", "2"], expires_ms: 0 };
  expect(read("tokens/create", token)).toBe(
    "name: ci; read only: yes; experiments: [1], [2]; expires: never",
  );
  expect(read("tokens/revoke", { id: "8d47" })).toBe("token: 8d47");
  expect(read("tokens/create", { expires_ms: 1e12 })).toBe(`expires: ${formatDateTime(1e12)}`);
  expect(read("anything", { odd: { a: [1] }, none: null })).toBe('odd: {"a":[1]}; none: null');
});

test("a grant names its resource once", () => {
  const grant = (resource_type: string, resource_id: string) =>
    read("users/permissions/grant", { permission: "EDIT", resource_id, resource_type, username: "bob" });
  expect(grant("experiment", "1")).toBe("permission: Edit; on: [Experiment 1]; user: [bob]");
  expect(grant("prompt", "greet")).toBe("permission: Edit; on: [Prompt greet]; user: [bob]");
  expect(grant("experiment", "*")).toBe("permission: Edit; on: All experiments; user: [bob]");
  expect(grant("experiment", "prefix:team-")).toBe(
    "permission: Edit; on: Experiment names that begin with team-; user: [bob]",
  );
  expect(grant("scorer", "x")).toBe("permission: Edit; on: Scorer x; user: [bob]");
  const rest = { permission: "OWNER", resource_type: "run" };
  expect(read("roles/permissions/add", { ...rest, resource_pattern: "*" })).toBe(
    "permission: OWNER; on: All runs",
  );
  expect(read("roles/permissions/add", rest)).toBe("permission: OWNER; resource type: run");
});

test("versions lead to their model", () => {
  const fields = detailOf(entry("model-versions/transition", { name: "m", version: "3", alias: "best" }));
  expect(fields).toEqual([
    { label: "model", values: [{ text: "m", target: { kind: "model", id: "m" } }] },
    { label: "version", values: [{ text: "3", target: { kind: "version", model: "m", id: "3" } }] },
    { label: "alias", values: [{ text: "best" }] },
  ]);
});

test("what does not exist is no link", () => {
  expect(read("users/delete", { username: "bob" })).toBe("user: bob");
  expect(read("users/delete", { username: "bob" }, "PERMISSION_DENIED")).toBe("user: [bob]");
  expect(read("experiments/delete", { experiment_id: "7" }, "RESOURCE_DOES_NOT_EXIST")).toBe("experiment: 7");
  expect(read("model-versions/delete", { name: "m", version: "1" })).toBe("model: [m]; version: 1");
  expect(read("registered-models/rename", { name: "m", new_name: "n" })).toBe("model: m; new name: [n]");
});

test("a request that was cut is shown as it is", () => {
  expect(read("roles/create", '{"name":"a very lo')).toBe('{"name":"a very lo');
  expect(read("roles/create", "[1]")).toBe("[1]");
});

test("days begin and end at midnight here", () => {
  expect(timesOf({ from: "2026-03-29", to: "2026-12-31" })).toEqual({
    fromMS: new Date(2026, 2, 29).getTime(),
    toMS: new Date(2027, 0, 1).getTime(),
  });
  expect(timesOf({ from: "", to: "" })).toEqual({ fromMS: undefined, toMS: undefined });
});
