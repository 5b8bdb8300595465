import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { experimentDetail } from "../../api/queries";
import { ErrorNotice } from "../../components/Notice";

/** Shows the page only if its experiment can be read: an empty table would hide what is wrong. */
export function ExperimentGate({ experimentID, children }: { experimentID: string; children: ReactNode }) {
  const { data, error, refetch } = useQuery(experimentDetail(experimentID));
  if (!error || data) return children;
  return (
    <div className="page">
      <ErrorNotice error={error} what={`Could not load experiment ${experimentID}`} retry={() => refetch()} />
    </div>
  );
}
