import { expect, test } from "vitest";
import { forEachOf, inBatches } from "./batches";

test("batches keep order and size", () => {
  expect(inBatches([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
  expect(inBatches([], 2)).toEqual([]);
});

test("forEachOf goes on after a failure and runs no more than allowed at once", async () => {
  let running = 0;
  let most = 0;
  const done: number[] = [];
  const failures = await forEachOf(
    [1, 2, 3, 4, 5],
    async (n) => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      if (n === 2) throw new Error("two");
      done.push(n);
    },
    2,
  );
  expect(most).toBe(2);
  expect(done.sort()).toEqual([1, 3, 4, 5]);
  expect(failures.map((f) => f.item)).toEqual([2]);
});
