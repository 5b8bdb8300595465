// Run colours. Twelve hues told apart under the common kinds of colour blindness by lightness as well
// as hue; a dash pattern is the second channel. Each pair is [on light, on dark], at 3:1 or better.

export const runColors: readonly (readonly [string, string])[] = [
  ["#0069b4", "#4fa8ec"],
  ["#c4501b", "#f08a4b"],
  ["#00795f", "#2fbf9b"],
  ["#a8327c", "#e583bd"],
  ["#8a6a00", "#d8b43a"],
  ["#5a4fcf", "#a49bff"],
  ["#b3261e", "#ff7d72"],
  ["#0b7f94", "#4cc6dc"],
  ["#5f7a00", "#a9c83f"],
  ["#7a4a2b", "#c99a77"],
  ["#8b3fc2", "#cf92f5"],
  ["#4d5b6a", "#a3b3c4"],
];

/** Solid, dashed, dotted; in pixels as the canvas takes them. */
export const runDashes: readonly (readonly number[])[] = [[], [7, 4], [2, 3]];

export interface RunStyle {
  light: string;
  dark: string;
  dash: readonly number[];
}

/** A run keeps its colour in every chart and list, whatever else is shown: it depends on the id only. */
export function runStyle(runID: string): RunStyle {
  const hash = fnv1a(runID);
  const [light, dark] = runColors[hash % runColors.length]!;
  const dash = runDashes[Math.floor(hash / runColors.length) % runDashes.length]!;
  return { light, dark, dash };
}

/** The n-th style of a list of lines that no run tells apart: colours first, then dashes. */
export function nthStyle(n: number): RunStyle {
  const [light, dark] = runColors[n % runColors.length]!;
  return { light, dark, dash: runDashes[Math.floor(n / runColors.length) % runDashes.length]! };
}

/** A style in the colour of a run, with the n-th dash. */
export function withDash(runID: string, n: number): RunStyle {
  return { ...runStyle(runID), dash: runDashes[n % runDashes.length]! };
}

/** The colour as CSS, following the theme by itself. */
export function runColorCSS(runID: string): string {
  return colorCSS(runStyle(runID));
}

const colorCSS = ({ light, dark }: RunStyle) => `light-dark(${light}, ${dark})`;

/** How a swatch repeats the dash of the line: whole, two stripes, three thin ones. */
const swatchMasks = [
  undefined,
  "repeating-linear-gradient(90deg, #000 0 6px, transparent 6px 8px)",
  "repeating-linear-gradient(90deg, #000 0 2px, transparent 2px 4px)",
];

/** Colour and pattern of the mark that stands for a line in lists. */
export function swatchOf(style: RunStyle): { background: string; maskImage: string | undefined } {
  return { background: colorCSS(style), maskImage: swatchMasks[runDashes.indexOf(style.dash)] };
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}
