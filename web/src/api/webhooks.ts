// Webhooks, and the log of what was sent to them.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { DeliveryState, HookEvent } from "../lib/webhooks/events";
import { get, millrace, patch, post, remove } from "./client";

const deliveriesPerPage = 100;
const webhooksAtMost = 1000;

export interface Webhook {
  id: string;
  name: string;
  description: string;
  url: string;
  /** MLflow's events first. */
  events: HookEvent[];
  active: boolean;
  createdMS: number;
  changedMS: number;
}

interface WireWebhook {
  webhook_id: string;
  name: string;
  description?: string;
  url: string;
  events?: HookEvent[];
  millrace_events?: HookEvent[];
  status: "ACTIVE" | "DISABLED";
  creation_timestamp: number;
  last_updated_timestamp: number;
}

const toWebhook = (w: WireWebhook): Webhook => ({
  id: w.webhook_id,
  name: w.name,
  description: w.description ?? "",
  url: w.url,
  events: [...(w.events ?? []), ...(w.millrace_events ?? [])],
  active: w.status === "ACTIVE",
  createdMS: w.creation_timestamp,
  changedMS: w.last_updated_timestamp,
});

/** What a webhook is made of. An undefined secret stays as it is, and an empty one is removed. */
export interface WebhookDraft {
  name: string;
  description: string;
  url: string;
  events: readonly HookEvent[];
  millraceEvents: readonly HookEvent[];
  active: boolean;
  secret: string | undefined;
}

const toWire = (d: WebhookDraft) => ({
  name: d.name,
  description: d.description,
  url: d.url,
  events: d.events,
  millrace_events: d.millraceEvents,
  status: d.active ? "ACTIVE" : "DISABLED",
  ...(d.secret !== undefined && { secret: d.secret }),
});

export const createWebhook = async (draft: WebhookDraft): Promise<Webhook> =>
  toWebhook((await post<{ webhook: WireWebhook }>("webhooks", toWire(draft))).webhook);

export const updateWebhook = async (id: string, draft: WebhookDraft): Promise<Webhook> =>
  toWebhook(
    (await patch<{ webhook: WireWebhook }>(`webhooks/${encodeURIComponent(id)}`, toWire(draft))).webhook,
  );

export const setActive = (id: string, active: boolean): Promise<unknown> =>
  patch(`webhooks/${encodeURIComponent(id)}`, { status: active ? "ACTIVE" : "DISABLED" });

export const deleteWebhook = (id: string): Promise<unknown> =>
  remove(`webhooks/${encodeURIComponent(id)}`, {});

export interface TestResult {
  success: boolean;
  response_status?: number;
  response_body?: string;
  error_message?: string;
}

/** Sends an example of an event once. */
export const testWebhook = async (id: string, event: HookEvent): Promise<TestResult> =>
  (await post<{ result: TestResult }>(`webhooks/${encodeURIComponent(id)}/test`, { event })).result;

export const webhookList = () =>
  queryOptions({
    queryKey: ["webhooks", "list"],
    queryFn: async ({ signal }) => {
      const answer = await millrace.get<{ webhooks?: WireWebhook[] }>(
        "webhooks",
        { max_results: webhooksAtMost },
        signal,
      );
      return (answer.webhooks ?? []).map(toWebhook);
    },
  });

export const webhookDetail = (id: string) =>
  queryOptions({
    queryKey: ["webhooks", "detail", id],
    queryFn: async ({ signal }) =>
      toWebhook(
        (await get<{ webhook: WireWebhook }>(`webhooks/${encodeURIComponent(id)}`, undefined, signal))
          .webhook,
      ),
  });

export interface WebhookSettings {
  allowed_schemes: string[];
  secrets: boolean;
  events: HookEvent[];
  millrace_events: HookEvent[];
}

export const webhookSettings = () =>
  queryOptions({
    queryKey: ["webhooks", "settings"],
    queryFn: ({ signal }) => millrace.get<WebhookSettings>("webhooks/settings", undefined, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });

export interface Delivery {
  id: string;
  event: HookEvent;
  state: DeliveryState;
  createdMS: number;
  attempts: number;
  nextMS: number | undefined;
  lastMS: number | undefined;
  durationMS: number;
  status: number | undefined;
  error: string;
  body: unknown;
}

interface WireDelivery extends HookEvent {
  delivery_id: string;
  state: DeliveryState;
  creation_timestamp: number;
  attempts: number;
  next_attempt_timestamp?: number;
  last_attempt_timestamp?: number;
  duration_ms?: number;
  response_status?: number;
  error_message?: string;
  body?: unknown;
}

const toDelivery = (d: WireDelivery): Delivery => ({
  id: d.delivery_id,
  event: { entity: d.entity, action: d.action },
  state: d.state,
  createdMS: d.creation_timestamp,
  attempts: d.attempts,
  nextMS: d.next_attempt_timestamp || undefined,
  lastMS: d.last_attempt_timestamp || undefined,
  durationMS: d.duration_ms ?? 0,
  status: d.response_status || undefined,
  error: d.error_message ?? "",
  body: d.body,
});

const pathOf = (id: string, delivery?: string) =>
  `webhooks/${encodeURIComponent(id)}/deliveries${delivery === undefined ? "" : `/${encodeURIComponent(delivery)}`}`;

/** The log of a webhook, newest first. */
export const deliveryLog = (id: string, state: DeliveryState | undefined, refetchMS: number | false) =>
  infiniteQueryOptions({
    queryKey: ["webhooks", "deliveries", id, state],
    queryFn: async ({ pageParam, signal }) => {
      const answer = await millrace.get<{ deliveries?: WireDelivery[]; next_page_token?: string }>(
        pathOf(id),
        { state, max_results: deliveriesPerPage, page_token: pageParam },
        signal,
      );
      return { deliveries: (answer.deliveries ?? []).map(toDelivery), next: answer.next_page_token };
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
    refetchInterval: refetchMS,
  });

export const deliveryDetail = (id: string, delivery: string) =>
  queryOptions({
    queryKey: ["webhooks", "delivery", id, delivery],
    queryFn: async ({ signal }) =>
      toDelivery(
        (await millrace.get<{ delivery: WireDelivery }>(pathOf(id, delivery), undefined, signal)).delivery,
      ),
  });

export const redeliver = (id: string, delivery: string): Promise<unknown> =>
  millrace.post(`${pathOf(id, delivery)}/redeliver`, {});
