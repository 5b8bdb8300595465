import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useId, useState } from "react";
import {
  createWebhook,
  updateWebhook,
  type Webhook,
  type WebhookSettings,
  webhookSettings,
} from "../../api/webhooks";
import { ActionDialog, Dialog } from "../../components/Dialog";
import { ErrorNotice, Loading } from "../../components/Notice";
import { useToast } from "../../components/Toasts";
import { eventName, nameProblem, urlProblem } from "../../lib/webhooks/events";
import { EventPicker } from "./EventPicker";

interface WebhookDialogProps {
  /** The webhook to change; undefined for a new one. */
  webhook?: Webhook;
  onClose: () => void;
}

/** Makes a webhook, or changes one. */
export function WebhookDialog({ webhook, onClose }: WebhookDialogProps) {
  const settings = useQuery(webhookSettings());
  if (settings.data) return <Form webhook={webhook} settings={settings.data} onClose={onClose} />;
  return (
    <Dialog title={webhook ? "Edit webhook" : "New webhook"} onClose={onClose}>
      {settings.error ? (
        <ErrorNotice
          error={settings.error}
          what="Could not ask what the server accepts"
          retry={() => settings.refetch()}
        />
      ) : (
        <Loading />
      )}
    </Dialog>
  );
}

interface FormProps {
  webhook: Webhook | undefined;
  settings: WebhookSettings;
  onClose: () => void;
}

function Form({ webhook, settings, onClose }: FormProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const toast = useToast();
  const [name, setName] = useState(webhook?.name ?? "");
  const [url, setURL] = useState(webhook?.url ?? "");
  const [description, setDescription] = useState(webhook?.description ?? "");
  const [chosen, setChosen] = useState<ReadonlySet<string>>(() => new Set(webhook?.events.map(eventName)));
  const [secret, setSecret] = useState<string>();
  const of = (events: WebhookSettings["events"]) => events.filter((e) => chosen.has(eventName(e)));
  const problem = nameProblem(name) || urlProblem(url, settings.allowed_schemes);
  // MLflow keeps the events of a webhook when the list is empty.
  const keepsMLflow = webhook && of(settings.events).length === 0 && hasAny(webhook, settings.events);
  const save = async () => {
    const draft = {
      name,
      url,
      description,
      events: of(settings.events),
      millraceEvents: of(settings.millrace_events),
      active: webhook?.active ?? true,
      secret,
    };
    const saved = webhook ? await updateWebhook(webhook.id, draft) : await createWebhook(draft);
    toast(webhook ? `Changed ${saved.name}` : `Created ${saved.name}`);
    await client.invalidateQueries({ queryKey: ["webhooks"] });
    if (!webhook) await navigate({ to: "/settings/webhooks/$webhookID", params: { webhookID: saved.id } });
  };
  return (
    <ActionDialog
      title={webhook ? "Edit webhook" : "New webhook"}
      action={webhook ? "Save" : "Create"}
      wide
      disabled={!name || !url || chosen.size === 0 || problem !== "" || keepsMLflow}
      onClose={onClose}
      run={save}
    >
      <Field label="Name" problem={nameProblem(name)}>
        {(props) => (
          <input
            {...props}
            className="input"
            value={name}
            maxLength={63}
            onChange={(e) => setName(e.target.value)}
          />
        )}
      </Field>
      <Field label="Address" problem={urlProblem(url, settings.allowed_schemes)}>
        {(props) => (
          <input
            {...props}
            className="input"
            value={url}
            maxLength={500}
            inputMode="url"
            placeholder="https://ci.example.org/hooks/mlflow"
            onChange={(e) => setURL(e.target.value.trim())}
          />
        )}
      </Field>
      <Field label="Description">
        {(props) => (
          <input
            {...props}
            className="input"
            value={description}
            maxLength={1000}
            onChange={(e) => setDescription(e.target.value)}
          />
        )}
      </Field>
      <EventPicker
        all={[...settings.millrace_events, ...settings.events]}
        chosen={chosen}
        choose={setChosen}
      />
      {keepsMLflow && (
        <p className="field-error" role="alert">
          A webhook with events of MLflow keeps one of them. Delete the webhook, and make a new one without
          them.
        </p>
      )}
      <SecretField webhook={webhook} possible={settings.secrets} secret={secret} change={setSecret} />
    </ActionDialog>
  );
}

const hasAny = (webhook: Webhook, events: WebhookSettings["events"]) => {
  const known = new Set(events.map(eventName));
  return webhook.events.some((e) => known.has(eventName(e)));
};

interface FieldProps {
  label: string;
  problem?: string;
  children: (props: {
    id: string;
    autoComplete: "off";
    spellCheck: false;
    "aria-invalid": boolean;
  }) => ReactNode;
}

function Field({ label, problem = "", children }: FieldProps) {
  const id = useId();
  return (
    <div className="stacked">
      <label className="field" htmlFor={id}>
        {label}
      </label>
      {children({ id, autoComplete: "off", spellCheck: false, "aria-invalid": problem !== "" })}
      {problem && <p className="field-error">{problem}</p>}
    </div>
  );
}

interface SecretFieldProps {
  webhook: Webhook | undefined;
  /** Whether the server has a key that secrets are encrypted with. */
  possible: boolean;
  secret: string | undefined;
  change: (secret: string | undefined) => void;
}

function SecretField({ webhook, possible, secret, change }: SecretFieldProps) {
  if (!possible) {
    return (
      <p className="hint">
        This server has no key for secrets, so it does not sign what it sends. Its operator sets{" "}
        <code>MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY</code>.
      </p>
    );
  }
  return (
    <>
      <Field label="Secret">
        {(props) => (
          <input
            {...props}
            className="input"
            type="password"
            value={secret ?? ""}
            maxLength={512}
            placeholder={webhook ? "Unchanged" : "None"}
            onChange={(e) => change(e.target.value || undefined)}
          />
        )}
      </Field>
      <p className="hint">
        The receiver checks the header <code>X-MLflow-Signature</code> with it. Nobody can read it again.
      </p>
      {webhook && (
        <label className="check">
          <input
            type="checkbox"
            checked={secret === ""}
            onChange={(e) => change(e.target.checked ? "" : undefined)}
          />
          Send without a signature from now on
        </label>
      )}
    </>
  );
}
