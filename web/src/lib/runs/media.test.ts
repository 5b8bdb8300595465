import { describe, expect, test } from "vitest";
import { fileAt, mediaRows, stepFiles, stepsOf } from "./media";

const image = (key: string, step: number, id: string, end = ".png", sign = "+") =>
  `images/${key}${sign}step${sign}${step}${sign}timestamp${sign}17000${sign}${id}${end}`;

describe("files by key and step", () => {
  test("an image has a file and a thumbnail", () => {
    expect(stepFiles([image("val~cm", 3, "ab", "+compressed.webp"), image("val~cm", 3, "ab")])).toEqual([
      {
        kind: "image",
        key: "val/cm",
        step: 3,
        timeMS: 17000,
        path: image("val~cm", 3, "ab"),
        thumbnail: image("val~cm", 3, "ab", "+compressed.webp"),
      },
    ]);
  });

  test("names of older clients, negative steps, a file without a thumbnail", () => {
    const [file] = stepFiles([image("a#b", -1, "0c", ".png", "%")]);
    expect(file).toMatchObject({ key: "a/b", step: -1 });
    expect(file!.thumbnail).toBe(file!.path);
  });

  test("other files are left out, and steps are in order", () => {
    const files = stepFiles([image("x", 10, "a"), "images/plot.png", image("x", 2, "b"), image("x", 2, "c")]);
    expect(files.map((f) => f.step)).toEqual([2, 2, 10]);
    expect(stepsOf(files)).toEqual([2, 10]);
  });

  test.each([
    ["plots/cm_step_10.png", "plots/cm", 10, "image"],
    ["plots/step=010/cm.html", "plots/cm", 10, "html"],
    ["epoch-3.csv", "epoch", 3, "sheet"],
    ["speech/step_3.WAV", "speech", 3, "audio"],
    ["eval/Epoch 2/table.JSON", "eval/table", 2, "json"],
    ["cm.global_step.7.json", "cm", 7, "json"],
    ["step_1/epoch_2/cm.svg", "step_1/cm", 2, "image"],
  ])("%s names its step", (path, key, step, kind) => {
    expect(stepFiles([path])).toMatchObject([{ key, step, kind, path, thumbnail: path }]);
  });

  test("a number at the end is a step if there are several", () => {
    const files = stepFiles([
      "cm_10.png",
      "cm_20.png",
      "fold_1.csv",
      "steps/1.json",
      "steps/2.json",
      "cm_30.html",
    ]);
    expect(files.map((f) => [f.key, f.step])).toEqual([
      ["cm", 10],
      ["cm", 20],
      ["steps", 1],
      ["steps", 2],
    ]);
  });

  test("files that are no media", () => {
    for (const path of [
      "checkpoint-100/config_step_1.json",
      "a_step_1.bin",
      "footstep_3.txt",
      "stepwise3.png",
      "top10.png",
      "a.b/noextension_step_1",
    ])
      expect(stepFiles([path]), path).toEqual([]);
  });
});

test("the file of a step is the last one up to it", () => {
  const files = stepFiles([image("x", 2, "a"), image("x", 5, "b"), image("x", 5, "c")]);
  expect(fileAt(files, 0)?.step).toBe(2);
  expect(fileAt(files, 4)?.step).toBe(2);
  expect(fileAt(files, 9)?.path).toContain("+c.png");
  expect(fileAt([], 1)).toBeUndefined();
});

test("rows are keys, and cells are the runs that have them", () => {
  const runs = [
    { id: "1", name: "one", files: stepFiles([image("b", 0, "a"), image("a", 0, "b"), "b_step_0.csv"]) },
    { id: "2", name: "two", files: stepFiles([image("b", 0, "c")]) },
  ];
  expect(mediaRows(runs).map((row) => [row.key, row.kind, row.cells.map((c) => c.run.name)])).toEqual([
    ["a", "image", ["one"]],
    ["b", "image", ["one", "two"]],
    ["b", "sheet", ["one"]],
  ]);
  expect(mediaRows(runs, "A ").map((row) => row.key)).toEqual(["a"]);
});
