import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { Navigate, useNavigate, useParams } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { type Prompt, promptDetail, promptVersion, promptVersions } from "../../api/genai/prompts";
import { experimentDetail } from "../../api/queries";
import { CopyButton } from "../../components/Copy";
import { Icon } from "../../components/Icon";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { type Crumb, experimentPath, PageHead, QueryPage } from "../../components/Page";
import { MenuItem, Popover } from "../../components/Popover";
import { ShareButton } from "../../components/share/ShareButton";
import { useHotkeys, useReadOn, useTitle, useViewState } from "../../lib/browser/hooks";
import { promptCodec } from "../../lib/view/prompts";
import { AliasChip } from "../registry/Chips";
import { NewPromptDialog } from "./NewPromptDialog";
import { PromptAbout } from "./PromptAbout";
import { type PromptTask, PromptTasks } from "./PromptTasks";
import { VersionList } from "./VersionList";
import { VersionPanel } from "./VersionPanel";
import "../run/run.css";
import "../registry/registry.css";
import "./prompts.css";

/** A prompt: its versions, and what one of them says. */
export function PromptPage() {
  const { promptName = "", experimentID = "" } = useParams({ strict: false }) as {
    promptName?: string;
    experimentID?: string;
  };
  const query = useQuery(promptDetail(promptName));
  return (
    <QueryPage query={query} what={`prompt ${promptName}`}>
      {({ prompt, isPrompt }) =>
        isPrompt ? (
          <PromptBody key={promptName} prompt={prompt} experimentID={experimentID} />
        ) : (
          <Navigate to="/models/$modelName" params={{ modelName: promptName }} replace />
        )
      }
    </QueryPage>
  );
}

interface PromptBodyProps {
  prompt: Prompt;
  /** The experiment in whose pages the prompt is shown; empty for none. */
  experimentID: string;
}

function PromptBody({ prompt, experimentID }: PromptBodyProps) {
  const [view, change] = useViewState(promptCodec);
  const list = useInfiniteQuery(promptVersions(prompt.name));
  const versions = useMemo(() => list.data?.pages.flatMap((page) => page.versions) ?? [], [list.data]);
  const [task, setTask] = useState<PromptTask>();
  const [creating, setCreating] = useState(false);
  const loaded = versions.find((v) => v.version === view.version);
  // A link may lead to a version further down than the list is read.
  const wanted = view.version !== "" && list.data !== undefined && !loaded;
  const linked = useQuery({ ...promptVersion(prompt.name, view.version), enabled: wanted });
  const selected = view.version === "" ? versions[0] : (loaded ?? linked.data);
  const { refetch } = list;
  const more = useReadOn(list);
  const client = useQueryClient();
  useTitle(prompt.name);
  useHotkeys({
    n: () => setCreating(true),
    r: () => {
      void refetch();
      void client.invalidateQueries({ queryKey: ["prompts", "detail", prompt.name] });
    },
  });
  const error = list.error ?? linked.error;
  return (
    <div className="page fill prompt-page">
      <PromptHead
        prompt={prompt}
        experimentID={experimentID}
        setTask={setTask}
        create={() => setCreating(true)}
      />
      {error && <ErrorNotice error={error} what="Could not load the versions" retry={() => refetch()} />}
      {list.isPending && <Loading what="Loading the versions" />}
      {list.data && versions.length === 0 && (
        <EmptyState title="No versions yet">
          <p>A version is what programs load. Its number never changes what it says.</p>
          <button type="button" className="button primary" onClick={() => setCreating(true)}>
            <Icon name="plus" size={14} /> New version
          </button>
        </EmptyState>
      )}
      {versions.length > 0 && (
        <div className="prompt-split">
          <VersionList
            prompt={prompt}
            versions={versions}
            selected={selected?.version ?? ""}
            select={(version) => change({ version }, "replace")}
            onEnd={more}
          />
          <section className="card prompt-panel" aria-label="Version">
            {selected ? (
              <VersionPanel
                prompt={prompt}
                versions={versions}
                version={selected}
                view={view}
                change={change}
                setTask={setTask}
              />
            ) : (
              <Loading what="Loading the version" />
            )}
          </section>
        </div>
      )}
      <PromptAbout prompt={prompt} />
      <PromptTasks prompt={prompt} task={task} experimentID={experimentID} close={() => setTask(undefined)} />
      {creating && (
        <NewPromptDialog
          experimentID={experimentID}
          of={{ name: prompt.name, from: selected }}
          onClose={() => setCreating(false)}
        />
      )}
    </div>
  );
}

interface PromptHeadProps extends PromptBodyProps {
  setTask: (task: PromptTask) => void;
  create: () => void;
}

function PromptHead({ prompt, experimentID, setTask, create }: PromptHeadProps) {
  const { data: experiment } = useQuery({ ...experimentDetail(experimentID), enabled: experimentID !== "" });
  const navigate = useNavigate();
  const path: Crumb[] = experimentID
    ? experimentPath(experimentID, experiment?.name, {
        label: "Prompts",
        link: { to: "/experiments/$experimentID/prompts", params: { experimentID } },
      })
    : [{ label: "Prompts", link: { to: "/prompts" } }];
  return (
    <PageHead
      path={path}
      title={prompt.name}
      end={
        <>
          <ShareButton type="prompt" id={prompt.name} name={prompt.name} />
          <button type="button" className="button primary" title="New version (n)" onClick={create}>
            <Icon name="plus" size={14} /> New version
          </button>
        </>
      }
    >
      <CopyButton text={prompt.name} label="Copy name" />
      <span className="chips">
        {prompt.aliases.map(({ alias, version }) => (
          <button
            key={alias}
            type="button"
            className="alias-link"
            title={`Show version ${version}`}
            onClick={() => void navigate({ to: ".", search: { version } } as never)}
          >
            <AliasChip alias={alias} version={`v${version}`} />
          </button>
        ))}
      </span>
      <Popover kind="menu" label="Prompt actions" trigger={<Icon name="more" />} triggerClass="icon-button">
        {(close) => (
          <MenuItem
            danger
            onSelect={() => {
              close();
              setTask({ kind: "delete prompt" });
            }}
          >
            <Icon name="trash" size={14} /> Delete…
          </MenuItem>
        )}
      </Popover>
    </PageHead>
  );
}
