import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { KeyInfo } from "../../../api/runTable";
import { type RunCells, runCells } from "../../../api/tableQueries";
import type { AxisGroup } from "../../../lib/compare/items";
import type { PlotItem } from "../../../lib/plots/item";
import { type ColumnKind, isUserTag, parseColumn } from "../../../lib/runs/columns";
import type { ChartRun } from "../useSeries";

/** Where the values of cards come from, and what there is to choose from. */
export interface ChartSource {
  experimentIDs: readonly string[];
  params: readonly KeyInfo[];
  tags: readonly KeyInfo[];
}

export interface Items {
  items: readonly PlotItem[];
  pending: boolean;
  error: unknown;
  refetch: () => void;
}

/** The values of some columns of the runs, and nothing else of them. */
export function useItems(
  source: Pick<ChartSource, "experimentIDs"> | undefined,
  runs: readonly Pick<ChartRun, "id" | "name">[],
  columns: readonly string[],
  refetchInterval: number | false,
): Items {
  const names = [...new Set(columns)].sort().join("\n");
  const wanted = useMemo(() => names.split("\n").flatMap((id) => parseColumn(id) ?? []), [names]);
  const ids = useMemo(() => runs.map(({ id }) => id), [runs]);
  const { data, error, isPending, refetch } = useQuery({
    // Values of settings do not change, and those of results are not watched as closely as curves.
    ...runCells(source?.experimentIDs ?? [], ids, wanted, refetchInterval && 4 * refetchInterval),
    ...(source ? {} : { enabled: false }),
  });
  const items = useMemo(() => (data ? itemsOf(runs, data) : []), [runs, data]);
  return { items, pending: isPending && names !== "", error, refetch: () => void refetch() };
}

const duration = "attributes.duration";

function itemsOf(runs: readonly Pick<ChartRun, "id" | "name">[], cells: RunCells): PlotItem[] {
  return runs.flatMap(({ id, name }) => {
    const values = cells.get(id);
    if (!values) return [];
    const ms = values[duration];
    return [
      { id, label: name, values: typeof ms === "number" ? { ...values, [duration]: ms / 1000 } : values },
    ];
  });
}

/** The columns that cards can draw, by kind; params that differ come first. */
export function columnGroups(
  metrics: readonly string[],
  source: ChartSource | undefined,
): Readonly<Record<ColumnKind, AxisGroup>> {
  const params = source?.params ?? [];
  const varyingFirst = [...params.filter((k) => k.varies), ...params.filter((k) => !k.varies)];
  const tags = (source?.tags ?? []).filter(({ key }) => isUserTag(key));
  return {
    params: { title: "Parameters", keys: varyingFirst.map(({ key }) => `params.${key}`) },
    metrics: { title: "Metrics", keys: metrics.map((key) => `metrics.${key}`) },
    attributes: {
      title: "Run",
      keys: source ? ["attributes.duration", "attributes.status", "attributes.user_id"] : [],
    },
    tags: { title: "Tags", keys: tags.map(({ key }) => `tags.${key}`) },
  };
}
