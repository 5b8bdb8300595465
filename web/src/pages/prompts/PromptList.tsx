import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, useRef } from "react";
import { type Prompt, promptList } from "../../api/genai/prompts";
import { Snippet } from "../../components/Copy";
import { noValue, textCell } from "../../components/columns/textColumns";
import { ListCount } from "../../components/ListCount";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { SearchField } from "../../components/SearchField";
import { RelativeTime } from "../../components/Values";
import { type Column, VirtualTable } from "../../components/VirtualTable";
import { useDeferredText, useHotkeys, useReadOn, useViewState } from "../../lib/browser/hooks";
import { tagsText } from "../../lib/columns/columns";
import { templatePreview } from "../../lib/genai/template";
import { promptOrders, promptsCodec } from "../../lib/view/prompts";
import { AliasChip } from "../registry/Chips";
import "./prompts.css";

const columns: readonly Column[] = [
  { label: "Name", track: "minmax(150px, 2fr)", sortKey: "name" },
  { label: "Newest", track: "64px" },
  { label: "Aliases", track: "minmax(110px, 1.2fr)" },
  { label: "Template", track: "minmax(160px, 3fr)" },
  { label: "Tags", track: "minmax(90px, 1fr)" },
  { label: "Changed", track: "var(--time-width)", sortKey: "last_updated_timestamp", numeric: true },
];

/** Prompts by name and tags, read page by page. */
export function PromptList({ experimentID }: { experimentID: string }) {
  const [view, change] = useViewState(promptsCodec);
  const [text, setText] = useDeferredText(view.text, (value) => change({ text: value }, "replace"));
  const order = `${view.sort} ${view.descending ? "DESC" : "ASC"}`;
  const list = useInfiniteQuery(promptList(view.text, experimentID, order));
  const prompts = useMemo(() => list.data?.pages.flatMap((page) => page.prompts) ?? [], [list.data]);
  const search = useRef<HTMLInputElement>(null);
  useHotkeys({ "/": () => search.current?.focus(), r: () => void list.refetch() });
  const more = useReadOn(list);
  if (list.data && prompts.length === 0 && view.text === "") return <NoPrompts />;
  return (
    <>
      <div className="toolbar">
        <SearchField
          label="Search prompts"
          placeholder="Search by name, or team=support for a tag  ( / )"
          value={text}
          onChange={setText}
          inputRef={search}
          className="prompt-search"
        />
        <ListCount shown={prompts.length} one="prompt" more={list.hasNextPage} />
      </div>
      {list.error && (
        <ErrorNotice error={list.error} what="Could not load the prompts" retry={() => list.refetch()} />
      )}
      {list.isPending && <Loading what="Loading prompts" />}
      {list.data && prompts.length === 0 && (
        <EmptyState title={`No prompt matches “${view.text}”`}>
          <p>
            Words must occur in the name, in any case. <code>key=value</code> finds prompts with a tag.
          </p>
        </EmptyState>
      )}
      {prompts.length > 0 && (
        <VirtualTable
          label="Prompts"
          columns={columns}
          rows={prompts}
          rowKey={(p) => p.name}
          minWidth={720}
          cells={(p) => cells(p, experimentID)}
          sort={{
            key: view.sort,
            descending: view.descending,
            choose: (key, descending) =>
              change({ sort: promptOrders.find((o) => o === key) ?? view.sort, descending }, "replace"),
          }}
          onEnd={more}
        />
      )}
    </>
  );
}

function cells(p: Prompt, experimentID: string) {
  return [
    experimentID ? (
      <Link
        key="name"
        to="/experiments/$experimentID/prompts/$promptName"
        params={{ experimentID, promptName: p.name }}
        title={p.name}
      >
        {p.name}
      </Link>
    ) : (
      <Link key="name" to="/prompts/$promptName" params={{ promptName: p.name }} title={p.name}>
        {p.name}
      </Link>
    ),
    p.newest ? `v${p.newest.version}` : noValue,
    p.aliases.length === 0 ? (
      noValue
    ) : (
      <span key="aliases" title={p.aliases.map((a) => `@${a.alias} v${a.version}`).join(", ")}>
        {p.aliases.map(({ alias, version }) => (
          <AliasChip key={alias} alias={alias} version={`v${version}`} />
        ))}
      </span>
    ),
    textCell(p.newest ? templatePreview(p.newest.template) : ""),
    textCell(tagsText(p.tags)),
    <RelativeTime key="changed" timeMS={p.updatedMS} />,
  ];
}

function NoPrompts() {
  return (
    <EmptyState title="No prompts yet">
      <p>
        A prompt keeps the versions of one template under a name, so that programs load it by a version or an
        alias. Create one here, or from code:
      </p>
      <Snippet
        code={`mlflow.genai.register_prompt(\n    name="summary",\n    template="Summarise in {{ sentences }} sentences:\\n{{ text }}",\n    commit_message="First version",\n)`}
        label="register_prompt example"
      />
    </EmptyState>
  );
}
