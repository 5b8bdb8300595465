import { expect, test } from "vitest";
import { expiry, isValid } from "./tokens";

test("a lifetime ends after its days, or never", () => {
  expect(expiry(7, 1000)).toBe(1000 + 7 * 86_400_000);
  expect(expiry(0, 1000)).toBe(0);
});

test("a token is valid until it expires or is revoked", () => {
  const forever = { expiresMS: undefined, revokedMS: undefined };
  expect(isValid(forever, 5)).toBe(true);
  expect(isValid({ ...forever, expiresMS: 6 }, 5)).toBe(true);
  expect(isValid({ ...forever, expiresMS: 5 }, 5)).toBe(false);
  expect(isValid({ ...forever, revokedMS: 1 }, 5)).toBe(false);
});
