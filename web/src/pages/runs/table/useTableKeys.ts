import { useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useState } from "react";
import type { TableRun } from "../../../api/runTable";
import { useHotkeys } from "../../../lib/browser/hooks";
import type { Column } from "../../../lib/runs/columns";
import type { Active } from "./RunsTable";
import type { RunTable } from "./useRunTable";

interface TableKeysProps {
  experimentID: string;
  table: RunTable;
  /** In the order of the screen. */
  columns: readonly Column[];
  toggle: (id: string, index: number, range: boolean) => void;
  fold: (run: TableRun) => void;
  focusFilter: () => void;
}

const page = 20;

/** The keys of the table: rows by j and k, cells by the arrows, Enter for what is there. */
export function useTableKeys({ experimentID, table, columns, toggle, fold, focusFilter }: TableKeysProps) {
  const navigate = useNavigate();
  const [active, setActive] = useState<Active>({ id: undefined, index: -1, column: undefined });
  const [menuRequest, setMenuRequest] = useState(0);
  const indexOf = useCallback(
    (id: string) => {
      for (let i = 0; i < (table.total ?? 0); i++) if (table.rowAt(i)?.id === id) return i;
      return -1;
    },
    [table],
  );
  const activate = useCallback(
    (id: string) => setActive({ id, index: indexOf(id), column: undefined }),
    [indexOf],
  );
  // Rows move when the list is refreshed; one that left it cannot stay the active one.
  useEffect(() => {
    if (active.id === undefined || table.stale) return;
    const there = table.rowAt(active.index);
    if (!there || there.id === active.id) return; // A row that is not loaded has not moved.
    const index = indexOf(active.id);
    setActive(index < 0 ? { id: undefined, index: -1, column: undefined } : { ...active, index });
  }, [active, table, indexOf]);

  const goTo = (index: number) => {
    const last = (table.total ?? 0) - 1;
    const at = Math.max(0, Math.min(last, index));
    const run = table.rowAt(at);
    if (run) setActive({ id: run.id, index: at, column: active.column });
  };
  const run = active.index < 0 ? undefined : table.rowAt(active.index);
  const columnAt = columns.findIndex((c) => c.id === active.column);
  const right = () => {
    if (!run) return;
    if (columnAt < 0 && run.children > 0 && !run.open) fold(run);
    else if (columns[columnAt + 1]) setActive({ ...active, column: columns[columnAt + 1]!.id });
  };
  const left = () => {
    if (!run) return;
    if (columnAt >= 0) setActive({ ...active, column: columns[columnAt - 1]?.id });
    else if (run.children > 0 && run.open) fold(run);
    else {
      for (let i = active.index - 1; i >= 0; i--) {
        const above = table.rowAt(i);
        if (!above) return;
        if (above.depth < run.depth) return goTo(i);
      }
    }
  };
  useHotkeys({
    "/": focusFilter,
    j: () => goTo(active.index + 1),
    k: () => goTo(active.index - 1),
    ArrowDown: () => goTo(active.index + 1),
    ArrowUp: () => goTo(active.index - 1),
    PageDown: () => goTo(active.index + page),
    PageUp: () => goTo(active.index - page),
    ArrowRight: right,
    ArrowLeft: left,
    Escape: () => active.column && setActive({ ...active, column: undefined }),
    x: (event) => run && toggle(run.id, active.index, event.shiftKey),
    X: () => run && toggle(run.id, active.index, true),
    r: table.refetch,
    Enter: () => {
      if (!run) return;
      if (active.column) setMenuRequest(menuRequest + 1);
      else if (run.group) fold(run);
      else {
        void navigate({
          to: "/experiments/$experimentID/runs/$runID",
          params: { experimentID, runID: run.id },
        });
      }
    },
  });
  return { active, activate, menuRequest, indexOf };
}
