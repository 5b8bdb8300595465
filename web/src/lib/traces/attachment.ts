// Files that payloads of traces refer to: those that MLflow's client keeps beside a trace, and images inside a text.

export interface Attachment {
  /** Where the bytes are: a path of this server with its query, or a "data:" address. */
  source: { traceID: string; id: string } | { data: string };
  /** One of the types below. */
  contentType: string;
  kind: "image" | "audio" | "file";
}

// Pictures of dots only: a drawing in SVG is a document.
const images = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);
/** Larger images are saved rather than shown. */
const mostBytes = 20_000_000;
const sounds = /^audio\/[\w.+-]+$/;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The file that a text refers to, if it is nothing but such a reference. */
export function attachmentOf(text: string): Attachment | undefined {
  if (text.startsWith("mlflow-attachment://")) return stored(text);
  const [, contentType = ""] = /^data:(image\/[a-z]+);base64,[A-Za-z0-9+/=\s]+$/.exec(text) ?? [];
  return images.has(contentType) ? { source: { data: text }, contentType, kind: "image" } : undefined;
}

function stored(text: string): Attachment | undefined {
  const [, id = "", query = ""] = /^mlflow-attachment:\/\/([^?/]+)\/?\?(.*)$/s.exec(text) ?? [];
  const params = new URLSearchParams(query);
  const traceID = params.get("trace_id") ?? "";
  const contentType = (params.get("content_type") ?? "").toLowerCase();
  if (!uuid.test(id) || !traceID) return undefined;
  const small = Number(params.get("size") ?? 0) <= mostBytes;
  const kind = images.has(contentType) && small ? "image" : sounds.test(contentType) ? "audio" : "file";
  return { source: { traceID, id }, contentType, kind };
}
