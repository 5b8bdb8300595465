import { expect, test } from "vitest";
import { activityDays, daysText, firstDay, sumDays } from "./activity";
import { summaryOf } from "./description";

const now = new Date(2026, 10, 30, 15, 30).getTime();

test("the last of the days is today", () => {
  const first = new Date(firstDay(now));
  expect([first.getFullYear(), first.getMonth(), first.getDate()]).toEqual([2026, 10, 1]);
  expect(new Date(firstDay(now)).getHours()).toBe(0);
});

test("days of several experiments add up", () => {
  const days = sumDays([undefined, [1, 2], [0, 3]]);
  expect(days).toHaveLength(activityDays);
  expect(days.slice(0, 3)).toEqual([1, 5, 0]);
});

test("days in words name the latest of the busiest ones", () => {
  const days = new Array<number>(activityDays).fill(0);
  expect(daysText(days, now)).toBe("No runs in the last 30 days");
  days[0] = 2;
  days[28] = 2;
  expect(daysText(days, now)).toBe("4 runs in the last 30 days, most on 2026-11-29: 2");
});

test("a description is summed up by its first line without marks", () => {
  const of = (text: string) => summaryOf({ "mlflow.note.content": text });
  expect(of("\n## Baselines for **b-12**\nmore")).toBe("Baselines for b-12");
  expect(of("- see [the plan](https://example.org) and `train.py`")).toBe("see the plan and train.py");
  expect(of("a_b 2*3")).toBe("a_b 2*3");
  expect(summaryOf({})).toBe("");
});
