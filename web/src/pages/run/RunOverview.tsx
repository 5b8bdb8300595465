import { type UseQueryResult, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { MetricSummary } from "../../api/metrics";
import { loggedModel, runChildren, versionsOfRun } from "../../api/queries";
import { type Run, type RunInfo, setRunTag } from "../../api/runs";
import { CopyButton } from "../../components/Copy";
import { NoteEditor } from "../../components/notes/NoteEditor";
import { Duration, RelativeTime, StatusGlyph } from "../../components/Values";
import { linkedPrompts } from "../../lib/genai/filters";
import { formatDateTime, plural } from "../../lib/text/format";
import type { RunPageView } from "../../lib/view/run";
import { join } from "../../lib/view/search";
import { PromptLinks } from "../prompts/PromptLinks";
import { AliasChip, StageChip } from "../registry/Chips";
import { RegisterButton } from "../registry/RegisterDialog";
import { VersionLink } from "../registry/VersionLink";
import { Datasets } from "./Datasets";
import { MetricTable } from "./MetricTable";
import { ParamTable } from "./ParamTable";
import { TagEditor } from "./TagEditor";

interface RunOverviewProps {
  run: Run;
  summary: UseQueryResult<MetricSummary[]>;
  view: RunPageView;
  change: (part: Partial<RunPageView>, how?: "push" | "replace") => void;
}

/** Results and settings at the left, everything about the run itself at the right. */
export function RunOverview({ run, summary, view, change }: RunOverviewProps) {
  const client = useQueryClient();
  return (
    <div className="overview">
      <div className="overview-main results">
        <MetricTable run={run} summary={summary} live={view.live} />
        <ParamTable
          params={run.params}
          text={view.paramText}
          setText={(paramText) => change({ paramText }, "replace")}
        />
      </div>
      <div className="overview-side">
        <Facts run={run} />
        <section className="card">
          <div className="card-head">
            <h2>Description</h2>
          </div>
          <div className="card-body">
            <NoteEditor
              key={run.id}
              note={run.tags["mlflow.note.content"] ?? ""}
              subject={run.name}
              readOnly={run.stage === "deleted"}
              save={async (note) => {
                await setRunTag(run.id, "mlflow.note.content", note);
                await client.invalidateQueries({ queryKey: ["runs"] });
              }}
            />
          </div>
        </section>
        <Models run={run} />
        <RegisteredVersions run={run} />
        <Datasets datasets={run.datasets} />
        <TagEditor run={run} />
        <Children run={run} />
      </div>
    </div>
  );
}

function Facts({ run }: { run: Run }) {
  const { tags } = run;
  const commit = tags["mlflow.source.git.commit"];
  const source = tags["mlflow.source.name"];
  const branch = tags["mlflow.source.git.branch"];
  const repository = tags["mlflow.source.git.repoURL"];
  const prompts = linkedPrompts(tags);
  const user = run.user || tags["mlflow.user"];
  return (
    <section className="card" aria-label="About this run">
      <dl className="facts">
        <dt>Run ID</dt>
        <dd>
          <code className="truncate" title={run.id}>
            {run.id}
          </code>
          <CopyButton text={run.id} label="Copy run ID" />
        </dd>
        <dt>Started</dt>
        <dd>
          {run.startMS ? (
            <span>
              <span className="number">{formatDateTime(run.startMS)}</span>{" "}
              <span className="muted">
                <RelativeTime timeMS={run.startMS} />
              </span>
            </span>
          ) : (
            "–"
          )}
        </dd>
        <dt>Duration</dt>
        <dd>
          <Duration startMS={run.startMS} endMS={run.endMS} running={run.status === "RUNNING"} />
        </dd>
        {user && (
          <>
            <dt>User</dt>
            <dd>{user}</dd>
          </>
        )}
        {prompts.length > 0 && (
          <>
            <dt>{prompts.length === 1 ? "Prompt" : "Prompts"}</dt>
            <dd className="wrap">
              <PromptLinks prompts={prompts} />
            </dd>
          </>
        )}
        {source && (
          <>
            <dt>Source</dt>
            <dd>
              <span className="truncate" title={source}>
                {source}
              </span>
              <CopyButton text={source} label="Copy source" />
            </dd>
          </>
        )}
        {commit && (
          <>
            <dt>Git commit</dt>
            <dd>
              <code className="truncate" title={[repository, branch, commit].filter(Boolean).join(" ")}>
                {branch ? `${branch} ` : ""}
                {commit.slice(0, 10)}
              </code>
              <CopyButton text={commit} label="Copy commit" />
            </dd>
          </>
        )}
        <dt>Artifacts</dt>
        <dd>
          <code className="truncate" title={run.artifactURI}>
            {run.artifactURI}
          </code>
          <CopyButton text={run.artifactURI} label="Copy artifact location" />
        </dd>
      </dl>
    </section>
  );
}

function Models({ run }: { run: Run }) {
  const outputs = run.modelOutputs.map(({ modelID, step }) => ({ modelID, note: `step ${step}` }));
  const inputs = run.modelInputs.map((modelID) => ({ modelID, note: "input" }));
  const models = [...outputs, ...inputs];
  if (models.length === 0) return null;
  return (
    <section className="card">
      <div className="card-head">
        <h2>Logged models</h2>
      </div>
      <ul className="plain-list">
        {models.map(({ modelID, note }) => (
          <ModelLink key={modelID + note} modelID={modelID} experimentID={run.experimentID} note={note} />
        ))}
      </ul>
    </section>
  );
}

function ModelLink({ modelID, experimentID, note }: { modelID: string; experimentID: string; note: string }) {
  const { data: model } = useQuery(loggedModel(modelID));
  return (
    <li>
      <Link
        to="/experiments/$experimentID/models/$modelID"
        params={{ experimentID: model?.experimentID ?? experimentID, modelID }}
        className="truncate"
      >
        {model?.name ?? modelID}
      </Link>
      <span className="muted">{note}</span>
      {model && <RegisterButton model={model} look="link-button" />}
    </li>
  );
}

/** The versions that were registered from the files or the models of this run. */
function RegisteredVersions({ run }: { run: Run }) {
  const { data: versions } = useQuery(versionsOfRun(run.id));
  if (!versions?.length) return null;
  return (
    <section className="card">
      <div className="card-head">
        <h2>Registered models</h2>
      </div>
      <ul className="plain-list">
        {versions.map(({ name, version, stage, aliases }) => (
          <li key={`${name} ${version}`}>
            <VersionLink name={name} version={version} />
            <span className="chips">
              {stage !== "None" && <StageChip stage={stage} />}
              {aliases.map((alias) => (
                <AliasChip key={alias} alias={alias} />
              ))}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const maxChildren = 8;

/** The first children; the tab has all of them. */
function Children({ run }: { run: Run }) {
  const { data } = useQuery(runChildren(run.id));
  if (!data?.runs.length) return null;
  const { runs: children, bounded } = data;
  return (
    <section className="card">
      <div className="card-head">
        <h2>
          {bounded && "More than "}
          {plural(children.length, "child run")}
        </h2>
        <span className="spacer" />
        <Link
          to="/experiments/$experimentID/runs/$runID/$"
          params={{ experimentID: run.experimentID, runID: run.id, _splat: "children" }}
        >
          Table
        </Link>
        <Link to="/compare-runs" search={compareSearch(children) as never}>
          Compare
        </Link>
      </div>
      <ul className="plain-list">
        {children.slice(0, maxChildren).map((child) => (
          <li key={child.id}>
            <StatusGlyph status={child.status} />
            <Link
              to="/experiments/$experimentID/runs/$runID"
              params={{ experimentID: child.experimentID, runID: child.id }}
              className="truncate"
            >
              {child.name}
            </Link>
            <span className="muted">
              <RelativeTime timeMS={child.startMS} />
            </span>
          </li>
        ))}
        {children.length > maxChildren && (
          <li className="muted">and {(children.length - maxChildren).toLocaleString("en-US")} more</li>
        )}
      </ul>
    </section>
  );
}

const compareSearch = (runs: readonly RunInfo[]) => ({
  runs: join(runs.map(({ id }) => id)),
  experiments: join([...new Set(runs.map(({ experimentID }) => experimentID))]),
});
