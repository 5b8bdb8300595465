import { type Ref, useCallback, useState } from "react";
import type { ApiError } from "../../api/client";
import type { KeyQuery } from "../../api/runTable";
import { FilterInput, type Place } from "../../components/filter/FilterInput";
import { complete } from "../../lib/runs/filter";
import { useFilterKeys } from "./useFilterKeys";

interface FilterBoxProps {
  filter: string;
  /** The filter that was sent: words have become comparisons in it. */
  sent: string;
  /** The runs whose keys and values are offered. */
  query: KeyQuery;
  fault: ApiError | undefined;
  /** A key to add, when it changes. */
  insertion?: string | undefined;
  apply: (filter: string) => void;
  ref?: Ref<HTMLInputElement>;
}

/** The run filter: MLflow's grammar or words of a name, with completion of what occurs in the runs. */
export function FilterBox({ query, ...props }: FilterBoxProps) {
  const [place, setPlace] = useState<Place>();
  const keys = useFilterKeys(query, place);
  return (
    <FilterInput
      {...props}
      label="Filter runs"
      placeholder="Name, or  metrics.loss < 0.3 AND params.lr = '0.1'  ( / )"
      complete={useCallback((text, cursor) => complete(text, cursor, keys), [keys])}
      onPlace={setPlace}
    />
  );
}
