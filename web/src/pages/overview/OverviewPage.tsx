import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { type ComponentType, useCallback, useMemo } from "react";
import { Icon } from "../../components/Icon";
import { EmptyState } from "../../components/Notice";
import { Tab, Tabs } from "../../components/Tabs";
import { useHotkeys, useNow, useViewState } from "../../lib/browser/hooks";
import { useSeen } from "../../lib/browser/useSeen";
import { intervalOf, tracesBetween } from "../../lib/traces/overview";
import { overviewCodec, timeOf } from "../../lib/view/overview";
import { ExperimentGate } from "../runs/ExperimentGate";
import { ExperimentHead } from "../runs/ExperimentHead";
import { Quality } from "./Quality";
import { RangePicker } from "./RangePicker";
import {
  type CardProps,
  Cost,
  Errors,
  Latency,
  Requests,
  SlowSpans,
  TokensIn,
  TokensOut,
  ToolCalls,
  ToolErrors,
  useRequests,
} from "./usageCards";
import "./overview.css";

const tabs = [
  ["usage", "Usage"],
  ["quality", "Quality"],
  ["tool-calls", "Tools and spans"],
] as const;

const cards: Readonly<Record<string, readonly ComponentType<CardProps>[]>> = {
  usage: [Requests, Errors, Latency, Cost, TokensIn, TokensOut],
  "tool-calls": [ToolCalls, ToolErrors, SlowSpans],
};

/** What the traces of an experiment took over time, how many failed, and how they were judged. */
export function OverviewPage() {
  const { experimentID = "", tab = "usage" } = useParams({ strict: false }) as {
    experimentID?: string;
    tab?: string;
  };
  const client = useQueryClient();
  const refresh = () => void client.invalidateQueries({ queryKey: ["traces", "metrics"] });
  useHotkeys({ r: refresh });
  return (
    <ExperimentGate experimentID={experimentID}>
      <div className="page">
        <ExperimentHead experimentID={experimentID} tab="overview">
          <button
            type="button"
            className="icon-button"
            aria-label="Refresh"
            title="Refresh (r)"
            onClick={refresh}
          >
            <Icon name="refresh" />
          </button>
        </ExperimentHead>
        <Charts experimentID={experimentID} tab={tabs.some(([id]) => id === tab) ? tab : "usage"} />
      </div>
    </ExperimentGate>
  );
}

const fiveMinutes = 300_000;

function Charts({ experimentID, tab }: { experimentID: string; tab: string }) {
  const [view, change] = useViewState(overviewCodec);
  const now = useNow();
  const span = timeOf(view, now);
  const spanMS = span.toMS - span.fromMS;
  const intervalMS = intervalOf(view.bucket, spanMS);
  // The end moves on in steps, so that charts are not read anew all the time.
  const step = Math.min(intervalMS, fiveMinutes);
  const { fromMS, toMS } = timeOf(view, Math.ceil(now / step) * step);
  const scope = useMemo(() => ({ experimentID, fromMS, toMS, filters: [] }), [experimentID, fromMS, toMS]);
  const navigate = useNavigate();
  const pick = useCallback(
    (startMS: number) =>
      void navigate({
        to: "/experiments/$experimentID/traces",
        params: { experimentID },
        search: { q: tracesBetween(startMS, intervalMS) } as never,
      }),
    [navigate, experimentID, intervalMS],
  );
  const props: CardProps = { scope, intervalMS, pick };
  return (
    <>
      <div className="overview-bar">
        <Tabs label="Parts of the overview">
          {tabs.map(([id, label]) => (
            <Tab
              key={id}
              link={{
                to: "/experiments/$experimentID/overview/$tab",
                params: { experimentID, tab: id },
                search: overviewCodec.encode(view) as never,
              }}
              current={tab === id}
            >
              {label}
            </Tab>
          ))}
        </Tabs>
        <RangePicker view={view} spanMS={spanMS} nowMS={now} change={(part) => change(part, "replace")} />
      </div>
      {tab === "quality" ? <Quality {...props} /> : <Cards tab={tab} {...props} />}
    </>
  );
}

function Cards({ tab, ...props }: CardProps & { tab: string }) {
  const { experimentID } = props.scope;
  const { chart } = useRequests(props);
  if (chart?.series.length === 0) {
    return (
      <EmptyState title="No traces in this time">
        <p>
          Choose a longer time, or look at{" "}
          <Link to="/experiments/$experimentID/traces" params={{ experimentID }} className="underlined">
            all traces
          </Link>
          , which also says how to send the first one.
        </p>
      </EmptyState>
    );
  }
  return (
    <div className="overview-grid">
      {cards[tab]!.map((Card, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the position identifies a card
        <Seen key={`${tab} ${i}`} Card={Card} {...props} />
      ))}
    </div>
  );
}

/** A card asks for its values when it comes near to the window. */
function Seen({ Card, ...props }: CardProps & { Card: ComponentType<CardProps> }) {
  const [box, seen] = useSeen<HTMLDivElement>();
  return (
    <div ref={box} className="overview-slot">
      {seen && <Card {...props} />}
    </div>
  );
}
