import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { type Webhook, webhookList } from "../../api/webhooks";
import { Icon } from "../../components/Icon";
import { EmptyState, ErrorNotice, Loading } from "../../components/Notice";
import { PageHead } from "../../components/Page";
import { RelativeTime } from "../../components/Values";
import { useHotkeys, useTitle } from "../../lib/browser/hooks";
import { eventName, eventWords, hostOf } from "../../lib/webhooks/events";
import { WebhookDialog } from "./WebhookDialog";
import "./webhooks.css";

/** The URLs that the server tells what happens. */
export function WebhooksPage() {
  useTitle("Webhooks");
  const query = useQuery(webhookList());
  const [creating, setCreating] = useState(false);
  useHotkeys({ r: () => void query.refetch(), n: () => setCreating(true) });
  const list = query.data;
  return (
    <div className="page webhooks">
      <PageHead
        path={[{ label: "Settings", link: { to: "/settings" } }]}
        title="Webhooks"
        end={
          <button type="button" className="button primary" onClick={() => setCreating(true)}>
            <Icon name="plus" size={14} /> New webhook
          </button>
        }
      />
      {query.error && (
        <ErrorNotice error={query.error} what="Could not load the webhooks" retry={() => query.refetch()} />
      )}
      {query.isPending && <Loading what="Loading the webhooks" />}
      {list && list.length === 0 && (
        <EmptyState title="No webhooks yet">
          <p>
            A webhook is a URL that the server sends a request to when something happens: a run fails, a
            version is created, an alias moves.
          </p>
        </EmptyState>
      )}
      {list && list.length > 0 && <WebhookTable list={list} />}
      {creating && <WebhookDialog onClose={() => setCreating(false)} />}
    </div>
  );
}

function WebhookTable({ list }: { list: readonly Webhook[] }) {
  return (
    <div className="card table-scroll">
      <table className="table webhook-list" aria-label="Webhooks">
        <thead>
          <tr>
            <th>Name</th>
            <th>Sends to</th>
            <th>Events</th>
            <th>State</th>
            <th>Changed</th>
          </tr>
        </thead>
        <tbody>
          {list.map((w) => (
            <tr key={w.id}>
              <th scope="row" className="wrap">
                <Link to="/settings/webhooks/$webhookID" params={{ webhookID: w.id }}>
                  {w.name}
                </Link>
                {w.description && <div className="muted webhook-note">{w.description}</div>}
              </th>
              <td>{hostOf(w.url)}</td>
              <td className="wrap">
                <Events webhook={w} />
              </td>
              <td>{w.active ? "Active" : <span className="muted">Paused</span>}</td>
              <td>
                <RelativeTime timeMS={w.changedMS} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const eventsAtFirst = 2;

function Events({ webhook: { events } }: { webhook: Webhook }) {
  const more = events.length - eventsAtFirst;
  return (
    <>
      {events.slice(0, eventsAtFirst).map((event) => (
        <div key={eventName(event)}>
          <code title={eventWords(event)}>{eventName(event)}</code>
        </div>
      ))}
      {more > 0 && (
        <span className="muted" title={events.slice(eventsAtFirst).map(eventName).join("\n")}>
          and {more} more
        </span>
      )}
    </>
  );
}
