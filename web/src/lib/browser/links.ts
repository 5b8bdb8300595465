// Addresses of MLflow's own pages that are spelled differently here, or that belong to pages which
// Millrace does not have. Programs print such links, and people keep them in notes.
import { quotedList } from "../view/compare";
import { compact, join, type Search } from "../view/search";

export interface Target {
  path: string;
  search: Search;
}

/** A page of MLflow that Millrace does not have. */
export interface LaterPage {
  name: string;
  /** Where to go instead, with its name in a sentence. */
  instead: Target & { name: string };
}

export type Translation = { to: Target } | { later: LaterPage } | { run: string };

const to = (path: string, search: Search = {}): Translation => ({ to: { path, search } });

const experimentTabs: Record<string, string> = {
  judges: "Judges",
  "evaluation-runs": "Evaluation runs",
  "evaluation-monitoring": "Evaluation monitoring",
  playground: "Playground",
  "review-queue": "Review queue",
  "labeling-sessions": "Labeling sessions",
  "labeling-schemas": "Labeling schemas",
  issues: "Issues",
};

const runTabs: Record<string, string> = { evaluations: "Evaluations", issues: "Issues" };

const topPages: Record<string, string> = {
  gateway: "The AI gateway",
  "mcp-registry": "The MCP registry",
};

const later = (name: string, path: string, instead: string): Translation => ({
  later: { name, instead: { path, search: {}, name: instead } },
});

/** Where an address leads that is no page of Millrace; undefined if it is none of MLflow's, either. */
export function translateLink(pathname: string, search: Search): Translation | undefined {
  const parts = pathname.split("/").filter(Boolean);
  const [first = "", second = "", ...rest] = parts;
  // Clients that are logged in to a workspace print these.
  if (first === "ml" || first === "mlflow") return to(`/${parts.slice(1).join("/")}`, search);
  if (first === "experiments") return experimentLink(second, rest, search);
  if (first === "runs" && second) return { run: second };
  if (first === "models") return modelLink(second, rest);
  if (first === "createModel") return to("/models");
  if (first === "compare-model-versions") return compareVersions(search);
  if (first === "admin" && second === "ws") return later("Workspaces", "/", "the home page");
  if (first === "webhooks") return to("/settings/webhooks");
  if (first === "settings") return settingsLink(second);
  const name = topPages[first];
  return name ? later(name, "/", "the home page") : undefined;
}

/** MLflow's settings have a page of connections to language models; the rest is one page here. */
function settingsLink(page: string): Translation {
  return page === "llm-connections" ? later("LLM connections", "/settings", "the settings") : to("/settings");
}

function experimentLink(id: string, rest: readonly string[], search: Search): Translation | undefined {
  const [tab = "", item = ""] = rest;
  const page = `/experiments/${id}`;
  if (id === "search") {
    const ids = quotedList(search.experiments ?? search.experiment);
    return ids.length > 0 ? to("/compare-experiments/s", { experiments: join(ids) }) : to("/experiments");
  }
  if (tab === "runs") return runLink(page, rest.slice(1));
  if (tab === "s") return to(page, runsSearch(search));
  if (tab === "evaluation-runs" && (item || search.selectedRunUuid)) {
    return later(experimentTabs[tab]!, `${page}/runs/${item || search.selectedRunUuid}`, "the run");
  }
  if (tab === "chat-sessions") return to(`${page}/traces`);
  const name = experimentTabs[tab];
  return name ? later(name, page, "the experiment") : undefined;
}

function runLink(
  experiment: string,
  [id = "", tab = "", ...rest]: readonly string[],
): Translation | undefined {
  const page = `${experiment}/runs/${id}`;
  if (tab === "artifactPath") return to([page, "artifacts", ...rest].join("/"));
  return runTabs[tab] ? later(runTabs[tab], page, "the run") : undefined;
}

function modelLink(name: string, [subpage = "", item = ""]: readonly string[]): Translation | undefined {
  if (/^\d+$/.test(subpage)) return to(`/models/${name}/versions/${subpage}`);
  if (subpage === "versions" && item === "") return to(`/models/${name}`);
  return ["details", "serving"].includes(subpage) ? to(`/models/${name}`) : undefined;
}

/** ?name="model"&runs={"run id":"version"} */
function compareVersions({ name = "", runs = "" }: Search): Translation {
  const plain = name.replace(/^"|"$/g, "");
  let versions: string[] = [];
  try {
    versions = Object.values(JSON.parse(runs) as Record<string, unknown>).map(String);
  } catch {
    // The link names no versions.
  }
  return plain ? to(`/models/${plain}`, compact({ versions: join(versions) })) : to("/models");
}

/** Whether an address has settings as MLflow's table of runs writes them. */
export function isStockSearch(search: Search): boolean {
  return ["orderByKey", "lifecycleFilter", "compareRunsMode", "isComparingRuns"].some((key) => key in search);
}

/** The settings of MLflow's table of runs, as far as the table here has them. */
export function runsSearch(s: Search): Search {
  const { orderByKey, orderByAsc, lifecycleFilter, compareRunsMode, isComparingRuns, searchFilter, ...own } =
    s;
  for (const key of [
    "startTime",
    "modelVersionFilter",
    "datasetsFilter",
    "searchInput",
    "viewStateShareKey",
  ]) {
    delete own[key];
  }
  const column = orderByKey?.replaceAll("`", "");
  const charts = compareRunsMode === "CHART" || isComparingRuns === "true";
  return compact({
    ...own,
    q: own.q ?? searchFilter,
    sort: own.sort ?? (column && (orderByAsc === "true" ? column : `-${column}`)),
    stage: own.stage ?? (lifecycleFilter?.toLowerCase() === "deleted" && "deleted"),
    view: own.view ?? (charts && "charts"),
  });
}
