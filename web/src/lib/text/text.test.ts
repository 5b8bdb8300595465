import { expect, test } from "vitest";
import { nameFilter } from "../../api/experiments";

import { fileKind, looksBinary, mediaType } from "../files/kind";
import { parseSheet, SheetReader, tableSheet } from "../files/sheet";

test("CSV with quotes, line breaks and Windows line ends", () => {
  const sheet = parseSheet('a,b\r\n"x, ""y""","line\nbreak"\r\n1,\r\n', ",", 100);
  expect(sheet).toEqual({
    header: ["a", "b"],
    rows: [
      ['x, "y"', "line\nbreak"],
      ["1", ""],
    ],
    truncated: false,
  });
});

test("a long sheet is cut and says so", () => {
  const sheet = parseSheet("h\n1\n2\n3\n", ",", 2);
  expect(sheet.rows).toEqual([["1"], ["2"]]);
  expect(sheet.truncated).toBe(true);
  expect(parseSheet("h\n1\n2", ",", 2).truncated).toBe(false);
});

test("a sheet that comes in parts is that of the whole text", () => {
  const text = 'a,"b ""c"""\r\n"x\r\n,y",\rz\r\n\n"",""""\nlast,"1"x\r';
  const whole = parseSheet(text, ",", 9);
  expect(whole.rows).toEqual([
    ["x\r\n,y", "\rz"],
    ["", '"'],
    ["last", "1x\r"],
  ]);
  for (let size = 1; size < 9; size++) {
    const reader = new SheetReader(",", 9);
    for (let at = 0; at < text.length; at += size) reader.feed(text.slice(at, at + size));
    expect(reader.sheet(true), `parts of ${size}`).toEqual(whole);
    expect(reader.sheet(false).rows).toEqual(whole.rows.slice(0, 2));
  }
});

test("a logged table is a sheet, other JSON is not", () => {
  expect(
    tableSheet(
      {
        columns: ["a", "b"],
        data: [
          [1, null],
          ["x", { k: [true] }],
          [2, 3],
        ],
      },
      2,
    ),
  ).toEqual({
    header: ["a", "b"],
    rows: [
      ["1", ""],
      ["x", '{"k":[true]}'],
    ],
    truncated: true,
  });
  for (const other of [
    null,
    7,
    [],
    { columns: [], data: [] },
    { columns: ["a"], data: [[1, 2]] },
    { columns: ["a"], data: [1] },
    { columns: "a", data: [] },
  ]) {
    expect(tableSheet(other, 2)).toBeUndefined();
  }
});

test("files are previewed by name, and content has the last word", () => {
  expect(["a/x.PNG", "x.json", "x.tsv", "MLmodel", "r.html", "model.pkl", "README.md"].map(fileKind)).toEqual(
    ["image", "json", "sheet", "text", "frame", "binary", "markdown"],
  );
  expect(mediaType("x.jpg")).toBe("image/jpeg");
  expect(looksBinary(new Uint8Array([65, 0, 66]))).toBe(true);
  expect(looksBinary(new TextEncoder().encode("plain é"))).toBe(false);
});

test("the search box makes a filter that its text cannot break out of", () => {
  expect(nameFilter("  ")).toBe("");
  expect(nameFilter("cnn")).toBe("name ILIKE '%cnn%'");
  expect(nameFilter("it's")).toBe(`name ILIKE "%it's%"`);
  expect(nameFilter(`a'b"c`)).toBe(`name ILIKE "%a'b_c%"`);
});
