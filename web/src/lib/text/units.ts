import { formatNumber } from "./format";

/** The units of system metrics. */
export type Unit = "%" | "MB" | "W";

/** A value with its unit: "43 %", "31.5 GB", "250 W". */
export function unitText(value: number, unit: Unit | undefined, digits = 3): string {
  if (!Number.isFinite(value)) return formatNumber(value);
  const round = (n: number) => formatNumber(Number(n.toPrecision(digits)));
  if (unit !== "MB") return unit ? `${round(value)} ${unit}` : formatNumber(value);
  const size = Math.abs(value);
  if (size >= 1e6) return `${round(value / 1e6)} TB`;
  return size >= 1000 ? `${round(value / 1000)} GB` : `${round(value)} MB`;
}
