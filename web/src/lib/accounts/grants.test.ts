import { expect, test } from "vitest";
import {
  effective,
  type Holder,
  listed,
  ownerOfRole,
  possible,
  reason,
  several,
  splitHolders,
  typeOf,
} from "./grants";

test("the default is the least permission, and a denial wins over it", () => {
  expect(effective("READ", "NO_PERMISSIONS")).toBe("READ");
  expect(effective("READ", "EDIT")).toBe("EDIT");
  expect(effective("MANAGE", "EDIT")).toBe("MANAGE");
  expect(effective("DENY", "MANAGE")).toBe("DENY");
});

test("only the server's own form of name holds the grants of one user", () => {
  expect(ownerOfRole("__user_12__")).toBe(12);
  for (const name of ["user_12", "__user_12", "__user_x__", " __user_1__", "__user___"]) {
    expect(ownerOfRole(name)).toBeUndefined();
  }
});

test("each type offers its permissions, and keeps one it would not offer", () => {
  expect(possible("experiment")).toEqual(["READ", "EDIT", "MANAGE", "DENY"]);
  expect(possible("experiment", "USE")).toContain("USE");
  expect(possible("workspace")).toEqual(["MANAGE", "USE"]);
});

test("types of other programs have names, too", () => {
  expect(typeOf("experiment").all).toBe("All experiments");
  expect(typeOf("gateway_secret")).toMatchObject({
    one: "Gateway secret",
    all: "All of type gateway secret",
  });
});

test("a grant can be on several resources", () => {
  expect(several({ type: "experiment", id: "*" })).toBe("All experiments");
  expect(several({ type: "experiment", id: "prefix:team-" })).toBe("Experiment names that begin with team-");
  expect(several({ type: "experiment", id: "7" })).toBe(undefined);
  expect(reason({ type: "prompt", id: "prefix:a", permission: "READ" })).toBe(
    "by a grant on prompt names that begin with a",
  );
});

test("holders are those of the resource, people first, and those of more", () => {
  const holder = (username: string, role: string, type: string, id: string): Holder => ({
    ...{ username, role, type, id, roleID: 1, members: [], permission: "READ" },
  });
  const split = splitHolders(
    [
      holder("", "team", "experiment", "7"),
      holder("eve", "", "experiment", "7"),
      holder("bob", "", "experiment", "*"),
      holder("ann", "", "experiment", "7"),
      holder("", "boss", "workspace", "*"),
    ],
    "experiment",
    "7",
  );
  expect(split.here.map((h) => h.username || h.role)).toEqual(["ann", "eve", "team"]);
  expect(split.wider.map((h) => `${h.username || h.role} ${reason(h)}`)).toEqual([
    "bob by a grant on all experiments",
    "boss by a grant on everything",
  ]);
});

test("long lists of names end with a count", () => {
  expect(listed([])).toBe("nobody");
  expect(listed(["a", "b"], 2)).toBe("a, b");
  expect(listed(["a", "b", "c", "d"], 2)).toBe("a, b and 2 more");
});
