import { expect, test } from "vitest";
import { type FileSource, folderNames, mountFiles } from "./artifacts";

const source = (id: string, files: Record<string, string[]>): FileSource => ({
  id,
  list: async (path) => (files[path] ?? []).map((name) => ({ path: name, isDir: false, size: 1 })),
  url: (path) => `${id}:${path}`,
  place: (path) => ({ run_id: id, path }),
});

test("mounted sources are folders whose files keep their own addresses", async () => {
  const run = source("run", { "": ["model.txt"], logs: ["logs/a"] });
  const all = mountFiles(run, [
    { folder: "model", source: source("m-1", { "": ["MLmodel"], data: ["data/x"] }) },
  ]);
  expect((await all.list("")).map((f) => [f.path, f.isDir])).toEqual([
    ["model", true],
    ["model.txt", false],
  ]);
  expect((await all.list("model")).map((f) => f.path)).toEqual(["model/MLmodel"]);
  expect((await all.list("model/data")).map((f) => f.path)).toEqual(["model/data/x"]);
  expect((await all.list("logs")).map((f) => f.path)).toEqual(["logs/a"]);
  expect(all.url("model/data/x")).toBe("m-1:data/x");
  expect(all.url("model.txt")).toBe("run:model.txt");
  expect(all.place("model/data")).toEqual({ run_id: "m-1", path: "data" });
  expect(all.place("model")).toEqual({ run_id: "m-1", path: "" });
  expect(all.place("")).toEqual({ run_id: "run", path: "" });
});

test("a folder carries its id only where its name alone would be ambiguous", () => {
  const models = [
    { id: "m-1", name: "model" },
    { id: "m-2", name: "model" },
    { id: "m-3", name: "head" },
    { id: "m-4", name: "logs" },
  ];
  expect(folderNames(models, ["logs"])).toEqual(["model (m-1)", "model (m-2)", "head", "logs (m-4)"]);
});
