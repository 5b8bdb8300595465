import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { trackingURI } from "../../api/client";
import { experimentDetail } from "../../api/queries";
import { Choice } from "../../components/Choice";
import { Snippet } from "../../components/Copy";
import { EmptyState } from "../../components/Notice";
import { useUser } from "../../components/session/useSession";
import { firstTrace, type Tracer, tracers } from "../../lib/traces/snippets";

/** How to send the first trace to this very server. */
export function NoTraces({ experimentID }: { experimentID: string }) {
  const { data: experiment } = useQuery(experimentDetail(experimentID));
  const [tracer, setTracer] = useState<Tracer>("Python");
  const user = useUser();
  return (
    <EmptyState title="No traces yet">
      <p>
        A trace shows what one request to an agent did: each call of a model or a tool with its inputs,
        outputs, duration and tokens. It appears here by itself.
      </p>
      <div className="tracer-choice">
        <Choice
          label="Kind of program"
          options={tracers.map((t) => [t, t] as const)}
          value={tracer}
          choose={setTracer}
        />
      </div>
      {user && (
        <p>
          Programs log in with an access token of <Link to="/account">your account</Link>.
        </p>
      )}
      <Snippet
        code={firstTrace[tracer]({
          server: trackingURI(),
          experiment: experiment?.name ?? "",
          experimentID,
          users: user !== undefined,
        })}
        label={`${tracer} example`}
      />
    </EmptyState>
  );
}

/** What makes a trace one of a run. */
export function NoTracesOfRun() {
  return (
    <EmptyState title="No traces in this run">
      <p>Traces that begin while the run is active belong to it:</p>
      <Snippet
        code={"with mlflow.start_run():\n    answer(question)  # decorated with @mlflow.trace"}
        label="trace in a run example"
      />
    </EmptyState>
  );
}

export function NoMatch({ filter, clear }: { filter: string; clear: () => void }) {
  return (
    <EmptyState title="No trace matches">
      {filter && (
        <p>
          <code>{filter}</code>
        </p>
      )}
      <p>
        A comparison never matches traces that lack the key, and all conditions on <code>span.</code> must
        hold for one span.
      </p>
      <button type="button" className="button" onClick={clear}>
        Clear the filter
      </button>
    </EmptyState>
  );
}
