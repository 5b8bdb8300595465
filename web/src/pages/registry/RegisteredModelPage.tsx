import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Navigate, useParams } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { monitoredModel } from "../../api/queries";
import type { MonitoredModel } from "../../api/registry";
import { CopyButton } from "../../components/Copy";
import { Icon } from "../../components/Icon";
import { EmptyState, Loading } from "../../components/Notice";
import { RegistryNotes } from "../../components/notes/RegistryNotes";
import { PageHead, QueryPage } from "../../components/Page";
import { MenuItem, Popover } from "../../components/Popover";
import { ShareButton } from "../../components/share/ShareButton";
import { Tab, Tabs } from "../../components/Tabs";
import { RelativeTime } from "../../components/Values";
import { useHotkeys, useTitle, useViewState } from "../../lib/browser/hooks";
import { type MonitorTab, monitorCodec } from "../../lib/view/registry";
import { AliasChip } from "./Chips";
import { DeleteModelDialog } from "./ModelDialogs";
import type { MonitorTabProps } from "./monitorTab";
import { TransitionDialog, type TransitionKind } from "./TransitionDialogs";
import { TransitionsTab } from "./TransitionsTab";
import { VersionsTab } from "./VersionsTab";
import "../run/run.css";
import "./registry.css";

// Only this tab needs the chart library.
const PerformanceTab = lazy(async () => ({
  default: (await import("./PerformanceTab")).PerformanceTab,
}));

const tabs: [MonitorTab, string][] = [
  ["versions", "Versions"],
  ["performance", "Performance"],
  ["transitions", "Transitions"],
];

/** Monitor: a registered model's versions, how good each is, and who moved what. */
export function RegisteredModelPage() {
  const { modelName = "" } = useParams({ strict: false });
  const query = useQuery(monitoredModel(modelName));
  const [view, change] = useViewState(monitorCodec);
  const [moving, setMoving] = useState<{ kind: TransitionKind; version: string | undefined }>();
  useTitle(modelName);
  useHotkeys({ r: () => void query.refetch() });
  const move = (kind: TransitionKind, version?: string) => setMoving({ kind, version });
  const page = (monitored: MonitoredModel) => {
    // Prompts are registered models with a tag, and have pages of their own.
    if (monitored.model.tags["mlflow.prompt.is_prompt"]?.toLowerCase() === "true") {
      return <Navigate to="/prompts/$promptName" params={{ promptName: modelName }} replace />;
    }
    const props: MonitorTabProps = { monitored, view, change, move };
    return (
      <div className="page">
        <ModelHead monitored={monitored} />
        <Tabs label="Model views">
          {tabs.map(([name, label]) => (
            <Tab
              key={name}
              link={{
                to: "/models/$modelName",
                params: { modelName },
                search: monitorCodec.encode({ ...view, tab: name }) as never,
              }}
              current={view.tab === name}
            >
              {label}
              {name === "versions" && <span className="muted number"> {monitored.versions.length}</span>}
            </Tab>
          ))}
        </Tabs>
        {monitored.versions.length === 0 && view.tab !== "transitions" ? (
          <EmptyState title="No versions yet">
            <p>Open a logged model or a run and choose “Register”, or register from code.</p>
          </EmptyState>
        ) : (
          <>
            {view.tab === "versions" && <VersionsTab {...props} />}
            {view.tab === "performance" && (
              <Suspense fallback={<Loading what="Loading chart" />}>
                <PerformanceTab {...props} />
              </Suspense>
            )}
            {view.tab === "transitions" && <TransitionsTab {...props} />}
          </>
        )}
        {view.tab === "versions" && <ModelNotes monitored={monitored} />}
        {moving && (
          <TransitionDialog {...moving} monitored={monitored} onClose={() => setMoving(undefined)} />
        )}
      </div>
    );
  };
  return (
    <QueryPage query={query} what={`model ${modelName}`}>
      {page}
    </QueryPage>
  );
}

function ModelHead({ monitored: { model } }: { monitored: MonitoredModel }) {
  const [deleting, setDeleting] = useState(false);
  return (
    <>
      <PageHead
        path={[{ label: "Models", link: { to: "/models" } }]}
        title={model.name}
        end={
          <>
            <span className="muted">
              Changed <RelativeTime timeMS={model.updatedMS} />
            </span>
            <ShareButton type="registered_model" id={model.name} name={model.name} />
          </>
        }
      >
        <CopyButton text={model.name} label="Copy name" />
        <span className="chips">
          {model.aliases.map(({ alias, version }) => (
            <AliasChip key={alias} alias={alias} version={version} />
          ))}
        </span>
        <Popover kind="menu" label="Model actions" trigger={<Icon name="more" />} triggerClass="icon-button">
          {(close) => (
            <MenuItem
              danger
              onSelect={() => {
                close();
                setDeleting(true);
              }}
            >
              <Icon name="trash" size={14} /> Delete…
            </MenuItem>
          )}
        </Popover>
      </PageHead>
      {deleting && <DeleteModelDialog name={model.name} onClose={() => setDeleting(false)} />}
    </>
  );
}

function ModelNotes({ monitored: { model } }: { monitored: MonitoredModel }) {
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: ["registry"] });
  return <RegistryNotes of={model} refresh={refresh} />;
}
