import { expect, test } from "vitest";
import { goToPages, goToParts, keyMap } from "./keys";

test("no two pages have the same keys", () => {
  const keys = [...goToPages, ...goToParts].map((target) => target.keys);
  expect(new Set(keys).size).toBe(keys.length);
  for (const each of keys) expect(each).toMatch(/^g [a-z]$/);
});

test("the map has every page that keys lead to, and no key twice in a group", () => {
  const all = keyMap.flatMap((group) => group.keys.map(([keys]) => keys));
  for (const { keys } of [...goToPages, ...goToParts]) expect(all).toContain(keys);
  for (const { keys } of keyMap) expect(new Set(keys.map(([k]) => k)).size).toBe(keys.length);
});
