import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { experimentDetail } from "../../api/queries";
import { deleteTraces, type Trace } from "../../api/traces";
import { CopyButton } from "../../components/Copy";
import { ActionDialog, Dialog } from "../../components/Dialog";
import { Icon } from "../../components/Icon";
import { experimentPath, PageHead } from "../../components/Page";
import { MenuItem, Popover } from "../../components/Popover";
import { StateBadge } from "../../components/traces";
import { RelativeTime } from "../../components/Values";
import { useHotkeys } from "../../lib/browser/hooks";
import { linkedPrompts } from "../../lib/genai/filters";
import { isUserTag } from "../../lib/runs/columns";
import { formatCost, formatTook } from "../../lib/traces/list";
import { CompareWith } from "../compareTraces/CompareWith";
import { AddToDatasetDialog } from "../datasets/AddToDatasetDialog";
import { PromptLinks } from "../prompts/PromptLinks";

interface TraceFactsProps {
  trace: Trace;
  experimentID: string;
}

interface TraceHeadProps extends TraceFactsProps {
  /** The name of the root span, for a trace without a name of its own. */
  rootName: string;
}

/** What a trace is, what it belongs to, and what it took. */
export function TraceHead({ trace, experimentID, rootName }: TraceHeadProps) {
  const { data: experiment } = useQuery(experimentDetail(experimentID));
  const [asking, setAsking] = useState(false);
  const [comparing, setComparing] = useState(false);
  const [adding, setAdding] = useState(false);
  useHotkeys({ c: () => setComparing(true) });
  const client = useQueryClient();
  const navigate = useNavigate();
  const traces = { to: "/experiments/$experimentID/traces", params: { experimentID } } as const;
  return (
    <>
      <PageHead
        path={experimentPath(experimentID, experiment?.name, { label: "Traces", link: traces })}
        title={trace.name || rootName || "Trace"}
      >
        <StateBadge state={trace.state} />
        <code className="muted trace-id truncate">{trace.id}</code>
        <CopyButton text={trace.id} label="Copy trace ID" />
        <Popover kind="menu" label="Trace actions" trigger={<Icon name="more" />} triggerClass="icon-button">
          {(close) => (
            <>
              <MenuItem
                onSelect={() => {
                  close();
                  setComparing(true);
                }}
              >
                <Icon name="columns" size={14} /> Compare with…
              </MenuItem>
              <MenuItem
                onSelect={() => {
                  close();
                  setAdding(true);
                }}
              >
                <Icon name="plus" size={14} /> Add to a dataset…
              </MenuItem>
              <MenuItem
                danger
                onSelect={() => {
                  close();
                  setAsking(true);
                }}
              >
                <Icon name="trash" size={14} /> Delete…
              </MenuItem>
            </>
          )}
        </Popover>
      </PageHead>
      <TraceFacts trace={trace} experimentID={experimentID} />
      {adding && (
        <AddToDatasetDialog
          experimentID={experimentID}
          traces={[trace.id]}
          onClose={() => setAdding(false)}
        />
      )}
      {comparing && (
        <Dialog title="Compare with" wide onClose={() => setComparing(false)}>
          <CompareWith trace={trace} rootName={rootName} />
        </Dialog>
      )}
      {asking && (
        <ActionDialog
          title="Delete this trace?"
          action="Delete"
          danger
          onClose={() => setAsking(false)}
          run={async () => {
            await deleteTraces(experimentID, [trace.id]);
            void navigate(traces);
            await client.resetQueries({ queryKey: ["traces", "list"] });
          }}
        >
          <p>Its spans and assessments are deleted with it. This can't be undone: traces have no trash.</p>
        </ActionDialog>
      )}
    </>
  );
}

function TraceFacts({ trace, experimentID }: TraceFactsProps) {
  const { tokens } = trace;
  const split =
    tokens?.input !== undefined && tokens.output !== undefined
      ? `${tokens.input.toLocaleString("en-US")} in, ${tokens.output.toLocaleString("en-US")} out`
      : undefined;
  const prompts = linkedPrompts(trace.tags);
  const tags = Object.entries(trace.tags).filter(([key]) => isUserTag(key));
  return (
    <dl className="trace-facts">
      <Fact label="Started">
        <RelativeTime timeMS={trace.startMS} />
      </Fact>
      <Fact label="Duration">
        {trace.durationMS === undefined ? (
          "–"
        ) : (
          <span className="number">{formatTook(trace.durationMS)}</span>
        )}
      </Fact>
      {tokens?.total !== undefined && (
        <Fact label="Tokens">
          <span className="number" title={split}>
            {tokens.total.toLocaleString("en-US")}
          </span>
        </Fact>
      )}
      {trace.cost !== undefined && (
        <Fact label="Cost">
          <span className="number">{formatCost(trace.cost)}</span>
        </Fact>
      )}
      {trace.session && (
        <Fact label="Session">
          <Link
            to="/experiments/$experimentID/chat-sessions/$sessionID"
            params={{ experimentID, sessionID: trace.session }}
          >
            {trace.session}
          </Link>
        </Fact>
      )}
      {trace.user && <Fact label="User">{trace.user}</Fact>}
      {trace.runID && (
        <Fact label="Run">
          <Link to="/experiments/$experimentID/runs/$runID" params={{ experimentID, runID: trace.runID }}>
            {trace.runID.slice(0, 8)}
          </Link>
        </Fact>
      )}
      {prompts.length > 0 && (
        <Fact label={prompts.length === 1 ? "Prompt" : "Prompts"}>
          <PromptLinks prompts={prompts} />
        </Fact>
      )}
      {tags.length > 0 && (
        <Fact label="Tags">
          {tags.slice(0, 6).map(([key, value]) => (
            <span key={key} className="chip" title={`${key}: ${value}`}>
              {key}: {value}
            </span>
          ))}
        </Fact>
      )}
    </dl>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
