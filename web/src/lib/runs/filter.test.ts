import { describe, expect, test } from "vitest";
import { addClause, complete, type FilterKeys, keyInNeedOfValues, markPosition, quoteValue } from "./filter";

const keys: FilterKeys = {
  metrics: ["loss", "val/loss"],
  params: ["lr", "optimizer"],
  tags: ["stage"],
  values: { "params.optimizer": ["adam", "sgd"], "tags.stage": ["it's"] },
};

/** Options at the end of the text. */
const options = (text: string) => complete(text, text.length, keys)?.options ?? [];
/** The text after taking the first option. */
const taken = (text: string) => {
  const c = complete(text, text.length, keys)!;
  return text.slice(0, c.from) + c.options[0] + text.slice(c.to);
};

describe("completion", () => {
  test("starts with keys, metrics first", () => {
    expect(options("")[0]).toBe("metrics.loss");
    expect(options("")).toContain("params.optimizer");
    expect(options("")).toContain("attributes.status");
  });

  test("finds keys by any part of the name, better matches first", () => {
    expect(options("loss")).toEqual(["metrics.loss", "metrics.`val/loss`"]);
    expect(options("opt")).toEqual(["params.optimizer"]);
    expect(taken("val/lo")).toBe("metrics.`val/loss`");
  });

  test("a key in unfinished backticks is completed as a whole", () => {
    expect(taken("metrics.`val")).toBe("metrics.`val/loss`");
    expect(taken("params.lr = '1' AND metrics.`va")).toBe("params.lr = '1' AND metrics.`val/loss`");
  });

  test("then operators that fit the kind of key", () => {
    expect(options("metrics.loss ")).toEqual(["<", "<=", ">", ">=", "=", "!="]);
    expect(options("metrics.`val/loss` <")).toEqual(["<", "<="]);
    expect(options("params.lr ")).toContain("LIKE");
    expect(options("params.lr ")).not.toContain("<");
    expect(options("attributes.start_time ")).toContain(">=");
    expect(options("run_id ")).toContain("IN");
  });

  test("then known values, quoted", () => {
    expect(options("params.optimizer = ")).toEqual(["'adam'", "'sgd'"]);
    expect(taken("params.optimizer = 's")).toBe("params.optimizer = 'sgd'");
    expect(options("tags.stage = ")).toEqual([`"it's"`]);
    expect(options("status = ")).toContain("'FAILED'");
    expect(options("params.lr IS ")).toEqual(["NULL", "NOT NULL"]);
  });

  test("then AND, and keys again after it", () => {
    expect(options("metrics.loss < 0.3 ")).toEqual(["AND"]);
    expect(options("params.lr IS NULL ")).toEqual(["AND"]);
    expect(options("metrics.loss < 0.3 AND ")[0]).toBe("metrics.loss");
    expect(options("metrics.loss < 0.3 and opt")).toEqual(["params.optimizer"]);
  });

  test("offers nothing for numbers and for what is complete", () => {
    expect(options("metrics.loss < ")).toEqual([]);
    expect(options("params.optimizer = 'adam'")).toEqual([]);
  });

  test("replaces only what is before the cursor", () => {
    expect(complete("opt = 'x'", 3, keys)).toMatchObject({ from: 0, to: 3, options: ["params.optimizer"] });
  });
});

test("clauses are joined once", () => {
  expect(addClause("", "a = 1")).toBe("a = 1");
  expect(addClause("b = 2 and ", "a = 1")).toBe("b = 2 AND a = 1");
  expect(addClause("a = 1 AND b = 2", "a = 1")).toBe("a = 1 AND b = 2");
});

test("values with an apostrophe take the other quotes", () => {
  expect(quoteValue("it's")).toBe(`"it's"`);
  expect(quoteValue("plain")).toBe("'plain'");
});

test("the marked place counts characters, not UTF-16 units", () => {
  expect(markPosition("params.x = '😀' FOO y", 16)).toEqual({
    before: "params.x = '😀' F",
    at: "OO",
    after: " y",
  });
  expect(markPosition("a b", 99)).toEqual({ before: "a b", at: "", after: "" });
  expect(markPosition("metrics.a < x", 12)).toEqual({ before: "metrics.a < ", at: "x", after: "" });
});

test("values are asked for where the cursor stands before or in one", () => {
  const at = (text: string) => keyInNeedOfValues(text, text.length);
  expect(at("params.lr = ")).toEqual({ kind: "params", key: "lr" });
  expect(at("params.lr = '0")).toEqual({ kind: "params", key: "lr" });
  expect(at("metrics.a < 1 AND tags.`a b` LIKE ")).toEqual({ kind: "tags", key: "a b" });
  expect(at("attributes.user_id = ")).toEqual({ kind: "attributes", key: "user_id" });
  expect(at("run_name ILIKE ")).toEqual({ kind: "attributes", key: "run_name" });
  expect(at("datasets.name = ")).toEqual({ kind: "attributes", key: "dataset" });
  expect(at("metrics.a < ")).toBeUndefined();
  expect(at("params.lr")).toBeUndefined();
  expect(at("params.lr = '1' ")).toBeUndefined();
});
