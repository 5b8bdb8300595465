import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { livePeriod, runChildren, runDetail, runMetricSummary } from "../../api/queries";
import type { RunStatus } from "../../api/runs";
import { Snippet } from "../../components/Copy";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { Tab, Tabs } from "../../components/Tabs";
import { useHotkeys, useTitle, useViewState } from "../../lib/browser/hooks";
import { isSystemMetric } from "../../lib/runs/columns";
import { withoutFile } from "../../lib/view/file";
import { runPageCodec } from "../../lib/view/run";
import { RunFiles } from "./RunFiles";
import { RunHead } from "./RunHead";
import { RunLogs } from "./RunLogs";
import { RunOverview } from "./RunOverview";
import "./run.css";

// The chart library is the largest part of this page and not needed for its first tab.
const MetricGrid = lazy(async () => ({
  default: (await import("../../components/charts/MetricGrid")).MetricGrid,
}));

const SystemMetrics = lazy(async () => ({ default: (await import("./SystemMetrics")).SystemMetrics }));
const RunChildren = lazy(async () => ({ default: (await import("./RunChildren")).RunChildren }));
const RunCode = lazy(async () => ({ default: (await import("./RunCode")).RunCode }));
const LineageView = lazy(async () => ({
  default: (await import("../../components/lineage/LineageView")).LineageView,
}));
const RunTraces = lazy(async () => ({ default: (await import("./RunTraces")).RunTraces }));
const RunMedia = lazy(async () => ({ default: (await import("./RunMedia")).RunMedia }));

type TabName =
  | "overview"
  | "model-metrics"
  | "system-metrics"
  | "media"
  | "lineage"
  | "traces"
  | "children"
  | "code"
  | "logs"
  | "artifacts";

const tabs: [TabName, string][] = [
  ["overview", "Overview"],
  ["model-metrics", "Metrics"],
  ["system-metrics", "System metrics"],
  ["media", "Media"],
  ["traces", "Traces"],
  ["children", "Children"],
  ["lineage", "Lineage"],
  ["code", "Code"],
  ["logs", "Logs"],
  ["artifacts", "Artifacts"],
];

/** Tabs with a part that scrolls by itself. */
const filling: readonly TabName[] = ["artifacts", "logs", "traces"];

/** The part of the address after the run id, as MLflow's own links have it. */
function parseTab(splat: string): { tab: TabName; path: string } {
  const [first = "", ...rest] = splat.split("/");
  const tab = tabs.map(([name]) => name).find((name) => name === first) ?? "overview";
  return { tab, path: tab === "artifacts" || tab === "logs" ? rest.join("/") : "" };
}

/** Only such a run can still change by itself. */
const active = (status: RunStatus | undefined) => status === "RUNNING" || status === "SCHEDULED";

export function RunPage() {
  const { experimentID = "", runID = "", _splat = "" } = useParams({ strict: false });
  const { tab, path } = parseTab(_splat);
  const [view, change] = useViewState(runPageCodec);
  const navigate = useNavigate();
  const refetchInterval = (status: RunStatus | undefined) =>
    view.live && active(status) ? livePeriod() : (false as const);
  const run = useQuery({
    ...runDetail(runID),
    refetchInterval: (query) => refetchInterval(query.state.data?.status),
  });
  const interval = refetchInterval(run.data?.status);
  const summary = useQuery({ ...runMetricSummary(runID), refetchInterval: interval });
  const found = useQuery({ ...runChildren(runID), refetchInterval: interval }).data;
  const children = found?.runs.length ?? 0;
  useTitle(run.data?.name);
  const refresh = () => {
    void run.refetch();
    void summary.refetch();
  };
  useHotkeys({ r: refresh });

  if (run.error && !run.data) {
    return (
      <div className="page">
        <ErrorNotice error={run.error} what={`Could not load run ${runID}`} retry={() => run.refetch()} />
      </div>
    );
  }
  if (!run.data) {
    return (
      <div className="page">
        <Loading what="Loading run" />
      </div>
    );
  }
  const shownTabs = tabs.filter(([name]) => name !== "children" || children > 0 || tab === name);
  const openFile = (file: string) =>
    void navigate({
      to: "/experiments/$experimentID/runs/$runID/$",
      params: { experimentID, runID, _splat: `${tab}/${file}` },
      search: withoutFile as never,
      replace: path !== "",
    });
  const keys = Object.keys(run.data.metrics);
  const charts = (metrics: string[], empty: React.ReactNode) =>
    metrics.length === 0 ? (
      empty
    ) : (
      <Suspense fallback={<Loading what="Loading charts" />}>
        <MetricGrid
          runs={[run.data]}
          metrics={metrics}
          view={view}
          change={change}
          refetchInterval={interval}
        />
      </Suspense>
    );
  return (
    <div className={filling.includes(tab) ? "page fill" : "page"}>
      <RunHead
        run={run.data}
        experimentID={run.data.experimentID || experimentID}
        live={active(run.data.status) ? view.live : undefined}
        updatedMS={run.dataUpdatedAt}
        busy={run.isFetching}
        setLive={(live) => change({ live }, "replace")}
        refresh={refresh}
      />
      <Tabs label="Run views">
        {shownTabs.map(([name, label]) => (
          <Tab
            key={name}
            link={{
              to: "/experiments/$experimentID/runs/$runID/$",
              params: { experimentID, runID, _splat: name === "overview" ? "" : name },
              search: true as never,
            }}
            current={tab === name}
          >
            {label}
            {name === "children" && (
              <span className="muted number">
                {" "}
                {children}
                {found?.bounded && "+"}
              </span>
            )}
          </Tab>
        ))}
      </Tabs>
      {tab === "overview" && <RunOverview run={run.data} summary={summary} view={view} change={change} />}
      {tab === "model-metrics" &&
        charts(
          keys.filter((key) => !isSystemMetric(key)),
          <EmptyState title="No metrics yet">
            <p>Each metric that the run logs becomes a chart here:</p>
            <Snippet code={`mlflow.log_metric("loss", loss, step=step)`} label="log_metric example" />
          </EmptyState>,
        )}
      {tab === "system-metrics" &&
        (keys.some(isSystemMetric) ? (
          <Suspense fallback={<Loading what="Loading charts" />}>
            <SystemMetrics
              run={run.data}
              metrics={keys.filter(isSystemMetric)}
              summary={summary.data}
              view={view}
              change={change}
              refetchInterval={interval}
            />
          </Suspense>
        ) : (
          <EmptyState title="No system metrics">
            <p>The client samples CPU, memory, disk, network and GPU when asked to:</p>
            <Snippet code={"mlflow.enable_system_metrics_logging()"} label="system metrics example" />
          </EmptyState>
        ))}
      {tab === "media" && (
        <Suspense fallback={<Loading what="Looking for images" />}>
          <RunMedia run={run.data} refetchInterval={interval} />
        </Suspense>
      )}
      {tab === "traces" && (
        <Suspense fallback={<Loading what="Loading the traces" />}>
          <RunTraces run={run.data} />
        </Suspense>
      )}
      {tab === "children" && (
        <Suspense fallback={<Loading what="Loading the children" />}>
          <RunChildren run={run.data} view={view} change={change} refetchInterval={interval} />
        </Suspense>
      )}
      {tab === "lineage" && (
        <Suspense fallback={<Loading what="Loading the lineage" />}>
          <LineageView
            subject={{ run_id: runID }}
            what={`run ${run.data.name}`}
            unfolded={view.unfolded}
            setUnfolded={(unfolded) => change({ unfolded })}
          />
        </Suspense>
      )}
      {tab === "code" && (
        <Suspense fallback={<Loading what="Loading" />}>
          <RunCode run={run.data} />
        </Suspense>
      )}
      {tab === "logs" && (
        <RunLogs run={run.data} selected={path} onSelect={openFile} live={interval !== false} />
      )}
      {tab === "artifacts" && <RunFiles run={run.data} selected={path} onSelect={openFile} />}
    </div>
  );
}
