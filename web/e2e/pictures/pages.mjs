// The pages that pictures are taken of, on a server that seed.py has filled.

const press = (page, role, name) => page.getByRole(role, { name }).first().click();
const toCurves = async (page) => {
  await page.mouse.move(800, 600);
  await page.mouse.wheel(0, 420);
};
const runs = (n) => (ids) => ids.runs.slice(0, n).join(",");

/** The twenty wishes of docs/ui.md. */
export const wishes = {
  "01-quick": { path: (ids) => `/experiments/${ids.experiment}` },
  "02-live": { path: (ids) => `/experiments/${ids.experiment}/runs/${ids.live}/model-metrics` },
  "03-best-value": {
    path: (ids) =>
      `/experiments/${ids.experiment}?cols=metrics.val%2Faccuracy,max:metrics.val%2Faccuracy,min:metrics.val%2Floss,min@val%252Floss:metrics.val%2Faccuracy,params.model,params.lr&sort=-max:metrics.val%2Faccuracy`,
  },
  "04-differences": { path: (ids) => `/compare-runs?runs=${runs(4)(ids)}&experiments=${ids.experiment}` },
  "05-views": {
    path: (ids) => `/experiments/${ids.experiment}?q=metrics.%60val%2Faccuracy%60%20%3E%200.8`,
    steps: async (page) => {
      await press(page, "button", "Saved views");
      await page.getByLabel("Name of the view").fill("accurate runs");
      await page.getByLabel("Name of the view").press("Enter");
      await page.getByText("Saved the view accurate runs").waitFor();
      await press(page, "button", "Saved views");
    },
  },
  "06-groups": {
    path: (ids) => `/experiments/${ids.experiment}?group=seeds&sort=-metrics.val%2Faccuracy`,
    steps: async (page) => page.locator(".runs-row.group .expander").first().click(),
  },
  "07-nested": { path: (ids) => `/experiments/${ids.searchExperiment}?open=all` },
  "08-trash": { path: () => "/trash" },
  "09-folders": { path: () => "/experiments" },
  "10-stages": { path: (ids) => `/models/${ids.model}` },
  "11-versions": { path: (ids) => `/models/${ids.model}?tab=performance` },
  "12-any-x": {
    path: (ids) => `/experiments/${ids.experiment}?view=charts&along=learning_rate&xlog=1`,
    steps: toCurves,
  },
  "13-axes": {
    path: (ids) => `/experiments/${ids.experiment}?view=charts&log=1&smooth=0.6&group=params.model`,
    steps: toCurves,
  },
  "14-many": {
    path: (ids) => `/compare-runs?runs=${ids.runs.join(",")}&experiments=${ids.experiment}&tab=plots`,
  },
  "15-files": {
    path: (ids) => `/experiments/${ids.experiment}/runs/${ids.run}/artifacts/evaluation/predictions.parquet`,
  },
  "16-media": { path: (ids) => `/experiments/${ids.experiment}/media` },
  "17-logs": { path: (ids) => `/experiments/${ids.experiment}/runs/${ids.run}/logs` },
  "18-users": { path: () => "/admin" },
  "19-move": {
    path: (ids) => `/experiments/${ids.experiment}?runs=${runs(3)(ids)}`,
    steps: (page) => press(page, "button", /Move/),
  },
  "20-dark": { path: () => "/", scheme: "dark", steps: (page) => page.keyboard.press("Control+k") },
};

/** The rest of the pages. */
export const pages = {
  home: { path: () => "/" },
  run: { path: (ids) => `/experiments/${ids.experiment}/runs/${ids.run}` },
  charts: { path: (ids) => `/experiments/${ids.experiment}?view=charts` },
  models: { path: () => "/models" },
  datasets: { path: (ids) => `/experiments/${ids.experiment}/datasets` },
  "run-metrics": { path: (ids) => `/experiments/${ids.experiment}/runs/${ids.run}/model-metrics` },
  "run-system": { path: (ids) => `/experiments/${ids.experiment}/runs/${ids.run}/system-metrics` },
  "run-files": {
    path: (ids) => `/experiments/${ids.experiment}/runs/${ids.run}/artifacts/plots/confusion.plotly.json`,
  },
  "run-array": {
    path: (ids) => `/experiments/${ids.experiment}/runs/${ids.run}/artifacts/evaluation/embedding.npy`,
  },
  version: { path: (ids) => `/models/${ids.model}/versions/5` },
  "run-lineage": { path: (ids) => `/experiments/${ids.experiment}/runs/${ids.run}/lineage` },
  "run-code": { path: (ids) => `/experiments/${ids.experiment}/runs/${ids.run}/code` },
  "search-children": { path: (ids) => `/experiments/${ids.searchExperiment}/runs/${ids.search}` },
  account: { path: () => "/account" },
  settings: { path: () => "/settings" },
  "logged-models": { path: (ids) => `/experiments/${ids.experiment}/models` },
};
