import { expect, test } from "vitest";
import { describeDrawn } from "./drawn";

test("the drawn runs are never said to be all while others match, and one run is not many", () => {
  expect(describeDrawn(1, 1)).toBe("The only run.");
  expect(describeDrawn(24, 24)).toBe("All 24 runs. Tick runs to show only those.");
  expect(describeDrawn(100, 5000)).toBe("The first 100 of 5,000 runs. Tick runs to choose others.");
});
