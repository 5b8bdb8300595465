// Payloads as lines of text, for differences.
import { linesOf } from "../compare/diff";
import { soleText } from "./chat";

/**
 * The lines of two values: those of their texts if both are texts or objects with nothing but one, or else of their
 * JSON with the keys in order. Texts inside of JSON are laid out in lines, because JSON writes them in one.
 */
export function textsOf(a: unknown, b: unknown): [string[], string[]] {
  const [x, y] = [soleText(a), soleText(b)];
  const sameKey = keyOf(a) === keyOf(b);
  if (x !== undefined && y !== undefined && sameKey) return [linesOf(x, false), linesOf(y, false)];
  return [jsonLines(a), jsonLines(b)];
}

const keyOf = (value: unknown) =>
  typeof value === "object" && value !== null ? Object.keys(value).join() : "";

const jsonLines = (value: unknown) =>
  linesOf(JSON.stringify(value) ?? "", true).flatMap((line) =>
    // A long text in quotation marks is split where its lines end.
    line.length > 100 && line.includes("\\n") ? line.split(/(?<=(?<!\\)(?:\\\\)*\\n)/) : [line],
  );
