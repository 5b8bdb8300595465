import { expect, test, vi } from "vitest";
import { generatePassword, passwordFault } from "./password";

test("passwords are random, of the asked length and easy to read out", () => {
  const made = new Set(Array.from({ length: 200 }, () => generatePassword()));
  expect(made.size).toBe(200);
  for (const password of made) expect(password).toMatch(/^[A-HJ-NP-Za-km-np-z2-9]{20}$/);
});

test("no letter is more likely than another", () => {
  const spy = vi.spyOn(crypto, "getRandomValues").mockImplementation((array) => {
    const bytes = array as Uint8Array;
    for (let i = 0; i < bytes.length; i++) bytes[i] = 255 - i; // 255 to 224 are left out.
    return array;
  });
  try {
    expect(generatePassword(40)).toHaveLength(40);
    expect(generatePassword(40)[0]).toBe("9"); // The last letter of the last whole alphabet.
  } finally {
    spy.mockRestore();
  }
});

test("a short password is refused by characters, not by bytes", () => {
  expect(passwordFault("")).toBe("");
  expect(passwordFault("😀".repeat(6))).not.toBe("");
  expect(passwordFault("é".repeat(12))).toBe("");
});
