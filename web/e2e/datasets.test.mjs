// The datasets of an experiment: what they are, and which runs and models used them.
import { before, test } from "node:test";
import { call } from "./call.mjs";
import { named, walk } from "./walk.mjs";

let experimentID;

before(async () => {
  experimentID = (await call("experiments/create", { name: `datasets/${Date.now()}` })).experiment_id;
  for (const [i, context] of ["training", "evaluation"].entries()) {
    const { run } = await call("runs/create", {
      experiment_id: experimentID,
      run_name: `run-${i}`,
      start_time: Date.now(),
    });
    const dataset = {
      name: "iris",
      digest: "a1b2c3",
      source_type: "http",
      source: JSON.stringify({ url: "https://example.org/iris.csv" }),
      schema: JSON.stringify({ mlflow_colspec: [{ name: "petal", type: "double" }] }),
      profile: JSON.stringify({ num_rows: 1500 }),
    };
    const tags = [{ key: "mlflow.data.context", value: context }];
    const datasets = [{ dataset, tags }];
    if (i === 0) datasets.push({ dataset: { ...dataset, name: "x".repeat(200), digest: "ffff" }, tags });
    await call("runs/log-inputs", { run_id: run.info.run_id, datasets });
  }
});

test("datasets are listed, open, and lead to their runs", () =>
  walk(`/experiments/${experimentID}`, async (page) => {
    await named(page, "link", "Datasets").click();
    const row = named(page, "row", /iris a1b2c3/);
    await row.getByText("evaluation").waitFor();
    await row.getByText("training").waitFor();
    await named(page, "button", "iris").click();
    const panel = named(page, "region", "Dataset iris");
    await panel.getByText("https://example.org/iris.csv").waitFor();
    await panel.getByText("1,500").waitFor();
    await named(panel, "row", "petal double").waitFor();
    await page.waitForURL(/name=iris&digest=a1b2c3/);
    await named(panel, "button", "Close the dataset").click();
    await page.getByRole("searchbox").fill("FFFF");
    await row.waitFor({ state: "detached" });
    await page.getByRole("searchbox").fill("iris");
    await named(page, "link", "2").click();
    await named(page, "link", "run-0").waitFor();
    await named(page, "link", "run-1").waitFor();
  }));

test("an experiment without datasets says how to log one", async () => {
  const { experiment_id } = await call("experiments/create", { name: `datasets/none-${Date.now()}` });
  await walk(`/experiments/${experiment_id}/datasets`, (page) =>
    named(page, "heading", "No datasets").waitFor(),
  );
});
