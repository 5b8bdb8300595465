import { describe, expect, test } from "vitest";
import { ansiSpans, hasANSI, plainText } from "./ansi";

const esc = "\u001b";

describe("terminal colours", () => {
  test("a line falls into spans", () => {
    expect(ansiSpans(`a${esc}[1;31mb${esc}[0mc`)).toEqual([
      { text: "a", styles: [] },
      { text: "b", styles: ["bold", "red"] },
      { text: "c", styles: [] },
    ]);
  });

  test("a new colour replaces the old one, and 22 ends bold", () => {
    expect(ansiSpans(`${esc}[1;32mx${esc}[94my${esc}[22mz`)).toEqual([
      { text: "x", styles: ["bold", "green"] },
      { text: "y", styles: ["bold", "blue"] },
      { text: "z", styles: ["blue"] },
    ]);
  });

  test("extended colours, cursor moves and titles are dropped", () => {
    expect(plainText(`${esc}[38;5;196mred${esc}[2K${esc}[0m${esc}]0;title\u0007!`)).toBe("red!");
    expect(ansiSpans(`${esc}[38;2;1;4;3mx`)).toEqual([{ text: "x", styles: [] }]);
  });

  test("a progress bar shows its last state", () => {
    expect(plainText("10%\r20%\r100%\r")).toBe("100%");
    expect(plainText("\r")).toBe("");
  });

  test("an incomplete sequence is text", () => {
    expect(plainText(`a${esc}[`)).toBe(`a${esc}[`);
    expect(hasANSI("plain")).toBe(false);
  });
});
