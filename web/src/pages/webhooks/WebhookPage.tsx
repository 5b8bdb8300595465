import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import {
  deleteWebhook,
  setActive,
  type TestResult,
  testWebhook,
  type Webhook,
  webhookDetail,
} from "../../api/webhooks";
import { CopyButton } from "../../components/Copy";
import { ActionDialog } from "../../components/Dialog";
import { errorText } from "../../components/Notice";
import { PageHead, QueryPage } from "../../components/Page";
import { useToast } from "../../components/Toasts";
import { RelativeTime } from "../../components/Values";
import { useTitle } from "../../lib/browser/hooks";
import { eventName, eventWords, type HookEvent } from "../../lib/webhooks/events";
import { Deliveries } from "./Deliveries";
import { WebhookDialog } from "./WebhookDialog";
import "./webhooks.css";

/** A webhook, and the log of what was sent to it. */
export function WebhookPage() {
  const { webhookID } = useParams({ strict: false }) as { webhookID: string };
  const query = useQuery(webhookDetail(webhookID));
  useTitle(query.data ? `${query.data.name} · Webhooks` : "Webhook");
  return (
    <QueryPage query={query} what="the webhook">
      {(webhook) => (
        <div className="page webhooks">
          <Head webhook={webhook} />
          <Facts webhook={webhook} />
          <Deliveries webhookID={webhook.id} />
        </div>
      )}
    </QueryPage>
  );
}

function Head({ webhook }: { webhook: Webhook }) {
  const client = useQueryClient();
  const toast = useToast();
  const [open, setOpen] = useState<"edit" | "delete">();
  const [busy, setBusy] = useState(false);
  const close = () => setOpen(undefined);
  const toggle = async () => {
    setBusy(true);
    try {
      await setActive(webhook.id, !webhook.active);
      await client.invalidateQueries({ queryKey: ["webhooks"] });
      toast(webhook.active ? `Paused ${webhook.name}` : `Resumed ${webhook.name}`);
    } catch (error) {
      toast(errorText(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <PageHead
        path={[
          { label: "Settings", link: { to: "/settings" } },
          { label: "Webhooks", link: { to: "/settings/webhooks" } },
        ]}
        title={webhook.name}
        end={
          <>
            <button type="button" className="button" disabled={busy} onClick={toggle}>
              {webhook.active ? "Pause" : "Resume"}
            </button>
            <button type="button" className="button" onClick={() => setOpen("edit")}>
              Edit…
            </button>
            <button type="button" className="button danger" onClick={() => setOpen("delete")}>
              Delete…
            </button>
          </>
        }
      >
        <span className="badge">{webhook.active ? "Active" : "Paused"}</span>
      </PageHead>
      {open === "edit" && <WebhookDialog webhook={webhook} onClose={close} />}
      {open === "delete" && <DeleteDialog webhook={webhook} onClose={close} />}
    </>
  );
}

function DeleteDialog({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const toast = useToast();
  return (
    <ActionDialog
      title={`Delete ${webhook.name}?`}
      action="Delete"
      danger
      onClose={onClose}
      run={async () => {
        await deleteWebhook(webhook.id);
        toast(`Deleted ${webhook.name}`);
        await navigate({ to: "/settings/webhooks" });
        await client.invalidateQueries({ queryKey: ["webhooks", "list"] });
      }}
    >
      <p>Events that wait to be sent to it are given up. It cannot be restored.</p>
    </ActionDialog>
  );
}

function Facts({ webhook }: { webhook: Webhook }) {
  return (
    <section className="card" aria-label="Webhook">
      <div className="card-body">
        <dl className="webhook-facts">
          <div>
            <dt>Sends to</dt>
            <dd>
              <code>{webhook.url}</code>
              <CopyButton text={webhook.url} label="Copy the address" />
            </dd>
          </div>
          {webhook.description && (
            <div>
              <dt>Description</dt>
              <dd>{webhook.description}</dd>
            </div>
          )}
          <div>
            <dt>Changed</dt>
            <dd>
              <RelativeTime timeMS={webhook.changedMS} />
            </dd>
          </div>
          <div>
            <dt>Events</dt>
            <dd>
              <Tests webhook={webhook} />
            </dd>
          </div>
        </dl>
      </div>
    </section>
  );
}

interface Tested {
  event: HookEvent;
  result: TestResult;
}

/** The events, each with a button that sends an example. */
function Tests({ webhook }: { webhook: Webhook }) {
  const [busy, setBusy] = useState("");
  const [tested, setTested] = useState<Tested>();
  const test = async (event: HookEvent) => {
    setBusy(eventName(event));
    setTested(undefined);
    try {
      setTested({ event, result: await testWebhook(webhook.id, event) });
    } catch (error) {
      setTested({ event, result: { success: false, error_message: errorText(error) } });
    } finally {
      setBusy("");
    }
  };
  return (
    <>
      <ul className="webhook-events">
        {webhook.events.map((event) => (
          <li key={eventName(event)}>
            <span>
              {eventWords(event)} <code className="muted">{eventName(event)}</code>
            </span>
            <button
              type="button"
              className="link-button"
              disabled={busy !== ""}
              aria-label={`Send an example of ${eventName(event)}`}
              onClick={() => test(event)}
            >
              {busy === eventName(event) ? "Sending…" : "Send an example"}
            </button>
          </li>
        ))}
      </ul>
      <div role="status">{tested && <TestNotice tested={tested} />}</div>
    </>
  );
}

function TestNotice({ tested: { event, result } }: { tested: Tested }) {
  return (
    <div className={result.success ? "notice" : "notice error"}>
      <div>
        <strong>
          {result.response_status !== undefined
            ? `The receiver answered ${result.response_status}`
            : "The example was not delivered"}
        </strong>{" "}
        <code className="muted">{eventName(event)}</code>
        {result.error_message && <p>{result.error_message}</p>}
        {result.response_body && <pre className="webhook-answer">{result.response_body}</pre>}
      </div>
    </div>
  );
}
