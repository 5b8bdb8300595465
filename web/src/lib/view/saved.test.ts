import { expect, test } from "vitest";
import { runsCodec } from "./runs";
import { addressOf, savedViews, viewOf, viewToApply } from "./saved";

const view = {
  ...runsCodec.decode({
    q: "a&b = 'ü'",
    cols: "metrics.loss",
    pin: "metrics.loss",
    open: "all",
    c1: "bar,m.loss",
    glines: "g",
  }),
  selected: ["x"],
  folded: ["y"],
  live: false,
};

test("a saved view has all but the selection and open runs", () => {
  const saved = { name: "mine", address: addressOf(view) };
  expect(viewOf(saved)).toEqual({ ...view, selected: [], folded: [], live: true, saved: "mine" });
  expect(addressOf(viewOf(saved))).toBe(saved.address);
  expect(addressOf(runsCodec.decode({}))).toBe("");
  expect(addressOf({ ...view, openAll: false, open: ["a"] })).not.toContain("open");
});

const tags = {
  "millrace.view.b 10": "?q=ten",
  "millrace.view.b 9": "?q=nine",
  "millrace.view": "b 9",
  "millrace.view.": "?q=x",
  team: "vision",
};

test("views are read from the tags of an experiment", () => {
  expect(savedViews(tags)).toEqual([
    { name: "b 9", address: "?q=nine" },
    { name: "b 10", address: "?q=ten" },
  ]);
});

test("an address without other parameters gets the named or the default view", () => {
  expect(viewToApply({}, tags)?.name).toBe("b 9");
  expect(viewToApply({ saved: "b 10" }, tags)?.name).toBe("b 10");
  expect(viewToApply({ saved: "-" }, tags)).toBeUndefined();
  expect(viewToApply({ saved: "gone" }, tags)).toBeUndefined();
  expect(viewToApply({ q: "x" }, tags)).toBeUndefined();
  expect(viewToApply({ saved: "b 10", q: "x" }, tags)).toBeUndefined();
  expect(runsCodec.encode({ ...runsCodec.decode({}), saved: "-" })).toEqual({ saved: "-" });
  const cleared = runsCodec.encode({ ...runsCodec.decode({}), saved: "b 10" });
  expect(viewToApply(cleared, tags)).toBeUndefined();
  expect(runsCodec.decode(cleared)).toEqual({ ...runsCodec.decode({}), saved: "b 10" });
  expect(viewToApply({}, { team: "vision" })).toBeUndefined();
});
