import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { type Delivery, deliveryLog } from "../../api/webhooks";
import { Choice } from "../../components/Choice";
import { LiveControl } from "../../components/LiveControl";
import { MoreButton } from "../../components/MoreButton";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { RelativeTime } from "../../components/Values";
import { useHotkeys, useNow, useViewState } from "../../lib/browser/hooks";
import { usePreferences } from "../../lib/browser/preferences";
import { formatDuration } from "../../lib/text/format";
import { deliveriesCodec } from "../../lib/view/webhooks";
import { type DeliveryState, eventName, stateLabels } from "../../lib/webhooks/events";
import { DeliveryDialog } from "./DeliveryDialog";

const choices = [
  ["ALL", "All"],
  ["PENDING", stateLabels.PENDING],
  ["DELIVERED", stateLabels.DELIVERED],
  ["FAILED", stateLabels.FAILED],
] as const;

/** The log of a webhook. It refreshes itself. */
export function Deliveries({ webhookID }: { webhookID: string }) {
  const [{ state }, change] = useViewState(deliveriesCodec);
  const [live, setLive] = useState(true);
  const { refreshS } = usePreferences();
  const log = useInfiniteQuery(deliveryLog(webhookID, state, live && refreshS * 1000));
  const list = useMemo(() => log.data?.pages.flatMap((page) => page.deliveries) ?? [], [log.data]);
  const [open, setOpen] = useState<string>();
  useHotkeys({ r: () => void log.refetch() });
  return (
    <section aria-label="Deliveries">
      <div className="toolbar webhook-log-head">
        <h2>Deliveries</h2>
        <Choice
          label="State of deliveries"
          options={choices}
          value={state ?? "ALL"}
          choose={(value) => change({ state: value === "ALL" ? undefined : (value as DeliveryState) })}
        />
        <span className="spacer" />
        <LiveControl
          live={live}
          updatedMS={log.dataUpdatedAt}
          busy={log.isFetching}
          setLive={setLive}
          refresh={() => void log.refetch()}
        />
      </div>
      {log.error && (
        <ErrorNotice error={log.error} what="Could not load the deliveries" retry={() => log.refetch()} />
      )}
      {log.isPending && <Loading what="Loading the deliveries" />}
      {log.data && list.length === 0 && (
        <EmptyState title={state ? "No deliveries in this state" : "Nothing was sent yet"}>
          <p>The server keeps deliveries for two weeks unless it is told otherwise.</p>
        </EmptyState>
      )}
      {list.length > 0 && <DeliveryTable list={list} open={setOpen} />}
      <MoreButton pages={log} label="Load older deliveries" />
      {open && <DeliveryDialog webhookID={webhookID} id={open} onClose={() => setOpen(undefined)} />}
    </section>
  );
}

function DeliveryTable({ list, open }: { list: readonly Delivery[]; open: (id: string) => void }) {
  return (
    <div className="card table-scroll">
      <table className="table webhook-log" aria-label="Deliveries">
        <thead>
          <tr>
            <th>Time</th>
            <th>Event</th>
            <th>State</th>
            <th className="numeric">Attempts</th>
            <th className="numeric">Duration</th>
            <th>Answer</th>
          </tr>
        </thead>
        <tbody>
          {list.map((d) => (
            <tr key={d.id}>
              <td>
                <RelativeTime timeMS={d.createdMS} />
              </td>
              <th scope="row">
                <button type="button" className="link-button" onClick={() => open(d.id)}>
                  <code>{eventName(d.event)}</code>
                </button>
              </th>
              <td>
                <State delivery={d} />
              </td>
              <td className="numeric">{d.attempts}</td>
              <td className="numeric">{d.lastMS === undefined ? "–" : formatDuration(d.durationMS)}</td>
              <td className="wrap">{d.error || d.status || <span className="muted">–</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const stateClasses: Record<DeliveryState, string> = {
  DELIVERED: "status finished",
  PENDING: "status running",
  FAILED: "status failed",
};

function State({ delivery: { state, attempts, nextMS } }: { delivery: Delivery }) {
  const now = useNow();
  const again = state === "PENDING" && attempts > 0 && nextMS !== undefined && nextMS > now;
  return (
    <span className={stateClasses[state]}>
      {stateLabels[state]}
      {again && ` ${formatDuration(nextMS - now)}`}
    </span>
  );
}
