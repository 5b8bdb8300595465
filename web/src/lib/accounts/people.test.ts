import { expect, test } from "vitest";
import { findRoles, findUsers } from "./people";

const users = [
  { username: "Bob", roles: [{ name: "Vision team" }] },
  { username: "ann10", roles: [] },
  { username: "ann9", roles: [{ name: "audio" }, { name: "vision" }] },
];
const found = (text: string) => findUsers(users, text).map((u) => u.username);

test("users are found by name or role and listed by name", () => {
  expect(found("")).toEqual(["ann9", "ann10", "Bob"]);
  expect(found("BO")).toEqual(["Bob"]);
  expect(found("vision")).toEqual(["ann9", "Bob"]);
  expect(found(" ann  vis ")).toEqual(["ann9"]);
  expect(found("nobody")).toEqual([]);
});

test("roles are found by name or description", () => {
  const roles = [
    { name: "team", description: "People who look at images" },
    { name: "audio", description: "" },
  ];
  expect(findRoles(roles, "IMAGES team")).toEqual([roles[0]]);
  expect(findRoles(roles, "")).toEqual(roles);
});
