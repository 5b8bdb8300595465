import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { attachmentBytes, attachmentURL } from "../../api/traces";
import { formatBytes } from "../../lib/text/format";
import type { Attachment } from "../../lib/traces/attachment";
import { errorText } from "../Notice";

/** A file of a payload: an image or a sound, or a link to save it. */
export function AttachmentView({ attachment }: { attachment: Attachment }) {
  const { source, kind, contentType } = attachment;
  if ("data" in source) return <img className="attachment-image" src={source.data} alt="In the payload" />;
  const url = attachmentURL(source);
  return (
    <span className="attachment">
      {kind === "image" && <StoredImage attachment={attachment} />}
      {/* biome-ignore lint/a11y/useMediaCaption: payloads have no captions */}
      {kind === "audio" && <audio controls preload="none" src={url} />}
      <a href={url} download={source.id}>
        Save
      </a>{" "}
      <span className="muted">{contentType || "unknown type"}</span>
    </span>
  );
}

/** The server sends the bytes without their type, which is set here to one of those that are allowed. */
function StoredImage({ attachment }: { attachment: Attachment }) {
  const { source, contentType } = attachment;
  const { data, error } = useQuery(attachmentBytes("data" in source ? { traceID: "", id: "" } : source));
  const [url, setURL] = useState<string>();
  useEffect(() => {
    if (!data) return;
    const made = URL.createObjectURL(new Blob([data], { type: contentType }));
    setURL(made);
    return () => URL.revokeObjectURL(made);
  }, [data, contentType]);
  if (error) return <span className="field-error">{errorText(error)}</span>;
  if (!url || !data) return <span className="muted">Loading the image…</span>;
  return <img className="attachment-image" src={url} alt={`Attachment of ${formatBytes(data.byteLength)}`} />;
}
