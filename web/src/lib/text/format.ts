// Numbers, times and sizes as text. Tables show four or five significant digits; the full value
// is always one hover or copy away, so formatting never has to be lossless.
import { preferences } from "./preferences";

/** The number MLflow's protocol sends for an infinite value. */
const infinity = Number.MAX_VALUE;

/** Formats a metric value with at most five significant digits. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (value >= infinity) return "∞";
  if (value <= -infinity) return "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e9) return withSign(String(value));
  if (size >= 1e-4 && size < 1e7) return withSign(String(Number(value.toPrecision(5))));
  const [mantissa = "", exponent = ""] = value.toExponential(3).split("e");
  return withSign(`${Number(mantissa)}e${exponent.replace("+", "")}`);
}

function withSign(text: string): string {
  return text.replaceAll("-", "−");
}

/** The value in full, as a program would write it. */
export function exactNumber(value: number): string {
  if (value >= infinity) return "Infinity";
  if (value <= -infinity) return "-Infinity";
  return String(value);
}

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** "4 min ago", or a date once the moment is more than a month away. */
export function formatRelative(timeMS: number, nowMS: number): string {
  const seconds = Math.round((nowMS - timeMS) / 1000);
  if (seconds < -5) return formatDate(timeMS);
  if (seconds < 5) return "just now";
  if (seconds < minute) return `${seconds} s ago`;
  if (seconds < hour) return `${Math.floor(seconds / minute)} min ago`;
  if (seconds < day) return `${Math.floor(seconds / hour)} h ago`;
  const days = Math.floor(seconds / day);
  if (days < 31) return days === 1 ? "1 day ago" : `${days} days ago`;
  return formatDate(timeMS);
}

const two = (n: number) => String(n).padStart(2, "0");

/** The parts of a moment in the zone that was chosen. */
function partsOf(timeMS: number): number[] {
  const t = new Date(timeMS);
  if (preferences().zone === "utc") {
    return [
      t.getUTCFullYear(),
      t.getUTCMonth(),
      t.getUTCDate(),
      t.getUTCHours(),
      t.getUTCMinutes(),
      t.getUTCSeconds(),
    ];
  }
  return [t.getFullYear(), t.getMonth(), t.getDate(), t.getHours(), t.getMinutes(), t.getSeconds()];
}

/** Calendar date, the same in every locale: 2026-11-22. */
export function formatDate(timeMS: number): string {
  const [year, month, day] = partsOf(timeMS) as [number, number, number];
  return `${year}-${two(month + 1)}-${two(day)}`;
}

/** Date and time to the second: 2026-11-22 15:04:05. */
export function formatDateTime(timeMS: number): string {
  const [hours, minutes, seconds] = partsOf(timeMS).slice(3) as [number, number, number];
  const zone = preferences().zone === "utc" ? " UTC" : "";
  return `${formatDate(timeMS)} ${two(hours)}:${two(minutes)}:${two(seconds)}${zone}`;
}

/** "850 ms", "12.3 s", "4 min 05 s", "3 h 02 min", "2 d 4 h". */
export function formatDuration(ms: number): string {
  if (ms < 0) return "–";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.floor(seconds);
  if (whole < minute) return `${whole} s`;
  if (whole < hour) return `${Math.floor(whole / minute)} min ${two(whole % minute)} s`;
  if (whole < day) return `${Math.floor(whole / hour)} h ${two(Math.floor((whole % hour) / minute))} min`;
  return `${Math.floor(whole / day)} d ${Math.floor((whole % day) / hour)} h`;
}

/** A short elapsed time for a chart axis: 0, 30s, 5m, 2h, 1.5d. */
export function formatElapsed(seconds: number): string {
  const size = Math.abs(seconds);
  const short = (n: number) => withSign(String(Number(n.toPrecision(3))));
  if (size === 0) return "0";
  if (size < minute) return `${short(seconds)}s`;
  if (size < hour) return `${short(seconds / minute)}m`;
  if (size < day) return `${short(seconds / hour)}h`;
  return `${short(seconds / day)}d`;
}

const byteUnits = { 1000: ["kB", "MB", "GB", "TB"], 1024: ["KiB", "MiB", "GiB", "TiB"] } as const;

/** Sizes in powers of 1000 or, if that was chosen, of 1024: "0 B", "5.0 kB", "12.3 MB". */
export function formatBytes(bytes: number): string {
  const base = preferences().bytes;
  if (bytes < base) return `${bytes} B`;
  let size = bytes;
  let unit = "";
  for (unit of byteUnits[base]) {
    size /= base;
    if (size < base - 0.05) break;
  }
  return `${size.toFixed(1)} ${unit}`;
}

/** "1 run", "1,234 runs". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}
