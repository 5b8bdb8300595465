import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { monitoredModel } from "../../api/queries";
import {
  deleteVersionTag,
  describeVersion,
  type ModelVersion,
  type MonitoredModel,
  removeAlias,
  setVersionTag,
  transitionVersion,
} from "../../api/registry";
import { CopyButton } from "../../components/Copy";
import { LineageView } from "../../components/lineage/LineageView";
import { EmptyState, errorText } from "../../components/Notice";
import { NoteEditor } from "../../components/notes/NoteEditor";
import { PageHead, QueryPage } from "../../components/Page";
import { Tab, Tabs } from "../../components/Tabs";
import { useToast } from "../../components/Toasts";
import { TagCard } from "../../components/tags/TagCard";
import { RelativeTime } from "../../components/Values";
import { useHotkeys, useTitle, useViewState } from "../../lib/browser/hooks";
import { formatDateTime } from "../../lib/text/format";
import { type VersionView, versionCodec } from "../../lib/view/registry";
import { AliasChip, StageChip } from "./Chips";
import { DeleteVersionDialog } from "./ModelDialogs";
import { TransitionDialog, type TransitionKind } from "./TransitionDialogs";
import { VersionMenu } from "./VersionMenu";
import { ChampionDifference, Lineage, LoadCode, SignatureCard, VersionMetrics } from "./VersionParts";
import "../run/run.css";
import "./registry.css";

const versionTabs: [VersionView["tab"], string][] = [
  ["overview", "Overview"],
  ["lineage", "Lineage"],
];

/** One version: where it comes from, what it takes, how it compares, how to load it. */
export function VersionPage() {
  const { modelName = "", version: number = "" } = useParams({ strict: false });
  const query = useQuery(monitoredModel(modelName));
  useTitle(`${modelName} ${number}`);
  useHotkeys({ r: () => void query.refetch() });
  return (
    <QueryPage query={query} what={`model ${modelName}`}>
      {(monitored) => {
        const version = monitored.versions.find((v) => v.version === number);
        if (version) return <Version monitored={monitored} version={version} />;
        return <NoVersion modelName={modelName} number={number} />;
      }}
    </QueryPage>
  );
}

function NoVersion({ modelName, number }: { modelName: string; number: string }) {
  return (
    <div className="page">
      <EmptyState title={`${modelName} has no version ${number}`}>
        <p>
          It may have been deleted. See{" "}
          <Link to="/models/$modelName" params={{ modelName }}>
            the versions there are
          </Link>
          .
        </p>
      </EmptyState>
    </div>
  );
}

function Version({ monitored, version }: { monitored: MonitoredModel; version: ModelVersion }) {
  const client = useQueryClient();
  const { name, version: number } = version;
  const [view, change] = useViewState(versionCodec);
  const refresh = () => client.invalidateQueries({ queryKey: ["registry"] });
  return (
    <div className="page">
      <VersionHead monitored={monitored} version={version} refresh={refresh} />
      <Tabs label="Version views">
        {versionTabs.map(([tab, label]) => (
          <Tab
            key={tab}
            link={{
              to: "/models/$modelName/versions/$version",
              params: { modelName: name, version: number },
              search: versionCodec.encode({ ...view, tab }) as never,
            }}
            current={view.tab === tab}
          >
            {label}
          </Tab>
        ))}
      </Tabs>
      {view.tab === "lineage" ? (
        <LineageView
          subject={{ name, version: number }}
          what={`${name} version ${number}`}
          unfolded={view.unfolded}
          setUnfolded={(unfolded) => change({ unfolded })}
        />
      ) : (
        <VersionOverview monitored={monitored} version={version} refresh={refresh} />
      )}
    </div>
  );
}

function VersionOverview({ monitored, version, refresh }: VersionHeadProps) {
  const { name, version: number } = version;
  return (
    <div className="overview">
      <div className="overview-main">
        <Lineage version={version} />
        <VersionMetrics version={version} />
        <ChampionDifference version={version} versions={monitored.versions} />
        <SignatureCard version={version} />
      </div>
      <div className="overview-side">
        <Facts version={version} />
        <section className="card">
          <div className="card-head">
            <h2>Description</h2>
          </div>
          <div className="card-body">
            <NoteEditor
              key={number}
              note={version.description}
              subject={`version ${number}`}
              save={async (note) => {
                await describeVersion(name, number, note);
                await refresh();
              }}
            />
          </div>
        </section>
        <LoadCode version={version} />
        <TagCard
          key={number}
          tags={version.tags}
          editable
          set={(key, value) => setVersionTag(name, number, key, value)}
          remove={(key) => deleteVersionTag(name, number, key)}
          refresh={refresh}
        />
      </div>
    </div>
  );
}

interface VersionHeadProps {
  monitored: MonitoredModel;
  version: ModelVersion;
  refresh: () => Promise<unknown>;
}

function VersionHead({ monitored, version, refresh }: VersionHeadProps) {
  const { name, version: number } = version;
  const [moving, setMoving] = useState<TransitionKind>();
  const [deleting, setDeleting] = useState(false);
  const toast = useToast();
  const dropAlias = async (alias: string) => {
    try {
      await removeAlias(name, alias);
      toast(`Removed @${alias}`, async () => {
        await transitionVersion({ name, version: number, alias });
        await refresh();
      });
    } catch (error) {
      toast(`Could not remove the alias: ${errorText(error)}`);
    }
    await refresh();
  };
  return (
    <>
      <PageHead
        path={[
          { label: "Models", link: { to: "/models" } },
          { label: name, link: { to: "/models/$modelName", params: { modelName: name } } },
        ]}
        title={`Version ${number}`}
        end={
          <>
            <button type="button" className="button" onClick={() => setMoving("stage")}>
              Move to a stage…
            </button>
            <button type="button" className="button" onClick={() => setMoving("alias")}>
              Set an alias…
            </button>
          </>
        }
      >
        {version.stage !== "None" && <StageChip stage={version.stage} />}
        <span className="chips">
          {version.aliases.map((alias) => (
            <AliasChip key={alias} alias={alias} onRemove={() => dropAlias(alias)} />
          ))}
        </span>
        {version.status !== "READY" && (
          <span className="badge" title={version.statusMessage}>
            {version.status}
          </span>
        )}
        <VersionMenu version={number} move={setMoving} onDelete={() => setDeleting(true)} />
      </PageHead>
      {moving && (
        <TransitionDialog
          kind={moving}
          monitored={monitored}
          version={number}
          onClose={() => setMoving(undefined)}
        />
      )}
      {deleting && <DeleteVersionDialog name={name} version={number} onClose={() => setDeleting(false)} />}
    </>
  );
}

function Facts({ version }: { version: ModelVersion }) {
  return (
    <section className="card" aria-label="About this version">
      <dl className="facts">
        <dt>Created</dt>
        <dd>
          <span>
            <span className="number">{formatDateTime(version.createdMS)}</span>{" "}
            <span className="muted">
              <RelativeTime timeMS={version.createdMS} />
            </span>
          </span>
        </dd>
        <dt>Changed</dt>
        <dd>
          <RelativeTime timeMS={version.updatedMS} />
        </dd>
        {version.user && (
          <>
            <dt>User</dt>
            <dd>{version.user}</dd>
          </>
        )}
        <dt>Source</dt>
        <dd>
          <code className="truncate" title={version.source}>
            {version.source}
          </code>
          <CopyButton text={version.source} label="Copy source" />
        </dd>
        {version.datasets.map((d) => (
          <Dataset key={d.name + d.digest} {...d} />
        ))}
      </dl>
    </section>
  );
}

function Dataset({ name, digest, context }: ModelVersion["datasets"][number]) {
  return (
    <>
      <dt>Dataset</dt>
      <dd>
        <span className="truncate" title={digest}>
          {name} {context && <span className="chip">{context}</span>}
        </span>
      </dd>
    </>
  );
}
