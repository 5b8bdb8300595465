// The parts of axes that are brushed, in an address: "0.1:0.5:params.lr".
import type { Brushes } from "../plots/parallel";
import { join, split } from "./search";

export function encodeBrushes(brushes: Brushes): string {
  return join(Object.entries(brushes).map(([key, [from, to]]) => `${from}:${to}:${key}`));
}

export function decodeBrushes(text: string | undefined): Brushes {
  const found: Record<string, readonly [number, number]> = {};
  for (const part of split(text ?? "")) {
    const [, from, to, key] = /^([\d.]+):([\d.]+):(.+)$/.exec(part) ?? [];
    if (key && Number(from) <= Number(to)) found[key] = [Number(from), Number(to)];
  }
  return found;
}
