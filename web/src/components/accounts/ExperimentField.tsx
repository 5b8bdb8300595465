import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Experiment } from "../../api/experiments";
import { experimentList } from "../../api/queries";
import { useDebounced } from "../../lib/browser/hooks";
import { NameField } from "./NameField";

interface ExperimentFieldProps {
  label: string;
  /** Called with the experiment that the text names, or undefined. */
  onChange: (experiment: Experiment | undefined) => void;
}

/** A field for the name of an experiment. It offers the names that contain the text. */
export function ExperimentField({ label, onChange }: ExperimentFieldProps) {
  const [text, setText] = useState("");
  const query = useDebounced(text);
  const list = useInfiniteQuery(
    experimentList({ text: query, viewType: "ACTIVE_ONLY", orderBy: "last_update_time DESC" }),
  );
  const experiments = list.data?.pages.flatMap((page) => page.experiments) ?? [];
  const found = experiments.find((e) => e.name === text || e.id === text);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another experiment is news
  useEffect(() => onChange(found), [found?.id]);
  return (
    <>
      <NameField
        label={label}
        value={text}
        names={experiments.map((e) => e.name)}
        placeholder="Name"
        onChange={setText}
      />
      {text !== "" && text === query && !found && list.isSuccess && !list.isFetching && (
        <p className="hint">No experiment has this name.</p>
      )}
    </>
  );
}
