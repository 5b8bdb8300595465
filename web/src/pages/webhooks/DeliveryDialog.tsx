import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { deliveryDetail, redeliver } from "../../api/webhooks";
import { CopyButton } from "../../components/Copy";
import { Dialog } from "../../components/Dialog";
import { JSONTree } from "../../components/json/JSONTree";
import { ErrorNotice, errorText, Loading } from "../../components/Notice";
import { useToast } from "../../components/Toasts";
import { eventName, stateLabels } from "../../lib/webhooks/events";

interface DeliveryDialogProps {
  webhookID: string;
  id: string;
  onClose: () => void;
}

/** What a delivery sends, and what became of it. */
export function DeliveryDialog({ webhookID, id, onClose }: DeliveryDialogProps) {
  const query = useQuery(deliveryDetail(webhookID, id));
  const d = query.data;
  return (
    <Dialog title={d ? eventName(d.event) : "Delivery"} onClose={onClose} wide>
      {query.error && (
        <ErrorNotice error={query.error} what="Could not load the delivery" retry={() => query.refetch()} />
      )}
      {query.isPending && <Loading />}
      {d && (
        <>
          <p>
            {stateLabels[d.state]}
            {d.status !== undefined && `, the receiver answered ${d.status}`}. <code>{d.id}</code>
            <CopyButton text={d.id} label="Copy the id of the delivery" />
          </p>
          {d.error && <p className="field-error">{d.error}</p>}
          <JSONTree value={d.body} label="the body" />
        </>
      )}
      <div className="dialog-actions">
        {d && <Again webhookID={webhookID} id={id} onClose={onClose} />}
        <button type="button" className="button primary" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

function Again({ webhookID, id, onClose }: DeliveryDialogProps) {
  const client = useQueryClient();
  const toast = useToast();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState("");
  const send = async () => {
    setBusy(true);
    try {
      await redeliver(webhookID, id);
      toast("The delivery is sent again");
      await client.invalidateQueries({ queryKey: ["webhooks"] });
      onClose();
    } catch (error) {
      setFailure(errorText(error));
      setBusy(false);
    }
  };
  return (
    <>
      {failure && (
        <span className="field-error" role="alert">
          {failure}
        </span>
      )}
      <button type="button" className="button" disabled={busy} onClick={send}>
        Send again
      </button>
    </>
  );
}
