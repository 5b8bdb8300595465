import { describe, expect, test } from "vitest";
import { imageAt, mediaRows, stepImages, stepsOf } from "./media";

const file = (key: string, step: number, id: string, end = ".png", sign = "+") =>
  `images/${key}${sign}step${sign}${step}${sign}timestamp${sign}17000${sign}${id}${end}`;

describe("images by key and step", () => {
  test("an image has a file and a thumbnail", () => {
    expect(stepImages([file("val~cm", 3, "ab", "+compressed.webp"), file("val~cm", 3, "ab")])).toEqual([
      {
        key: "val/cm",
        step: 3,
        timeMS: 17000,
        path: file("val~cm", 3, "ab"),
        thumbnail: file("val~cm", 3, "ab", "+compressed.webp"),
      },
    ]);
  });

  test("names of older clients, negative steps, a file without a thumbnail", () => {
    const [image] = stepImages([file("a#b", -1, "0c", ".png", "%")]);
    expect(image).toMatchObject({ key: "a/b", step: -1 });
    expect(image!.thumbnail).toBe(image!.path);
  });

  test("other files are left out, and steps are in order", () => {
    const images = stepImages([file("x", 10, "a"), "images/plot.png", file("x", 2, "b"), file("x", 2, "c")]);
    expect(images.map((i) => i.step)).toEqual([2, 2, 10]);
    expect(stepsOf(images)).toEqual([2, 10]);
  });
});

test("the image of a step is the last one up to it", () => {
  const images = stepImages([file("x", 2, "a"), file("x", 5, "b"), file("x", 5, "c")]);
  expect(imageAt(images, 0)?.step).toBe(2);
  expect(imageAt(images, 4)?.step).toBe(2);
  expect(imageAt(images, 9)?.path).toContain("+c.png");
  expect(imageAt([], 1)).toBeUndefined();
});

test("rows are keys, and cells are the runs that have them", () => {
  const runs = [
    { id: "1", name: "one", images: stepImages([file("b", 0, "a"), file("a", 0, "b")]) },
    { id: "2", name: "two", images: stepImages([file("b", 0, "c")]) },
  ];
  expect(mediaRows(runs).map((row) => [row.key, row.cells.map((c) => c.run.name)])).toEqual([
    ["a", ["one"]],
    ["b", ["one", "two"]],
  ]);
  expect(mediaRows(runs, "A ").map((row) => row.key)).toEqual(["a"]);
});
