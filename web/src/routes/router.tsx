// Every page and its address. Addresses follow MLflow's own, so that links printed by its client and
// kept in notes open here. Hash history needs nothing of the server and works under any prefix.
import {
  createHashHistory,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { AppShell } from "../components/AppShell";
import { isStockSearch, runsSearch } from "../lib/browser/links";
import { parseSearch, type Search, stringifySearch } from "../lib/view/search";
import { HomePage } from "../pages/home/HomePage";
import { PageError } from "../pages/PageError";

const validateSearch = (search: Record<string, unknown>) => search as Search;

// Links of MLflow that are spelled differently here; whatever else is no page.
const linkPage = lazyRouteComponent(() => import("../pages/links/LinkPage"), "LinkPage");

const root = createRootRoute({ component: AppShell, notFoundComponent: linkPage, validateSearch });

const experimentsPage = lazyRouteComponent(
  () => import("../pages/experiments/ExperimentsPage"),
  "ExperimentsPage",
);
const runsPage = lazyRouteComponent(() => import("../pages/runs/RunsPage"), "RunsPage");
const runPage = lazyRouteComponent(() => import("../pages/run/RunPage"), "RunPage");
const datasetsPage = lazyRouteComponent(() => import("../pages/datasets/DatasetsPage"), "DatasetsPage");
const evaluationDatasetPage = lazyRouteComponent(
  () => import("../pages/datasets/EvaluationDatasetPage"),
  "EvaluationDatasetPage",
);
const tracesPage = lazyRouteComponent(() => import("../pages/traces/TracesPage"), "TracesPage");
const tracePage = lazyRouteComponent(() => import("../pages/trace/TracePage"), "TracePage");
const compareTracesPage = lazyRouteComponent(
  () => import("../pages/compareTraces/CompareTracesPage"),
  "CompareTracesPage",
);
const sessionPage = lazyRouteComponent(() => import("../pages/session/SessionPage"), "SessionPage");
const overviewPage = lazyRouteComponent(() => import("../pages/overview/OverviewPage"), "OverviewPage");
const mediaPage = lazyRouteComponent(() => import("../pages/media/MediaPage"), "MediaPage");
const modelsPage = lazyRouteComponent(() => import("../pages/models/ModelsPage"), "ModelsPage");
const modelPage = lazyRouteComponent(() => import("../pages/models/ModelPage"), "ModelPage");
const registryPage = lazyRouteComponent(() => import("../pages/registry/RegistryPage"), "RegistryPage");
const registeredModelPage = lazyRouteComponent(
  () => import("../pages/registry/RegisteredModelPage"),
  "RegisteredModelPage",
);
const versionPage = lazyRouteComponent(() => import("../pages/registry/VersionPage"), "VersionPage");
const promptsPage = lazyRouteComponent(() => import("../pages/prompts/PromptsPage"), "PromptsPage");
const promptPage = lazyRouteComponent(() => import("../pages/prompts/PromptPage"), "PromptPage");
const trashPage = lazyRouteComponent(() => import("../pages/trash/TrashPage"), "TrashPage");
const comparePage = lazyRouteComponent(() => import("../pages/compare/ComparePage"), "ComparePage");
const compareExperimentsPage = lazyRouteComponent(
  () => import("../pages/compare/CompareExperimentsPage"),
  "CompareExperimentsPage",
);
const metricLinkPage = lazyRouteComponent(() => import("../pages/compare/MetricLinkPage"), "MetricLinkPage");
const settingsPage = lazyRouteComponent(() => import("../pages/settings/SettingsPage"), "SettingsPage");
const webhooksPage = lazyRouteComponent(() => import("../pages/webhooks/WebhooksPage"), "WebhooksPage");
const webhookPage = lazyRouteComponent(() => import("../pages/webhooks/WebhookPage"), "WebhookPage");
const accountPage = lazyRouteComponent(() => import("../pages/account/AccountPage"), "AccountPage");
const usersPage = lazyRouteComponent(() => import("../pages/admin"), "UsersPage");
const userPage = lazyRouteComponent(() => import("../pages/admin"), "UserPage");
const rolesPage = lazyRouteComponent(() => import("../pages/admin"), "RolesPage");
const auditPage = lazyRouteComponent(() => import("../pages/admin"), "AuditPage");
const rolePage = lazyRouteComponent(() => import("../pages/admin"), "RolePage");

const at = <Path extends string>(path: Path, component: typeof runPage | typeof HomePage) =>
  createRoute({ getParentRoute: () => root, path, component });

const routeTree = root.addChildren([
  at("/", HomePage),
  at("/experiments", experimentsPage),
  at("/experiments/search", linkPage),
  createRoute({
    getParentRoute: () => root,
    path: "/experiments/$experimentID",
    component: runsPage,
    beforeLoad: ({ search }) => {
      if (isStockSearch(search))
        throw redirect({ to: ".", search: runsSearch(search) as never, replace: true });
    },
  }),
  at("/experiments/$experimentID/runs", runsPage),
  at("/experiments/$experimentID/runs/$runID", runPage),
  at("/experiments/$experimentID/runs/$runID/artifactPath/$", linkPage),
  at("/experiments/$experimentID/runs/$runID/evaluations", linkPage),
  at("/experiments/$experimentID/runs/$runID/issues", linkPage),
  at("/experiments/$experimentID/runs/$runID/$", runPage),
  at("/experiments/$experimentID/datasets", datasetsPage),
  at("/experiments/$experimentID/datasets/$datasetID", evaluationDatasetPage),
  at("/experiments/$experimentID/overview", overviewPage),
  at("/experiments/$experimentID/overview/$tab", overviewPage),
  at("/experiments/$experimentID/traces", tracesPage),
  at("/experiments/$experimentID/traces/$traceID", tracePage),
  at("/experiments/$experimentID/chat-sessions/$sessionID", sessionPage),
  at("/experiments/$experimentID/media", mediaPage),
  at("/experiments/$experimentID/prompts", promptsPage),
  at("/experiments/$experimentID/prompts/$promptName", promptPage),
  at("/experiments/$experimentID/models", modelsPage),
  at("/experiments/$experimentID/models/$modelID", modelPage),
  at("/experiments/$experimentID/models/$modelID/$", modelPage),
  at("/models", registryPage),
  at("/models/$modelName", registeredModelPage),
  at("/models/$modelName/versions/$version", versionPage),
  at("/prompts", promptsPage),
  at("/prompts/$promptName", promptPage),
  at("/trash", trashPage),
  at("/compare-runs", comparePage),
  at("/compare-traces", compareTracesPage),
  at("/compare-experiments", compareExperimentsPage),
  at("/compare-experiments/$", compareExperimentsPage),
  at("/metric", metricLinkPage),
  at("/metric/$", metricLinkPage),
  at("/settings", settingsPage),
  at("/settings/webhooks", webhooksPage),
  at("/settings/webhooks/$webhookID", webhookPage),
  at("/account", accountPage),
  at("/admin", usersPage),
  at("/admin/users/$username", userPage),
  at("/admin/roles", rolesPage),
  at("/admin/roles/$roleID", rolePage),
  at("/admin/audit", auditPage),
]);

export const router = createRouter({
  routeTree,
  history: createHashHistory(),
  parseSearch,
  stringifySearch,
  defaultPreload: "intent",
  defaultErrorComponent: PageError,
  defaultNotFoundComponent: linkPage,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
