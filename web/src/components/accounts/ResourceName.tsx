import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { experimentDetail } from "../../api/queries";
import { type Grant, several } from "../../lib/accounts/grants";

/** The resource of a grant, as a link to its page. */
export function ResourceName({ grant: { type, id } }: { grant: Grant }) {
  const more = several({ type, id });
  if (more !== undefined) return <>{more}</>;
  if (type === "experiment") return <ExperimentName id={id} />;
  if (type === "registered_model" || type === "prompt") {
    return (
      <Link to="/models/$modelName" params={{ modelName: id }}>
        {id}
      </Link>
    );
  }
  return <>{id}</>;
}

export function ExperimentName({ id }: { id: string }) {
  // A grant can be on an experiment that does not exist any more.
  const { data } = useQuery({ ...experimentDetail(id), retry: false, staleTime: 60_000 });
  return (
    <Link to="/experiments/$experimentID" params={{ experimentID: id }}>
      {data?.name ?? `Experiment ${id}`}
    </Link>
  );
}
