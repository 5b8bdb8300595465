import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { runColors, runDashes, runStyle, swatchOf } from "./palette";

// WCAG relative luminance and contrast.
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((i) => {
    const c = Number.parseInt(hex.slice(i, i + 2), 16) / 255;
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high! + 0.05) / (low! + 0.05);
}

test("run colours stand out on both backgrounds", () => {
  for (const [light, dark] of runColors) {
    expect(contrast(light, "#ffffff")).toBeGreaterThan(4.4);
    expect(contrast(dark, "#171c21")).toBeGreaterThan(4.4);
  }
});

test("a run's look depends on its id alone and uses the whole palette", () => {
  expect(runStyle("abc")).toEqual(runStyle("abc"));
  const looks = new Set(Array.from({ length: 2000 }, (_, i) => JSON.stringify(runStyle(`run-${i}`))));
  expect(looks.size).toBe(runColors.length * runDashes.length);
});

test("runs of one colour but different dashes have different swatches", () => {
  const ids = Array.from({ length: 500 }, (_, i) => `run-${i}`);
  const looks = (id: string) => JSON.stringify([runStyle(id).light, runStyle(id).dash]);
  const swatches = (id: string) => JSON.stringify(swatchOf(runStyle(id)));
  expect(new Set(ids.map(swatches)).size).toBe(new Set(ids.map(looks)).size);
});

/** Colour tokens as [light, dark]. */
function readTokens(): Map<string, [string, string]> {
  const css = readFileSync(new URL("../../styles/tokens.css", import.meta.url), "utf8").split("@media")[0]!;
  const found = css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g);
  return new Map([...found].map(([, name, light, dark]) => [name!, [light!, dark!]]));
}

test.each([
  ["text", ["page", "surface", "surface-2", "surface-3", "accent-soft", "selected", "danger-soft"]],
  ["text-muted", ["page", "surface", "surface-2", "selected"]],
  ["accent", ["page", "surface", "surface-2", "accent-soft", "selected"]],
  ["accent-text", ["accent"]],
  ["ok", ["surface", "surface-2", "surface-3", "selected"]],
  ["running", ["surface", "surface-2", "surface-3", "selected"]],
  ["danger", ["surface", "surface-2", "surface-3", "danger-soft", "selected"]],
  ["warn", ["surface", "surface-2"]],
  ["code-string", ["surface"]],
  ["code-number", ["surface"]],
  ["code-keyword", ["surface"]],
])("%s can be read on its backgrounds in both themes", (text, backgrounds) => {
  const tokens = readTokens();
  for (const background of backgrounds) {
    for (const theme of [0, 1] as const) {
      const ratio = contrast(tokens.get(text)![theme], tokens.get(background)![theme]);
      expect(ratio, `${text} on ${background}, ${theme ? "dark" : "light"}`).toBeGreaterThanOrEqual(4.5);
    }
  }
});
