import { expect, test } from "vitest";
import { moveBefore, sectionsOf } from "./order";

test("sections by prefix, small ones together, system metrics last", () => {
  const sections = sectionsOf([
    ...["system/cpu", "epoch", "val/loss", "train/loss", "loss"],
    ...["layers/a", "layers/b", "layers/c", "layers/d"],
    ...["eval/acc", "eval/f1", "eval/loss", "eval/z"],
  ]);
  expect(sections).toEqual([
    { prefix: "", members: ["val/loss", "loss", "train/loss", "epoch"] },
    { prefix: "eval", members: ["eval/loss", "eval/acc", "eval/f1", "eval/z"] },
    { prefix: "layers", members: ["layers/a", "layers/b", "layers/c", "layers/d"] },
    { prefix: "system", members: ["system/cpu"] },
  ]);
  expect(sectionsOf([])).toEqual([]);
});

test("cards that were moved keep their order, the others their places", () => {
  const [first] = sectionsOf(["loss", "acc", "epoch"], ["epoch", "gone", "loss"]);
  expect(first?.members).toEqual(["epoch", "acc", "loss"]);
});

test("a card is dropped on another: before it on the way up, behind it on the way down", () => {
  const list = ["a", "b", "c", "d"];
  expect(moveBefore(list, "d", "b")).toEqual(["a", "d", "b", "c"]);
  expect(moveBefore(list, "a", "c")).toEqual(["b", "c", "a", "d"]);
  expect(moveBefore(list, "b", "b")).toEqual(list);
});
