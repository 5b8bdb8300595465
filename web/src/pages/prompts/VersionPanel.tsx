import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { describePromptVersion, type Prompt, type PromptVersion } from "../../api/genai/prompts";
import { modelChangeLog } from "../../api/queries";
import { deleteVersionTag, setVersionTag } from "../../api/registry";
import { Icon } from "../../components/Icon";
import { JSONTree } from "../../components/json/JSONTree";
import { NoteEditor } from "../../components/notes/NoteEditor";
import { MenuItem, Popover } from "../../components/Popover";
import { Tab, Tabs } from "../../components/Tabs";
import { TagCard } from "../../components/tags/TagCard";
import { RelativeTime } from "../../components/Values";
import { isJinja, templateText, variablesOf } from "../../lib/genai/template";
import { type PromptTab, type PromptView, promptCodec } from "../../lib/view/prompts";
import type { Search } from "../../lib/view/search";
import { ChangeLog } from "../registry/ChangeLog";
import { AliasChip } from "../registry/Chips";
import { PromptCode } from "./PromptCode";
import type { PromptTask } from "./PromptTasks";
import { PromptUses } from "./PromptUses";
import { TemplateView } from "./TemplateView";
import { VersionDiff } from "./VersionDiff";

export interface VersionPanelProps {
  prompt: Prompt;
  versions: readonly PromptVersion[];
  version: PromptVersion;
  view: PromptView;
  change: (part: Partial<PromptView>, how?: "push" | "replace") => void;
  setTask: (task: PromptTask) => void;
}

const tabs: readonly (readonly [PromptTab, string])[] = [
  ["prompt", "Prompt"],
  ["compare", "Compare"],
  ["uses", "Used by"],
  ["history", "History"],
  ["code", "Load"],
];

/** One version: what it says, how it differs from others, what uses it, and how to load it. */
export function VersionPanel(props: VersionPanelProps) {
  const { prompt, versions, version, view, change, setTask } = props;
  const user = useCreator(version);
  const aliases = prompt.aliases.filter((a) => a.version === version.version);
  const withTab = (tab: PromptTab) =>
    ((search: Search) => promptCodec.encode({ ...promptCodec.decode(search), tab })) as never;
  return (
    <>
      <div className="prompt-title">
        <h2>Version {version.version}</h2>
        {aliases.map(({ alias }) => (
          <AliasChip
            key={alias}
            alias={alias}
            onRemove={() => setTask({ kind: "remove alias", alias, version: version.version })}
          />
        ))}
        <button
          type="button"
          className="link-button"
          onClick={() => setTask({ kind: "set alias", version: version.version })}
        >
          Add alias
        </button>
        <span className="spacer" />
        <span className="muted">
          {user && `${user}, `}
          <RelativeTime timeMS={version.createdMS} />
        </span>
        <Popover
          kind="menu"
          label={`Actions for version ${version.version}`}
          trigger={<Icon name="more" />}
          triggerClass="icon-button"
        >
          {(close) => (
            <MenuItem
              danger
              onSelect={() => {
                close();
                setTask({ kind: "delete version", version: version.version });
              }}
            >
              <Icon name="trash" size={14} /> Delete version…
            </MenuItem>
          )}
        </Popover>
      </div>
      <Tabs label="Views of the version">
        {tabs.map(([tab, label]) => (
          <Tab key={tab} link={{ to: ".", search: withTab(tab), replace: true }} current={view.tab === tab}>
            {label}
          </Tab>
        ))}
      </Tabs>
      <div
        className="prompt-body"
        key={["compare", "history"].includes(view.tab) ? view.tab : version.version}
      >
        {view.tab === "prompt" && <Content version={version} />}
        {view.tab === "compare" && <VersionDiff {...props} />}
        {view.tab === "uses" && <PromptUses prompt={prompt} version={version} />}
        {view.tab === "history" && (
          <div className="prompt-history">
            <ChangeLog
              name={prompt.name}
              version={(number) =>
                versions.some((v) => v.version === number) ? (
                  <button
                    type="button"
                    className="link-button"
                    onClick={() => change({ version: number, tab: "prompt" })}
                  >
                    v{number}
                  </button>
                ) : (
                  `v${number}`
                )
              }
            />
          </div>
        )}
        {view.tab === "code" && <PromptCode prompt={prompt} version={version} />}
      </div>
    </>
  );
}

/** Who created a version: MLflow's client says it in a tag, and the log of this server knows it otherwise. */
function useCreator({ name, version, user }: PromptVersion): string {
  const { data } = useInfiniteQuery({ ...modelChangeLog(name), enabled: user === "" });
  const created = data?.pages
    .flatMap((page) => page.changes)
    .find((c) => c.kind === "version" && c.version === version && c.to === "created");
  return user || created?.user || "";
}

function Content({ version }: { version: PromptVersion }) {
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: ["prompts"] });
  const variables = variablesOf(version.template);
  return (
    <>
      <TemplateView template={version.template} />
      <dl className="prompt-facts">
        <dt>Variables</dt>
        <dd>
          {variables.length === 0 ? (
            <span className="muted">None</span>
          ) : (
            variables.map((v) => (
              <code key={v} className="template-variable">
                {v}
              </code>
            ))
          )}
          {isJinja(templateText(version.template)) && (
            <span className="muted"> with statements of Jinja2</span>
          )}
        </dd>
        {version.modelConfig !== undefined && (
          <>
            <dt>Model</dt>
            <dd>
              <JSONTree value={version.modelConfig} label="model configuration" />
            </dd>
          </>
        )}
        {version.responseFormat !== undefined && (
          <>
            <dt>Response format</dt>
            <dd>
              <JSONTree value={version.responseFormat} label="response format" />
            </dd>
          </>
        )}
        <dt>Commit message</dt>
        <dd>
          <NoteEditor
            note={version.message}
            subject={`version ${version.version}`}
            what="message"
            save={async (note) => {
              await describePromptVersion(version.name, version.version, note);
              await refresh();
            }}
          />
        </dd>
      </dl>
      <div className="prompt-tags">
        <TagCard
          tags={version.tags}
          editable
          set={(key, value) => setVersionTag(version.name, version.version, key, value)}
          remove={(key) => deleteVersionTag(version.name, version.version, key)}
          refresh={refresh}
        />
      </div>
    </>
  );
}
