import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { KeyQuery } from "../../api/runTable";
import { runKeys, valuesOfColumn } from "../../api/tableQueries";
import { column, isUserTag } from "../../lib/runs/columns";
import { type FilterKeys, keyInNeedOfValues } from "../../lib/runs/filter";

interface Place {
  text: string;
  cursor: number;
}

const nothing = column("attributes", "status");

/** The keys of the runs, and the values of the key before the cursor. Nothing is read before it is needed. */
export function useFilterKeys(query: KeyQuery, place: Place | undefined): FilterKeys {
  const { data } = useQuery({ ...runKeys(query, false), enabled: place !== undefined });
  const wanted = place && keyInNeedOfValues(place.text, place.cursor);
  const of = wanted ? column(wanted.kind, wanted.key) : nothing;
  const values = useQuery({ ...valuesOfColumn(query, of), enabled: wanted !== undefined }).data;
  return useMemo(() => {
    const tags = (data?.tags ?? []).map((k) => k.key);
    return {
      metrics: (data?.metrics ?? []).map((k) => k.key),
      params: (data?.params ?? []).map((k) => k.key),
      tags: [...tags.filter(isUserTag), ...tags.filter((key) => !isUserTag(key))],
      values: values ? { [of.id]: values.map((v) => v.value) } : {},
    };
  }, [data, values, of.id]);
}
