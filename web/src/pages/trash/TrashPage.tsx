import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import { type TrashItem, type TrashKind, trashList, trashSizeList } from "../../api/trash";
import { Icon } from "../../components/Icon";
import { ListCount } from "../../components/ListCount";
import { MoreButton } from "../../components/MoreButton";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { PageHead } from "../../components/Page";
import { SearchField } from "../../components/SearchField";
import { Tab, Tabs } from "../../components/Tabs";
import { useDeferredText, useHotkeys, useTitle, useViewState } from "../../lib/browser/hooks";
import { formatBytes, plural } from "../../lib/text/format";
import { type TrashView, trashCodec } from "../../lib/view/trash";
import { PurgeDialog } from "./PurgeDialog";
import { TrashTable } from "./TrashTable";
import { useRestore } from "./useRestore";
import "./trash.css";

const kinds: { kind: TrashKind; label: string; one: string }[] = [
  { kind: "run", label: "Runs", one: "run" },
  { kind: "experiment", label: "Experiments", one: "experiment" },
  { kind: "logged_model", label: "Logged models", one: "model" },
];

/** Everything in the deleted stage: restored with a click, or removed for ever. */
export function TrashPage() {
  useTitle("Trash");
  const [view, change] = useViewState(trashCodec);
  return (
    <div className="page">
      <PageHead title="Trash" />
      <Tabs label="Kinds of deleted items">
        {kinds.map(({ kind, label }) => (
          <Tab
            key={kind}
            link={{ to: "/trash", search: trashCodec.encode({ kind, text: "" }) as never }}
            current={kind === view.kind}
          >
            {label}
          </Tab>
        ))}
      </Tabs>
      <TrashList key={view.kind} view={view} change={change} />
    </div>
  );
}

interface TrashListProps {
  view: TrashView;
  change: (part: Partial<TrashView>, how?: "push" | "replace") => void;
}

function TrashList({ view, change }: TrashListProps) {
  const { one } = kinds.find((k) => k.kind === view.kind)!;
  const list = useInfiniteQuery(trashList(view.kind, view.text));
  const client = useQueryClient();
  const items = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const [purging, setPurging] = useState<readonly TrashItem[]>();
  const chosen = useMemo(() => items.filter((item) => ticked.has(item.id)), [items, ticked]);
  const reload = () => {
    setTicked(new Set());
    // Restored and removed items appear in, or are gone from, every other list. Sizes do not
    // change, and those of removed items cannot be read.
    void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[1] !== "sizes" });
  };
  const restoreItems = useRestore(one, reload);
  const [text, setText] = useDeferredText(view.text, (value) => change({ text: value }, "replace"));
  const search = useRef<HTMLInputElement>(null);
  useHotkeys({ "/": () => search.current?.focus(), r: () => void list.refetch() });
  return (
    <>
      <div className="toolbar">
        <SearchField
          label={`Search deleted ${one}s by name`}
          placeholder="Search by name  ( / )"
          value={text}
          onChange={setText}
          inputRef={search}
          className="trash-search"
        />
        {chosen.length > 0 ? (
          <>
            <button type="button" className="button" onClick={() => void restoreItems(chosen)}>
              <Icon name="restore" size={14} /> Restore {plural(chosen.length, one)}
            </button>
            <button type="button" className="button danger" onClick={() => setPurging(chosen)}>
              <Icon name="trash" size={14} /> Delete for ever…
            </button>
            <SizeOf kind={view.kind} items={chosen} />
          </>
        ) : (
          <ListCount shown={items.length} one={one} more={list.hasNextPage} />
        )}
      </div>
      {list.error && <ErrorNotice error={list.error} what="Could not load the trash" retry={list.refetch} />}
      {list.isPending && <Loading what="Loading the trash" />}
      {list.data && items.length === 0 && <Nothing text={view.text} one={one} />}
      {items.length > 0 && (
        <TrashTable
          kind={view.kind}
          items={items}
          ticked={ticked}
          setTicked={setTicked}
          onRestore={(item) => void restoreItems([item])}
          onPurge={(item) => setPurging([item])}
        />
      )}
      <MoreButton pages={list} label={`Load more ${one}s`} />
      {purging && (
        <PurgeDialog
          kind={view.kind}
          one={one}
          items={purging}
          onClose={() => setPurging(undefined)}
          onDone={reload}
        />
      )}
    </>
  );
}

function Nothing({ text, one }: { text: string; one: string }) {
  if (text) {
    return (
      <EmptyState title={`No deleted ${one} matches “${text}”`}>
        <p>The search looks in names and IDs, in any case.</p>
      </EmptyState>
    );
  }
  return (
    <EmptyState title={`No deleted ${one}s`}>
      <p>
        What is deleted in the pages or by a client is kept here until somebody restores it or removes it for
        ever. <code>millrace gc --older-than 30d</code> empties the trash from the command line.
      </p>
    </EmptyState>
  );
}

/** Counts the files of the chosen items, which can take a while in an object store. */
function SizeOf({ kind, items }: { kind: TrashKind; items: readonly TrashItem[] }) {
  const ids = useMemo(() => items.slice(0, 50).map((item) => item.id), [items]);
  const sizes = useQuery(trashSizeList(kind, ids));
  if (items.length > ids.length) return null;
  if (sizes.isPending) return <span className="muted">Counting files…</span>;
  if (!sizes.data) return null;
  const total = Object.values(sizes.data).reduce((sum, size) => sum + size.bytes, 0);
  return <span className="muted">{formatBytes(total)} in files</span>;
}
